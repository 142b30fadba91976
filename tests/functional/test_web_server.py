"""The page's server, asked over HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from monitor.errors import BrokerError, MachineError
from monitor.messages import Alert, Total
from monitor.settings import WebSettings
from monitor.web import app as web_app
from monitor.web import service as web_service
from monitor.web.access import Access, access_for
from monitor.web.address import read_address
from monitor.web.app import make_app
from monitor.web.hub import Hub
from monitor.web.service import serve
from monitor.web.totals import Totals
from tests.boards import CLAIM, DENIAL, HOSTILE, alert, board
from tests.unit.build_mentions import totals

TOKEN = "correct-horse-battery"
PATHS = [
    "/",
    "/static/page.js",
    "/static/page.css",
    "/static/map.json",
    "/static/icon.svg",
    "/api/alerts",
    "/api/counts",
    "/api/counts?by=actor",
    f"/api/stories/{CLAIM}",
    "/api/feeds",
    "/api/state",
    "/api/places",
    "/api/openapi.json",
    "/healthz",
    "/readyz",
    "/metrics",
]

Client = TestClient[Any, Any]


@pytest.fixture
def hub() -> Hub:
    """Return a hub."""
    return Hub()


async def read_totals() -> list[Total]:
    """Return what the topic holds in these tests."""
    return totals()


async def no_totals() -> list[Total]:
    """Fail as a reader does whose broker is away."""
    raise BrokerError("nobody answers at 127.0.0.1:9092")


async def client_of(access: Access, hub: Hub) -> Client:
    """Start a server on the invented board."""
    client: Client = TestClient(TestServer(make_app(board(), hub, access, Totals(read_totals))))
    await client.start_server()
    return client


@pytest.fixture
async def client(hub: Hub) -> AsyncIterator[Client]:
    """Return a client on this machine."""
    made = await client_of(access_for(WebSettings()), hub)
    yield made
    await made.close()


@pytest.mark.parametrize("path", PATHS)
async def test_every_path_answers_with_the_strict_headers(client: Client, path: str) -> None:
    """Policy, no sniffing, no referrer; no permission for other sites."""
    answer = await client.get(path)

    assert answer.status == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/api/alerts", "/api/events", "/metrics", "/healthz"])
async def test_other_names_and_other_sites_are_refused(client: Client, path: str) -> None:
    """With one line that says why, and with the strict headers too."""
    rebound = await client.get(path, headers={"Host": "elsewhere.example"})
    foreign = await client.get(path, headers={"Origin": "https://elsewhere.example"})

    assert (rebound.status, foreign.status) == (421, 403)
    assert "default-src 'none'" in foreign.headers["Content-Security-Policy"]
    assert CLAIM not in await foreign.text()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_nothing_can_be_changed(client: Client, method: str) -> None:
    """Only GET and HEAD are answered."""
    answer = await client.request(method, "/api/alerts")

    assert answer.status == 405


@pytest.mark.parametrize(
    ("path", "status", "why"),
    [
        ("/api/alerts?limit=0", 400, "limit: expected a number from 1 to 1000, got '0'"),
        ("/api/alerts?limit=1e3", 400, "limit: expected a number from 1 to 1000, got '1e3'"),
        ("/api/counts?limit=99999", 400, "limit: expected a number from 1 to 5000, got '99999'"),
        ("/api/counts?by=outlet", 400, "by: expected one of place, label, actor, got 'outlet'"),
        ("/api/counts?by=actor&limit=0", 400, "limit: expected a number from 1 to 5000"),
        ("/api/alerts?label=war", 400, "label: expected one of deployment, drill, denial"),
        ("/api/alerts?severity=%00", 400, "severity: expected one of low"),
        ("/api/stories/nobody", 404, "no story with this id"),
        ("/api/nothing", 404, "404"),
    ],
)
async def test_a_wrong_question_gets_one_clear_line(
    client: Client, path: str, status: int, why: str
) -> None:
    """As JSON, with what was expected and what came."""
    answer = await client.get(path)

    assert answer.status == status
    assert (await answer.json())["error"].startswith(why)


@pytest.mark.parametrize(
    ("by", "found"),
    [
        ("actor", {"SE": ("Sweden", 3, 2, 2), "DK": ("Denmark", 1, 1, 1)}),
        ("label", {"deployment": ("deployment", 3, 2, 2)}),
    ],
)
async def test_counts_by_label_and_by_actor_span_all_places(
    client: Client, by: str, found: dict[str, tuple[str, int, int, int]]
) -> None:
    """Reports and stories are added up over the places, an outlet is counted once."""
    rows = (await (await client.get(f"/api/counts?by={by}")).json())["counts"]

    week = {row["code"]: (row["name"], *row["windows"]["7d"].values()) for row in rows}
    assert week == found
    assert list(week) == list(found)
    assert [row["key"] for row in rows] == [f"{by}:{code}" for code in found]
    (first,) = (await (await client.get(f"/api/counts?by={by}&limit=1")).json())["counts"]
    assert first == rows[0]


async def test_many_who_ask_for_totals_at_once_cause_one_reading() -> None:
    """The topic holds much: it is not read for each page that asks."""
    readings = 0

    async def read() -> list[Total]:
        nonlocal readings
        readings += 1
        await asyncio.sleep(0)
        return totals()

    sums = Totals(read)
    found = await asyncio.gather(*(sums.of(kind) for kind in ("actor", "label") * 10))

    assert readings == 1
    assert {len(series) for series in found} == {2, 1}


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/make_map.py"]
)
async def test_no_other_file_is_served(client: Client, path: str) -> None:
    """The files are a closed list."""
    assert (await client.get(path)).status == 404


async def test_files_are_sent_once(client: Client) -> None:
    """A browser that has a file is told that it is the same."""
    first = await client.get("/static/map.json")
    again = await client.get("/static/map.json", headers={"If-None-Match": first.headers["ETag"]})

    assert (first.status, again.status) == (200, 304)
    assert await again.read() == b""


async def test_not_ready_while_the_topics_are_read_or_the_broker_is_away(hub: Hub) -> None:
    """Alive all the same."""
    made = board()
    made.loaded = False
    app = make_app(made, hub, access_for(WebSettings()), Totals(no_totals))
    client: Client = TestClient(TestServer(app))
    await client.start_server()
    try:
        first = await client.get("/readyz")
        made.loaded, made.trouble = True, "nobody answers at 127.0.0.1:9092"
        second = await client.get("/readyz")

        assert (first.status, second.status) == (503, 503)
        assert await second.text() == "nobody answers at 127.0.0.1:9092\n"
        assert (await client.get("/healthz")).status == 200
        counts = await client.get("/api/counts?by=label")
        assert counts.status == 503
        assert await counts.json() == {"error": "nobody answers at 127.0.0.1:9092"}
    finally:
        await client.close()


async def test_with_a_token_the_page_is_opened_once_by_address(hub: Hub) -> None:
    """The token becomes a cookie that scripts cannot read, and leaves the address."""
    client = await client_of(access_for(WebSettings(host="0.0.0.0", token=TOKEN)), hub)
    try:
        assert (await client.get("/")).status == 401
        assert (await client.get("/api/alerts")).status == 401
        assert (await client.get("/metrics")).status == 401
        assert (await client.get("/healthz")).status == 200
        assert (await client.get("/?token=wrong")).status == 401
        assert (await client.get(f"/api/alerts?token={TOKEN}")).status == 401
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        assert (await client.get("/api/alerts", headers=bearer)).status == 200

        entered = await client.get(f"/?token={TOKEN}", allow_redirects=False)

        assert (entered.status, entered.headers["Location"]) == (303, "/")
        cookie = entered.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert TOKEN not in cookie
        assert (await client.get("/", headers={"Cookie": cookie.split(";")[0]})).status == 200
    finally:
        await client.close()


class Events:
    """The live events as a browser reads them."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def next(self) -> dict[str, str]:
        """Return the next event's fields; comments and pauses are left out."""
        fields: dict[str, str] = {}
        while True:
            raw = await asyncio.wait_for(self._answer.content.readline(), 5)
            assert raw, "the stream ended"
            line = raw.decode().rstrip("\n")
            if not line and "data" in fields:
                return fields
            name, _, value = line.partition(": ")
            if name in ("id", "event", "data"):
                fields[name] = value


def put(hub: Hub, offset: int, made: Alert) -> None:
    """Hand an alert to the hub as the service does."""
    hub.alert(0, offset, made.encode())


async def test_alerts_come_live_and_resume_after_a_break(client: Client, hub: Hub) -> None:
    """By Last-Event-ID the missed ones come, and only they."""
    position = (await (await client.get("/api/alerts")).json())["position"]
    async with client.get(f"/api/events?after={position}") as answer:
        events = Events(answer)
        put(hub, 0, alert())
        first = await events.next()
    put(hub, 1, alert(id=DENIAL))
    put(hub, 2, alert(id=CLAIM, revision=2))
    async with client.get(
        f"/api/events?after={position}", headers={"Last-Event-ID": first["id"]}
    ) as answer:
        events = Events(answer)
        missed = [await events.next(), await events.next()]
        put(hub, 3, alert(revision=3))
        live = await events.next()

    assert Alert.decode(first["data"].encode()) == alert()
    assert [json.loads(e["data"])["revision"] for e in (*missed, live)] == [1, 2, 3]
    assert [e["id"] for e in (*missed, live)] == ["2", "3", "4"]


async def test_a_position_too_old_is_answered_with_reload(client: Client, hub: Hub) -> None:
    """The page then reads everything anew."""
    put(hub, 500, alert())

    async with client.get("/api/events?after=3") as answer:
        assert (await Events(answer).next())["event"] == "reload"


async def test_a_hostile_text_cannot_forge_an_event(client: Client, hub: Hub) -> None:
    """Line breaks in a title stay inside the JSON of the one event."""
    async with client.get("/api/events") as answer:
        events = Events(answer)
        for offset, title in enumerate(HOSTILE):
            put(hub, offset, alert(headline=title, sentence=title, revision=offset + 1))
            event = await events.next()

            assert event["event"] == "alert"
            assert event["id"] == str(offset + 1)
            assert json.loads(event["data"])["headline"] == title


async def test_a_reader_that_goes_away_is_forgotten(
    client: Client, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the next heartbeat at the latest."""
    monkeypatch.setattr(web_app, "_HEARTBEAT_S", 0.05)
    answer = await client.get("/api/events")
    await asyncio.sleep(0.05)
    assert len(hub.readers) == 1

    answer.close()
    for _ in range(100):
        if not hub.readers:
            break
        await asyncio.sleep(0.05)

    assert not hub.readers


async def test_a_taken_port_is_replaced_and_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Once, with the address that holds; with --port it is an error."""

    async def nothing(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(web_service, "keep_filled", nothing)
    said: list[str] = []
    stop, told = asyncio.Event(), asyncio.Event()

    def say(text: str) -> None:
        said.append(text)
        if len(said) == 2:
            told.set()

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = WebSettings(port=port)
        with pytest.raises(MachineError, match=f"cannot listen on 127.0.0.1:{port}"):
            await serve(settings, "", stop, data_dir=tmp_path, exact_port=True, say=said.append)
        serving = asyncio.create_task(
            serve(settings, "", stop, data_dir=tmp_path, exact_port=False, say=say)
        )
        await asyncio.wait_for(told.wait(), 5)
        await asyncio.sleep(0)
        url = read_address(tmp_path)
        async with aiohttp.ClientSession() as session, session.get(f"{url}healthz") as answer:
            assert answer.status == 200
        stop.set()
        await asyncio.wait_for(serving, 5)

    assert said == [
        f"web: port {port} is taken by another program; taking a free one",
        f"web page on {url}",
    ]
    assert read_address(tmp_path) == ""
