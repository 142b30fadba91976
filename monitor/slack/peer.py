"""A strict stand-in for Slack on loopback: its limits, its errors, its rate, and a page to look at.

It takes `chat.postMessage`, `chat.update`, `conversations.history`, `conversations.replies`,
`auth.test` and an incoming webhook, refuses what Slack refuses with Slack's own words, and can be
told to fail. `newsmon slack demo` shows it, the tests drive it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import web

from monitor.slack.faults import Faults
from monitor.slack.page import CSP, render_page
from monitor.slack.workspace import PAGE, Answer, Meter, Posted, Workspace

Reply = Callable[[], web.Response]

_HOOK_STATUS = {
    "invalid_token": 403,
    "action_prohibited": 403,
    "posting_to_general_channel_denied": 403,
    "channel_not_found": 404,
    "no_service": 404,
    "no_team": 404,
    "channel_is_archived": 410,
    "rollup_error": 500,
}


class SlackPeer:
    """The stand-in.

    Attributes:
        workspace: Its channels and messages.
        faults: What goes wrong.
        errors: Slack's error for each call to a channel id, or under `""` for every call: a
            revoked token, an archived channel.
        meter: Holds writes to the rate.
        port: Where it listens, once started.
    """

    def __init__(
        self,
        token: str,
        *,
        hook: str = "/services/T000/B000/secret",
        rate: float = 1.0,
        burst: int = 1,
        retry_after: float = 1.0,
        faults: Faults | None = None,
    ) -> None:
        """Make a peer.

        Args:
            token: The one bot token that it takes.
            hook: Path of its webhook.
            rate: Writes a second, for each channel and method.
            burst: Writes at once after a pause.
            retry_after: Seconds that a 429 asks for.
            faults: What goes wrong; None is nothing.
        """
        self.workspace = Workspace()
        self.faults = faults or Faults()
        self.errors: dict[str, str] = {}
        self.meter = Meter(rate, burst)
        self.port = 0
        self._token = token
        self._hook = hook
        self._retry_after = retry_after
        self._runner: web.AppRunner | None = None

    @property
    def messages(self) -> list[Posted]:
        """What was accepted, in order."""
        return self.workspace.messages

    @property
    def accepted(self) -> list[dict[str, Any]]:
        """Every payload that was accepted, edits too, in order."""
        return self.workspace.accepted

    @property
    def api_url(self) -> str:
        """Address of its Web API."""
        return f"{self.page_url}api/"

    @property
    def hook_url(self) -> str:
        """Address of its webhook."""
        return self.page_url.rstrip("/") + self._hook

    @property
    def page_url(self) -> str:
        """Address of the page that shows the messages."""
        return f"http://127.0.0.1:{self.port}/"

    async def start(self, port: int = 0) -> None:
        """Serve on loopback, by default on a free port.

        Raises:
            OSError: The port is taken.
        """
        app = web.Application(client_max_size=4 << 20)
        app.router.add_get("/", self._page)
        app.router.add_get("/messages.json", self._list)
        app.router.add_post(self._hook, self._webhook)
        app.router.add_post("/services/{rest:.*}", self._no_hook)
        app.router.add_post("/api/{method}", self._api)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop serving."""
        if self._runner:
            await self._runner.cleanup()

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if error := self._token_error(request):
            return _json({"ok": False, "error": error})
        if method == "auth.test":
            return _json({"ok": True, "team": "Demo", "user": "newsmon"})
        calls: dict[str, Callable[[str, dict[str, Any]], Answer]] = {
            "chat.postMessage": self.workspace.post,
            "chat.update": self.workspace.update,
            "conversations.history": self.workspace.history,
            "conversations.replies": self.workspace.history,
        }
        if method not in calls:
            return _json({"ok": False, "error": "unknown_method"})
        # As at Slack: what writes takes JSON, what reads takes forms only.
        if method.startswith("chat.") and request.content_type == "application/json":
            body = orjson.loads(await request.read())
        else:
            body = dict(await request.post())
        channel = self.workspace.channel_id(
            str(body.get("channel", "")), by_name=method == "chat.postMessage"
        )
        if error := "" if channel else "channel_not_found":
            return _json({"ok": False, "error": error})
        if error := self.errors.get(channel, ""):
            return _json({"ok": False, "error": error})
        return await self._answer(
            request, method, channel, lambda: _json(calls[method](channel, body))
        )

    def _token_error(self, request: web.Request) -> str:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if given != self._token:
            return "invalid_auth" if given else "not_authed"
        return self.errors.get("", "")

    async def _webhook(self, request: web.Request) -> web.StreamResponse:
        channel = self.workspace.channels["hook"]
        if error := self.errors.get("") or self.errors.get(channel):
            return web.Response(status=_HOOK_STATUS.get(error, 400), text=error)
        try:
            body = orjson.loads(await request.read())
        except orjson.JSONDecodeError:
            return web.Response(status=400, text="invalid_payload")

        def reply() -> web.Response:
            answer = self.workspace.post(channel, body)
            if answer["ok"]:
                return web.Response(text="ok")
            return web.Response(status=400, text=answer["error"])

        return await self._answer(request, "webhook", channel, reply)

    async def _no_hook(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=404, text="no_service")

    async def _answer(
        self, request: web.Request, method: str, channel: str, reply: Reply
    ) -> web.StreamResponse:
        """Answer, or fail as `faults` say; only writes are held to the rate."""
        fault = self.faults.next()
        reads = method.startswith("conversations.")
        if fault in {"500", "503"}:
            return web.Response(status=int(fault))
        if fault == "429" or not (reads or self.meter.grant(f"{channel} {method}")):
            return self._too_many()
        if fault == "drop":
            return _cut(request)
        answer = reply()
        match fault:
            case "accept-drop":
                return _cut(request)
            case "accept-hang":
                await asyncio.sleep(3600)
            case "accept-500":
                return web.Response(status=500)
            case "429-post":
                return self._too_many()
        return answer

    def _too_many(self) -> web.Response:
        answer = _json({"ok": False, "error": "ratelimited"}, status=429)
        answer.headers["Retry-After"] = f"{self._retry_after:g}"
        return answer

    async def _page(self, request: web.Request) -> web.Response:
        names = {number: name for name, number in self.workspace.channels.items()}
        text = render_page(self.messages[-PAGE:], names)
        return web.Response(
            text=text, content_type="text/html", headers={"Content-Security-Policy": CSP}
        )

    async def _list(self, request: web.Request) -> web.Response:
        shown = [
            {"channel": m.channel, "ts": m.ts, "thread_ts": m.thread_ts, "payload": m.payload}
            for m in self.messages
        ]
        return _json({"messages": shown})


def _cut(request: web.Request) -> web.StreamResponse:
    """Break the connection: the client sees no answer."""
    if request.transport:
        request.transport.abort()
    return web.Response(status=500)


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")
