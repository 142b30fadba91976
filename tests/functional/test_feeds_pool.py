"""Hostile documents against the parse workers."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter
from pathlib import Path

import orjson
import pytest

from monitor.errors import ParseError
from monitor.feeds.pool import ParserPool
from tests import shared_dir
from tests.feed_server import item, rss

OUTCOMES = {"not_a_feed", "empty", "too_large", "parse_timeout", "parse_crashed", "parse_failed"}
MUTANTS = int(os.environ.get("NEWSMON_FUZZ", "500"))
BOMB = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10))


@pytest.fixture
async def pool():
    parsers = ParserPool(1, timeout_s=8)
    yield parsers
    await parsers.close()


async def test_a_stuck_worker_is_killed_and_replaced(pool: ParserPool, monkeypatch) -> None:
    """A document that keeps the parser busy costs its own feed only."""
    monkeypatch.setattr(pool, "_timeout_s", 2.0)
    await pool.parse(rss(item("a")))
    worker = pool._workers[0]
    first = worker._process
    assert first is not None
    first.send_signal(19)  # SIGSTOP: it answers no more
    begin = time.monotonic()
    with pytest.raises(ParseError) as caught:
        await pool.parse(rss(item("a")))
    assert caught.value.outcome == "parse_timeout"
    assert time.monotonic() - begin < 20
    assert len((await pool.parse(rss(item("b")))).entries) == 1
    assert first.returncode is not None


async def test_a_dead_worker_is_replaced(pool: ParserPool) -> None:
    """A worker that was killed while it waited is noticed, and the document is parsed."""
    await pool.parse(rss(item("a")))
    process = pool._workers[0]._process
    assert process is not None
    process.kill()
    await process.wait()
    assert len((await pool.parse(rss(item("b")))).entries) == 1


async def test_a_cancelled_call_does_not_mix_up_answers(pool: ParserPool) -> None:
    """The answer of a document that nobody waits for is not given to the next one."""
    big = rss(*(item(f"n{n}") for n in range(4000)))
    await pool.parse(rss(item("warm")))
    call = asyncio.create_task(pool.parse(big))
    await asyncio.sleep(0.05)
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    feed = await pool.parse(rss(item("after")))
    assert [entry.id for entry in feed.entries] == ["after"]


async def test_a_document_that_is_a_path_opens_nothing(pool: ParserPool, tmp_path: Path) -> None:
    """feedparser opens paths that it is given as text; our bytes are never taken for one."""
    secret = tmp_path / "secret.xml"
    secret.write_bytes(rss(item("secret")))
    for doc in (str(secret).encode(), b"http://127.0.0.1:1/", b"file:///etc/passwd"):
        with pytest.raises(ParseError, match="not_a_feed"):
            await pool.parse(doc)


@pytest.mark.parametrize(
    "doc",
    [
        pytest.param(
            f"<?xml version='1.0'?><!DOCTYPE r [<!ENTITY a0 'lol'>{BOMB}]>".encode()
            + rss(item("&a9;"))[38:],
            id="entity-bomb",
        ),
        pytest.param(
            b"<!DOCTYPE r [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + rss(item("&x;"))[38:],
            id="external-entity",
        ),
        pytest.param(rss("<item>" * 100_000), id="nested-items"),
        pytest.param(rss("<a>" * 500_000), id="nested-tags"),
        pytest.param(
            rss(f"<item><author>a@{'a.' * 50_000}!</author><title>t</title></item>"), id="author"
        ),
        pytest.param(rss(item("a", text="&lt;" * 400_000)), id="escaped-tags"),
        pytest.param(rss(item("a", text="&lt;!--" * 200_000)), id="open-comments"),
        pytest.param(rss(item("a", text="&lt;script&gt;" * 100_000)), id="open-scripts"),
        pytest.param(rss(item("a", text=f"&lt;{'x' * 400_000}")), id="endless-name"),
        pytest.param(
            rss(f"<item><title>t</title><author>a{' ' * 400_000}b</author></item>"), id="spaces"
        ),
        pytest.param(b"[" * 1_000_000, id="nested-json"),
        pytest.param(
            b'{"version":"https://jsonfeed.org/version/1","items":' + b"[" * 900, id="json"
        ),
        pytest.param(b"<rss>" + b"&#x1;" * 200_000, id="entities"),
        pytest.param(b"\xff\xfe" + b"<\0r\0s\0s\0>" * 1000, id="utf16"),
        pytest.param(b"<" * 2_000_000, id="brackets"),
        pytest.param(bytes(range(256)) * 4000, id="all-bytes"),
        pytest.param(
            b"<?xml version='1.0' encoding='" + b"x" * 100_000 + b"'?><rss/>", id="encoding"
        ),
    ],
)
async def test_hostile_documents_end_in_time(pool: ParserPool, doc: bytes) -> None:
    """Each gives a feed or a named error within the time-out."""
    begin = time.monotonic()
    try:
        feed = await pool.parse(doc, "https://x.example/")
        assert all("root:" not in entry.title + entry.text for entry in feed.entries)
    except ParseError as exc:
        assert exc.outcome in OUTCOMES  # noqa: PT017 - an error is one of two good endings
    assert time.monotonic() - begin < 20


async def test_mutated_captures_crash_and_hang_nothing(pool: ParserPool, record_property) -> None:
    """Real feeds with bytes flipped, cut, repeated, wrapped or re-encoded, into one worker.

    `NEWSMON_FUZZ` sets the number of documents, 500 without it. Every so often the worker is
    made to retire, as one does that once needed much memory.
    """
    folder = shared_dir("feeds")
    names = [row["file"] for row in orjson.loads((folder / "index.json").read_bytes())]
    docs = [(folder / name).read_bytes()[:8_000] for name in names]
    chance = random.Random(7)
    slowest, most, ends = 0.0, 0, Counter[str]()
    for number in range(MUTANTS):
        which = chance.randrange(len(docs))
        doc = mutate(docs[which], chance)
        begin = time.monotonic()
        try:
            # Of one feed each, so that what a worker remembers of it is put to the test too.
            await pool.parse(doc, f"https://x{which}.example/", detect=False)
            ends["feed"] += 1
        except ParseError as exc:
            ends[exc.outcome] += 1
        slowest = max(slowest, time.monotonic() - begin)
        if number % 50 == 49 and (process := pool._workers[0]._process):
            most = max(most, memory_mib(process.pid))
            if number % 5_000 == 4_999:
                await pool._workers[0].kill()
    record_property("endings", dict(ends))
    print(f"{MUTANTS} mutants: {dict(ends)}, slowest {slowest:.1f} s, worker at most {most} MiB")
    assert set(ends) <= OUTCOMES - {"parse_crashed"} | {"feed"}
    # A document that takes too long costs its worker, and a new one has to start.
    assert slowest < 15
    assert ends["parse_timeout"] <= MUTANTS // 500
    assert most < 512


def memory_mib(pid: int) -> int:
    """Return the most memory that a process ever held, MiB."""
    text = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(text.partition("VmHWM:")[2].split()[0]) >> 10


def mutate(doc: bytes, chance: random.Random) -> bytes:
    data = bytearray(doc)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) or 1)
        match chance.randrange(8):
            case 0:
                for _ in range(chance.randint(1, 60)):
                    if data:
                        data[chance.randrange(len(data))] = chance.randrange(256)
            case 1:
                del data[at:]
            case 2:
                del data[at : at + chance.randint(1, 2000)]
            case 3:
                data[at:at] = data[at : at + 300] * chance.randint(1, 40)
            case 4:
                data[at:at] = chance.choice([b"<item>", b"<![CDATA[", b"&", b"<!--", b"<"]) * 50
            case 5:
                text = bytes(data).decode("latin-1")
                data = bytearray(
                    text.encode(chance.choice(["utf-8", "utf-16", "cp037"]), "replace")
                )
            case 6:
                data[at:at] = b"x" * chance.randint(1, 20_000)
            case 7:
                data = data.replace(b"utf-8", chance.choice([b"koi8-r", b"utf-7", b"zip", b"idna"]))
    return bytes(data)
