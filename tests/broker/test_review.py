"""What an analyst asks on the command line, on a real broker with a real worker."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.cli import main
from monitor.kafka.client import open_producer, read_topic, send, send_value
from monitor.messages import DeadLetter, Label, Status
from monitor.settings import CONFIG_DIR
from monitor.topics import ARTICLES, DEAD_LETTERS, MENTIONS, partition_of
from tests.broker.desk import BAD, STORY, Ask, Desk, told, until
from tests.samples import article


def claim(ask: Ask) -> dict[str, Any]:
    """Wait for the last mention's alert, and return that of the story."""
    until(lambda: ask("alerts", "--place", "IE"))
    (story,) = until(lambda: ask("alerts", "--place", "is", "--status", "happened"))
    return story


def test_alerts_filter_as_watches_do_and_show_each_story_once(ask: Ask) -> None:
    """Label, place, actor, status and severity narrow; what a story was does not come again."""
    story = claim(ask)

    assert [a["id"] for a in ask("alerts", "--label", "deployment")] == [story["id"]]
    assert ask("alerts", "--label", "deployment", "--status", "planned") == []
    assert [a["label"] for a in ask("alerts", "--actor", "CA", "--actor", "US")] == ["drill"]
    assert [a["id"] for a in ask("alerts", "--severity", "high")] == [story["id"]]
    assert [a["id"] for a in ask("alerts", "--watch", "urgent")] == [story["id"]]
    assert ask("alerts", "--outlet", "Nobody") == []
    revisions = ask("alerts", "--label", "deployment", "--from-beginning")
    assert [a["revision"] for a in revisions] == list(range(1, story["revision"] + 1))
    assert ask("alerts", "--since", "1m") == []


def test_a_story_is_shown_whole_with_its_denial(ask: Ask) -> None:
    """Every report with outlet and link, every revision with its reason, the denial; by prefix."""
    story = claim(ask)

    (thread,) = ask("story", story["id"][:6])

    assert [r["sentence"] for r in thread["reports"]] == [
        m.evidence.sentence for m in STORY if m.label == Label.DEPLOYMENT
    ]
    assert [r["url"] for r in thread["reports"]] == [STORY[n].url for n in (0, 1, 3)]
    reasons = [a["reason"] for a in thread["revisions"]]
    assert reasons[0] == "new"
    assert {"new_outlet", "denied", "new_status"} <= set(reasons)
    (denial,) = thread["linked"]
    assert denial["label"] == "denial"
    assert denial["id"] in thread["story"]["denied_by"]


def test_a_story_is_told_to_a_reader_in_order(
    desk: Desk, ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first report stands before the first revision, the arrival after the denial."""
    story = claim(ask)

    assert main(["story", story["id"], "--data-dir", str(desk.data_dir)]) == 0

    text = capsys.readouterr().out.partition("\n\n")[2]
    steps = [
        STORY[0].evidence.sentence,
        "revision 1: new",
        f"{STORY[2].seen_at:%Y-%m-%d %H:%M:%S}Z  revision 3: denied",
        STORY[3].evidence.sentence,
        "new status",
    ]
    places = [text.index(step) for step in steps]
    assert places == sorted(places)
    assert "denied by" in text


def test_an_unchanged_policy_changes_nothing(ask: Ask) -> None:
    """The replay tells exactly what the worker told, revision by revision."""
    claim(ask)

    assert ask("watch", "test") == []
    same = ask("watch", "test", "--all")
    assert [change["change"] for change in same] == ["same"] * 3
    assert [change["before"] for change in same] == [change["after"] for change in same]


def test_a_changed_policy_shows_what_comes_and_goes(ask: Ask, tmp_path: Path) -> None:
    """A new watch adds what it fits, a narrower one loses, a rule of severity changes."""
    claim(ask)
    policy = tmp_path / "alerts.toml"
    usual = (CONFIG_DIR / "alerts.toml").read_text("utf-8")
    policy.write_text(
        usual.replace('severity = "high"     # at least', 'label = "drill"')
        + '\n[[watches]]\nname = "islands"\nplace = ["IE", "IS"]\n',
        "utf-8",
    )

    islands = ask("watch", "test", "islands", "--policy", str(policy))
    urgent = ask("watch", "test", "urgent", "--policy", str(policy))
    policy.write_text(usual.replace('level = "medium"', 'level = "high"'), "utf-8")
    louder = ask("watch", "test", "--policy", str(policy), "--since", "24h")

    assert {change["change"] for change in islands} == {"added"}
    assert {change["after"]["label"] for change in islands} == {"deployment", "drill", "denial"}
    assert [(c["change"], (c["after"] or c["before"])["label"]) for c in urgent] == [
        ("added", "drill"),
        ("removed", "deployment"),
    ]
    (drill,) = [c for c in louder if (c["after"] or c["before"])["label"] == "drill"]
    assert drill["change"] == "changed"
    assert drill["fields"]["severity"] == {"before": "medium", "after": "high"}
    assert drill["fields"]["watches"] == {"before": [], "after": ["urgent"]}


def test_a_mention_that_cannot_be_read_is_a_dead_letter(ask: Ask) -> None:
    """Topic, partition, offset, reason and the bytes are kept; it stays where it is by itself."""
    (letter,) = until(lambda: ask("dead-letters", "list", "--topic", "mentions"))

    assert (letter["topic"], letter["partition"], letter["offset"]) == ("newsmon.mentions", 4, 0)
    assert letter["reason"].startswith("not a valid Mention: article_id:")
    assert DeadLetter.model_validate(letter).size == len(BAD)
    (left,) = ask("dead-letters", "replay", "--topic", "mentions")
    assert left["action"] == "left"
    assert left["why"].startswith("still not a valid Mention")


def test_a_letter_goes_back_once_and_is_read(desk: Desk, ask: Ask) -> None:
    """What can be read now is sent to its topic, byte by byte, and not again the next time."""
    read = article(
        id="again", url="https://gazette.example/again", title="Denmark plans a drill in Latvia",
        text="Denmark will hold a military exercise in Latvia.", fetched_at=datetime.now(UTC),
    )  # fmt: skip

    async def bury() -> None:
        async with open_producer(desk.bootstrap) as producer:
            record = await send_value(producer, ARTICLES, "again", read.encode(), partition=2)
            letter = DeadLetter(
                topic=ARTICLES.name, partition=record[0], offset=record[1], size=900_000,
                reason="detector failed: for the test", raw="", seen_at=read.fetched_at,
            )  # fmt: skip
            await send(producer, DEAD_LETTERS, letter)

    async def articles() -> list[Any]:
        return [
            r async for r in read_topic(desk.bootstrap, ARTICLES, from_beginning=True, follow=False)
        ]

    asyncio.run(bury())

    words = ("dead-letters", "replay", "--reason", "DETECTOR failed")
    (dry,) = ask(*words, "--dry-run")
    (done,) = ask(*words)
    again = ask(*words)

    sent = asyncio.run(articles())
    assert (dry["action"], done["action"], again) == ("would_send", "sent", [])
    assert [r.value for r in sent] == [read.encode()] * 2
    assert done["replayed_as"] == f"{ARTICLES.name}/2/{sent[-1].offset}"
    assert sent[-1].headers["newsmon-replay-of"] == done["letter"].encode()
    assert ask("dead-letters", "list", "--reason", "detector failed") == []
    (listed,) = ask("dead-letters", "list", "--reason", "detector failed", "--all")
    assert listed["replayed_as"] == done["replayed_as"]
    until(lambda: ask("alerts", "--place", "LV"))


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["story", "fffffff"], 2, "no id of a kept alert"),
        (["watch", "test", "urgnt"], 2, "no watch 'urgnt', expected one of urgent, did you mean"),
        (["alerts", "--watch", "urgnt"], 2, "did you mean 'urgent'?"),
        (["alerts", "--place", "Blck Sea"], 2, "did you mean 'Black Sea'?"),
        (["dead-letters", "list", "--topic", "mention"], 2, "did you mean 'mentions'?"),
        (["watch", "test", "--policy", "/no/such/file"], 2, "/no/such/file"),
    ],
)
def test_wrong_words_are_named_with_the_nearest_known(
    desk: Desk,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    why: str,
) -> None:
    """One line on stderr that says what was expected; nothing on stdout."""
    assert main([*words, "--data-dir", str(desk.data_dir)]) == code

    out, err = capsys.readouterr()
    assert out == ""
    assert why in err
    assert len(err.splitlines()) == 1


def test_following_goes_on_from_what_stands_to_what_comes(desk: Desk, ask: Ask) -> None:
    """Each kept story once, then the next revision as it is told; Ctrl-C ends it with exit 0."""
    story = claim(ask)
    words = ["alerts", "--place", "IS", "--follow", "--json", "--data-dir", str(desk.data_dir)]
    process = subprocess.Popen(
        [sys.executable, "-m", "monitor.cli", *words], stdout=subprocess.PIPE, text=True
    )
    next_one = told(40, "Herald", "All Norwegian soldiers have left Iceland.", status=Status.ENDED)

    async def publish() -> None:
        async with open_producer(desk.bootstrap) as producer:
            at, partition = next_one.seen_at, partition_of(next_one.place)
            await send(producer, MENTIONS, next_one, partition=partition, timestamp=at)

    try:
        assert process.stdout
        kept = [json.loads(process.stdout.readline()) for _ in range(2)]
        asyncio.run(publish())
        news = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        code = process.wait(20)
    finally:
        process.kill()

    assert [alert["label"] for alert in kept] == ["denial", "deployment"]
    assert (kept[1]["id"], kept[1]["revision"]) == (story["id"], story["revision"])
    assert (news["revision"], news["status"]) == (story["revision"] + 1, "ended")
    assert code == 0


def test_an_article_is_followed_to_its_alerts(
    desk: Desk, ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its id, the id's beginning or its URL; nothing of other articles is shown."""
    first = STORY[0]
    until(lambda: [s for s in ask("trace", first.url) if s["place"].startswith("newsmon.alerts")])
    for wanted in (first.article_id, first.article_id[:12], first.url):
        steps = ask("trace", wanted)
        topics = [step["place"].split("/")[0] for step in steps]
        assert topics[0] == "newsmon.mentions"
        assert steps[0]["id"] == first.id
        assert "newsmon.alerts" in topics
        assert topics.count("newsmon.mentions") == 1
    assert main(["trace", "ffffffffffff", "--data-dir", str(desk.data_dir)]) == 1
    assert "ffffffffffff: no article" in capsys.readouterr().err
