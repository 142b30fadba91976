"""The page in a real browser.

    uv sync --group browser          # Playwright's Python package
    apt-get install chromium         # Debian's browser; NEWSMON_CHROMIUM names another one

Both are looked for; where one is missing the tests are skipped and say so.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from monitor.messages import Total
from monitor.settings import WebSettings
from monitor.stats.board import Board
from monitor.web.access import access_for
from monitor.web.app import make_app
from monitor.web.hub import Hub
from monitor.web.totals import Totals
from tests import boards
from tests.boards import CLAIM, DENIAL, HOSTILE, alert

playwright = pytest.importorskip(
    "playwright.async_api", reason="no Playwright; get it with `uv sync --group browser`"
)
CHROMIUM = os.environ.get("NEWSMON_CHROMIUM") or shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium; get it with `apt-get install chromium`"),
]


async def _no_totals() -> list[Total]:
    return []


class Served:
    """A page on an invented board.

    Attributes:
        board: What it shows.
        hub: Gives it live events.
        url: Where it is.
    """

    def __init__(self, board: Board, hub: Hub) -> None:
        self.board, self.hub, self.url = board, hub, ""
        self._runner: web.AppRunner | None = None
        self._port = 0
        self._offset = 0

    async def start(self) -> None:
        """Listen; after `stop` on the same port again."""
        app = make_app(self.board, self.hub, access_for(WebSettings()), Totals(_no_totals))
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True).start()
        self._port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self._port}/"

    async def stop(self) -> None:
        """Cut all connections."""
        if self._runner:
            await self._runner.cleanup()

    def put(self, **changes: Any) -> None:
        """Let an alert come."""
        now = datetime.now(UTC)
        made = alert(**changes)
        counts = made.counts.model_copy(update={"first_seen": now, "last_seen": now})
        made = made.model_copy(update={"counts": counts})
        self.board.add(made)
        self.hub.alert(0, self._offset, made.encode())
        self._offset += 1


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """Return a page on the invented board."""
    made = Served(boards.board(datetime.now(UTC)), Hub())
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def page(served: Served) -> AsyncIterator[Any]:
    """Return an open page; at the end it has had no error and asked no other machine."""
    errors: list[str] = []
    async with playwright.async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=CHROMIUM,
            # As root, as in most containers, Chromium's own sandbox does not start.
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        opened = await browser.new_page(viewport={"width": 1280, "height": 800})
        opened.set_default_timeout(8000)
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.on(
            "request",
            lambda request: request.url.startswith(served.url) or errors.append(request.url),
        )
        opened.on(
            "console",
            lambda said: errors.append(said.text) if "Content Security" in said.text else None,
        )
        await opened.goto(served.url)
        await opened.get_by_text("live ·").wait_for()
        yield opened
        await browser.close()
    assert errors == []


def card(page: Any, text: str) -> Any:
    """Return the alert that has this text."""
    return page.locator("#alert-list .card").filter(has_text=text)


async def until(page: Any, script: str, *given: Any) -> None:
    """Wait until a function in the page returns true.

    Playwright's own way would make code from a string in the page, which the policy forbids.
    """
    for _ in range(200):
        if await page.evaluate(script, *given):
            return
        await asyncio.sleep(0.04)
    raise AssertionError(f"not within 8 s: {script}")


async def cards_are(page: Any, number: int) -> None:
    """Wait until so many alerts are shown."""
    await until(page, "n => document.querySelectorAll('#alert-list .card').length === n", number)


async def test_alerts_counts_map_and_feeds_are_shown(page: Any) -> None:
    """All that the board holds, with names in place of codes."""
    await card(page, "Norway → Iceland").first.wait_for()
    row = page.locator("#counts tbody tr").filter(has_text="deployment")
    assert "Iceland" in await row.inner_text()
    await page.get_by_role("button", name=re.compile(r"Iceland: \d+ report")).wait_for()
    assert await page.locator("#feeds tbody tr").first.locator("th").inner_text() == "tribune"
    assert await page.title() == "newsmon"


async def test_an_alert_appears_within_a_second(served: Served, page: Any) -> None:
    """Without a reload, at the top."""
    served.put(id="c" * 20, sentence="Denmark sent a ship to the Baltic Sea.")

    await card(page, "Denmark sent a ship").wait_for(timeout=1000)

    assert "Denmark sent a ship" in await page.locator("#alert-list .card").first.inner_text()


async def test_a_new_revision_replaces_the_story(served: Served, page: Any) -> None:
    """The story is shown once."""
    served.put(revision=2, severity="critical", sentence="A second outlet says the same.")

    await card(page, "A second outlet").wait_for()

    assert await page.locator("#alert-list .card").count() == 2
    assert await page.locator("#alert-list .card.critical").count() == 1


async def test_the_page_resumes_after_the_server_was_away(served: Served, page: Any) -> None:
    """What came while it was cut off is there afterwards, each alert once."""
    served.put(id="c" * 20, sentence="Before the break.")
    await card(page, "Before the break.").wait_for()

    await served.stop()
    await page.get_by_text("connection lost").wait_for()
    served.put(id="d" * 20, sentence="During the break.")
    await served.start()
    served.put(id="e" * 20, sentence="After the break.")

    await card(page, "During the break.").wait_for(timeout=15000)
    await card(page, "After the break.").wait_for()
    assert await page.locator("#alert-list .card").count() == 5


async def test_fifty_hostile_titles_stay_text(served: Served, page: Any) -> None:
    """Not one becomes an element, a script, a link or a request, in the list or in the story."""
    before = await page.evaluate("document.querySelectorAll('script,style,link,iframe').length")
    for number, title in enumerate(HOSTILE):
        served.put(
            id=f"{number:020d}", headline=title, sentence=title, url=title, actors=(title,),
            places=(title,), reason=title,
        )  # fmt: skip
    await cards_are(page, len(HOSTILE) + 2)
    for number, title in enumerate(HOSTILE):
        await page.evaluate(f"location.hash = 'story/{number:020d}'")
        await until(
            page, "title => document.querySelector('#story h2')?.textContent === title", title
        )
        inside = "#story-body :not(h2,h3,p,ol,ul,li,q,span,time,a,button)"
        assert await page.locator(inside).count() == 0
        assert await page.locator("#story-body .evidence a[href^='javascript']").count() == 0
    await page.keyboard.press("Escape")

    inside = "#alert-list :not(li,button,span,time)"
    assert await page.locator(inside).count() == 0
    assert await page.title() == "newsmon"
    after = await page.evaluate("document.querySelectorAll('script,style,link,iframe').length")
    assert after == before
    assert page.url == served.url
    shown = await page.locator("#alert-list .sentence").evaluate_all(
        "all => all.map(n => n.textContent)"
    )
    assert set(HOSTILE) <= set(shown)


async def test_the_policy_stops_markup_even_where_a_script_would_make_it(page: Any) -> None:
    """Should a mistake ever bring markup in, the browser refuses it."""
    refused = await page.evaluate(
        "() => { try { document.body.innerHTML = '<b>x</b>'; return false } catch { return true } }"
    )

    assert refused


async def test_a_story_is_opened_read_and_left_by_keyboard(page: Any) -> None:
    """j, Enter, the denial in its thread, Esc; the address follows."""
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    story = page.locator("#story")
    await story.wait_for()
    assert re.search(r"#story/[ab]{20}$", page.url)
    await story.locator(".card").first.press("Enter")
    await page.locator("#story .evidence li").first.wait_for()
    await page.keyboard.press("Escape")
    await story.wait_for(state="hidden")
    assert "#" not in page.url


async def test_a_link_to_a_story_opens_it(served: Served, page: Any) -> None:
    """And one that is forgotten says so."""
    await page.goto(f"{served.url}#story/{CLAIM}")
    await page.locator("#story h2").filter(has_text="Norway sends soldiers").wait_for()
    assert "Denied by" in await page.locator("#story").inner_text()
    await page.goto(f"{served.url}#story/{'f' * 20}")
    await page.get_by_text("not remembered any more").wait_for()


async def test_filters_work_together(page: Any) -> None:
    """Words, label, place on the map; each can be taken back."""
    cards = page.locator("#alert-list .card")
    await page.keyboard.press("/")
    await page.keyboard.type("oslo")
    await cards_are(page, 1)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Deployments").click()
    await cards_are(page, 1)
    assert "deployment" in await cards.first.inner_text()
    await page.get_by_role("button", name="All", exact=True).click()
    land = page.get_by_role("button", name=re.compile("Iceland: "))
    await land.focus()
    await page.keyboard.press("Enter")
    chip = page.get_by_role("button", name=re.compile("Only Iceland"))
    await chip.wait_for()
    assert await cards.count() == 2
    await chip.click()
    await chip.wait_for(state="hidden")


async def test_pause_holds_the_list_still(served: Served, page: Any) -> None:
    """And says how many came meanwhile."""
    await page.keyboard.press("p")
    served.put(id="c" * 20, sentence="While paused.")
    await page.get_by_text("paused, 1 new").wait_for()
    assert await card(page, "While paused.").count() == 0
    await page.keyboard.press("p")
    await card(page, "While paused.").wait_for()


async def test_a_grave_alert_is_said_to_a_screen_reader(served: Served, page: Any) -> None:
    """In a polite live region; a small one is not."""
    served.put(id="c" * 20, severity="low", sentence="A small one.")
    await card(page, "A small one.").wait_for()
    assert await page.locator("#said").inner_text() == ""
    served.put(id="d" * 20, severity="critical", sentence="A grave one.")
    await page.locator("#said").filter(has_text="critical alert").wait_for()


async def test_every_control_has_a_name(page: Any) -> None:
    """A screen reader finds no nameless button, link or field."""
    nameless = await page.evaluate(
        """() => [...document.querySelectorAll('button, a, input, [role=button], dialog')]
        .filter(n => !(n.textContent.trim() || n.getAttribute('aria-label')
                       || n.getAttribute('aria-labelledby') || n.hidden))
        .map(n => n.outerHTML)"""
    )

    assert nameless == []


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_texts_have_enough_contrast(page: Any, scheme: str) -> None:
    """4.5 to 1 at least, for every text on the page (WCAG 2 AA)."""
    await page.emulate_media(color_scheme=scheme)
    await page.reload()
    await card(page, "Norway → Iceland").first.wait_for()
    poor = await page.evaluate(CONTRAST)

    assert poor == []


async def test_a_phone_needs_no_scrolling_sideways(page: Any) -> None:
    """At 360 points the page is as wide as the screen."""
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.wait_for_timeout(300)

    assert await page.evaluate("document.documentElement.scrollWidth") <= 360


async def test_the_first_load_is_light(served: Served, page: Any) -> None:
    """All that a browser fetches to show the page, below 350 kB."""
    sizes = await page.evaluate(
        "performance.getEntries().filter(e => e.encodedBodySize).map(e => e.decodedBodySize)"
    )

    assert len(sizes) >= 8
    assert sum(sizes) < 350_000


async def test_the_busiest_topic_does_not_make_the_page_grow(served: Served, page: Any) -> None:
    """Two thousand alerts: the list stays bounded and the newest is shown."""
    for number in range(2000):
        served.put(id=f"{number:020d}", sentence=f"Report number {number}.")
        if number % 100 == 0:
            await page.wait_for_timeout(20)

    await card(page, "Report number 1999.").wait_for()
    assert await page.locator("#alert-list .card").count() <= 150
    assert DENIAL not in page.url


CONTRAST = r"""() => {
  const parse = (color) => {
    const parts = color.match(/[\d.]+/g).map(Number);
    return parts.length < 4 ? [...parts, 1] : parts;
  };
  const linear = (part) =>
    part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const color = parse(getComputedStyle(node).backgroundColor);
      if (color[3] > 0.99) return color;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((c) => c.nodeType === 3 && c.textContent.trim());
    if (!own || !node.checkVisibility() || node.closest(".unseen, noscript, .skip")) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.add(`${node.tagName}.${node.className} ${ratio.toFixed(2)}`);
  }
  return [...poor];
}"""
