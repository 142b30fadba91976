"""Everything through TLS, SASL and ACLs, each role as a user with the rights of the docs alone."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from monitor.acls import command, rights
from monitor.errors import BrokerError, ConfigError
from monitor.kafka.admin import describe_topics
from monitor.kafka.client import read_topic
from monitor.kafka.connect import check_access, cluster_id_of
from monitor.kafka.gauge import open_gauge
from monitor.kafka.security import Cluster, read_access
from monitor.settings import KafkaSettings
from monitor.slack.peer import SlackPeer
from monitor.topics import ALERTS, ARTICLES, DEAD_LETTERS, MENTIONS, TOPICS, WORKERS
from tests.broker.conftest import broker_settings
from tests.broker.secured import KEY_PASSWORD, Secured, secured_broker
from tests.broker.served import served

TOKEN = "xoxb-test"
STORY = (
    "Norway sends soldiers to Iceland",
    "Norway sent 120 soldiers to Iceland on Monday to guard a volcano.",
)


@pytest.fixture(scope="module")
def secured(kafka_ready: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """Return the broker, with the rights that `newsmon topics acls` prints, and the topics."""
    with secured_broker(broker_settings(tmp_path_factory.mktemp("secured"))) as broker:
        printed = broker.run("admin", "topics", "acls", "--principal-prefix", "User:")
        asyncio.run(broker.grant(printed.stdout.splitlines()))
        applied = broker.run("operator", "topics", "apply")
        assert applied.returncode == 0, applied.stderr
        yield broker


async def test_an_article_reaches_slack_with_the_rights_of_the_docs(secured: Secured) -> None:
    """Poller, worker, Slack and reader each as a user of its own; the broker refuses nothing."""
    peer = SlackPeer(TOKEN, rate=500, burst=500)
    await peer.start()
    slack = {
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_CHANNEL": "C0ALERTS01",
        "SLACK_API_URL": peer.api_url,
        "SLACK_RULES": str(secured.home / "slack.toml"),
    }
    (secured.home / "slack.toml").write_text("settle_seconds = 0.02\nmessages_per_second = 500\n")
    feeds = secured.home / "feeds.toml"
    try:
        with (
            served({"gazette": [STORY]}) as text,
            secured.role("worker", "worker", "--instance", "worker-0"),
            secured.role("slack", "slack", "--instance", "slack", **slack),
        ):
            feeds.write_text(text, "utf-8")
            with secured.role("poller", "poll", "--feeds", str(feeds)):
                async with asyncio.timeout(60):
                    while not peer.accepted:  # noqa: ASYNC110 - asks a stand-in
                        await asyncio.sleep(0.2)
    finally:
        await peer.stop()
    alerts = await asyncio.to_thread(secured.run, "viewer", "alerts", "--from-beginning", "--json")
    topics = await describe_topics(secured.cluster("operator"))
    async with open_gauge(secured.cluster("viewer")) as gauge:
        standing = await gauge.read((ARTICLES, MENTIONS, ALERTS, DEAD_LETTERS), WORKERS)

    assert [json.loads(line)["places"] for line in alerts.stdout.splitlines()] == [["IS"]]
    assert [topic.differences for topic in topics] == [()] * len(TOPICS)
    assert standing.written[ARTICLES.name] == 1
    assert secured.denials() == []


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that a command has printed."""
    (line,) = done.stderr.splitlines()
    return f"{done.returncode} {line.removeprefix('newsmon: ')}"


def test_who_is_not_let_in_reads_why(secured: Secured) -> None:
    """A wrong password is a wrong setting: one line, exit 2."""
    wrong = secured.home / "wrong.password"
    wrong.write_text("guessed", "utf-8")

    done = secured.run("viewer", "stats", KAFKA_SASL_PASSWORD_FILE=str(wrong))

    server = f"localhost:{secured.port}"
    assert refused(done) == (
        f"2 kafka.sasl_password: {server}: it refuses user 'viewer' with this password"
    )


@pytest.mark.parametrize(
    ("user", "changes", "why"),
    [
        ("operator", {"sasl_password": "guessed"}, r"sasl_password: .* refuses user 'operator'"),
        ("poller", {"sasl_username": "nobody-else"}, r"sasl_password: .* refuses user 'nobody-els"),
        ("viewer", {"ssl_cafile": "other-ca.pem"}, r"ssl_cafile: .* certificate is not trusted"),
        ("viewer", {"host": "127.0.0.1"}, r"ssl_cafile: .* not valid for '127\.0\.0\.1'"),
    ],
)
async def test_each_wrong_way_in_is_named(
    secured: Secured, user: str, changes: dict[str, Any], why: str
) -> None:
    """Password, user, authority, host name, by each mechanism."""
    if "ssl_cafile" in changes:
        changes = {"ssl_cafile": secured.home / changes["ssl_cafile"]}

    with pytest.raises(ConfigError, match=why):
        await check_access(secured.cluster(user, **changes))


def test_who_lacks_a_right_reads_which(secured: Secured) -> None:
    """A missing right is no wrong setting, it may be given any moment: one line, exit 1."""
    unseen = refused(secured.run("nobody", "stats"))
    feeds = secured.home / "none.toml"
    feeds.write_text('[[feeds]]\nid = "x"\nurl = "http://127.0.0.1:1/x.xml"\n', "utf-8")
    on_topics = [right for right in rights() if right.role == "poller" and right.kind == "topic"]
    lines = [command(replace(right, role="nobody"), "User:") for right in on_topics]
    asyncio.run(secured.grant(lines))
    no_group = secured.run("nobody", "poll", "--feeds", str(feeds))

    assert unseen.startswith("1 localhost:")
    assert "give user 'nobody' the rights of its role" in unseen
    assert "lacks a right on the group newsmon-pollers" in no_group.stderr.splitlines()[-1]
    assert no_group.returncode == 1
    assert "Traceback" not in no_group.stderr


async def test_a_topic_that_may_not_be_read_is_named(secured: Secured) -> None:
    """The views see how much there is of mentions, and cannot read them."""
    records = read_topic(secured.cluster("viewer"), MENTIONS, from_beginning=True, follow=False)

    with pytest.raises(BrokerError, match=r"lacks a right on the topic newsmon\.mentions"):
        await anext(records)


async def test_a_certificate_can_stand_for_a_user(secured: Secured) -> None:
    """With TLS on both sides no password is needed, but the key's own."""
    settings = KafkaSettings(
        security_protocol="SSL",
        ssl_cafile=secured.home / "ca.pem",
        ssl_certfile=secured.home / "user.pem",
        ssl_keyfile=secured.home / "user.key",
        ssl_keyfile_password=KEY_PASSWORD,
    )

    with_key = Cluster(f"localhost:{secured.mutual}", read_access(settings))
    bare = settings.model_copy(update={"ssl_certfile": None})
    without = Cluster(f"localhost:{secured.mutual}", read_access(bare))

    assert await cluster_id_of(with_key) is not None
    assert await cluster_id_of(without) is None
