"""The live view, driven by keys."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from monitor.stats.board import Board
from monitor.top.app import TopApp
from monitor.top.grid import Grid
from monitor.top.show import fits
from monitor.top.story import TextWindow
from tests.boards import CLAIM, DENIAL, HOSTILE, NOW, alert, board, count


def app(made: Board | None = None) -> TopApp:
    """Return the view of the invented board, at a moment that stands still."""
    return TopApp(board() if made is None else made, clock=lambda: NOW)


def screen(view: TopApp) -> str:
    """Return what is on the screen, line by line."""
    size = view.size
    lines = view.screen._compositor.render_strips(size)
    return "\n".join(strip.text for strip in lines)


async def press(pilot: Pilot[None], *keys: str) -> str:
    """Press keys and return the screen."""
    await pilot.press(*keys)
    await pilot.pause()
    return screen(pilot.app)  # type: ignore[arg-type]


async def test_counts_alerts_and_flow_are_on_one_small_screen() -> None:
    """80 by 24 characters hold all of it."""
    async with app().run_test(size=(80, 24)) as pilot:
        shown = await press(pilot)

    assert "● broker  1.5 articles/s  lag 0  dead 0  feeds 1 failing 1 ok" in shown
    assert "deployment Iceland" in shown
    assert "×8.0" in shown
    assert "deployment ✗happened   NO → IS" in shown
    for word in ("Open", "Filter", "Sort", "Freeze", "Feeds", "Help", "Quit"):
        assert word in shown.splitlines()[-1]


@pytest.mark.parametrize("size", [(79, 24), (80, 23), (20, 5)])
async def test_a_terminal_that_is_too_small_is_told_so(size: tuple[int, int]) -> None:
    """And the view comes back when there is room."""
    async with app().run_test(size=size) as pilot:
        assert "80×24" in (await press(pilot)).replace("\n", "").replace(" ", "")
        await pilot.resize_terminal(100, 30)
        assert "Iceland" in await press(pilot)


async def test_slash_filters_both_tables_and_escape_clears() -> None:
    """While typing; Enter keeps the words."""
    made = board()
    made.add(count("drill:AL"))
    async with app(made).run_test(size=(100, 30)) as pilot:
        shown = await press(pilot, "slash", *"albania")
        assert "Iceland" not in shown.replace("Iceland on Monday", "")
        assert "no alert has these words" in shown
        shown = await press(pilot, "enter")
        assert "filter albania" in shown
        shown = await press(pilot, "escape")
        assert "filter albania" not in shown
        assert "NO → IS" in shown


async def test_s_sorts_by_the_next_column() -> None:
    """The head says by which."""
    view = app()
    async with view.run_test(size=(100, 30)) as pilot:
        assert "▾24h" in await press(pilot)
        assert "▾1h" in await press(pilot, "s")
        assert "▾vs usua" in await press(pilot, "s", "s")
        assert view.sort == "vs usual"


async def test_space_freezes_and_goes_on() -> None:
    """What comes meanwhile shows afterwards."""
    made = board()
    async with app(made).run_test(size=(100, 30)) as pilot:
        await press(pilot, "space")
        made.add(count("drill:AL"))
        await pilot.pause(0.6)
        shown = await press(pilot)
        assert "FROZEN" in shown
        assert "Albania" not in shown
        shown = await press(pilot, "space")
        assert "FROZEN" not in shown
        assert "Albania" in shown


async def test_enter_opens_a_story_and_a_number_its_denial() -> None:
    """From the row and from the alert; Esc goes back."""
    view = app()
    async with view.run_test(size=(100, 40)) as pilot:
        shown = await press(pilot, "enter")
        assert "Norway sends soldiers to Iceland" in shown
        assert "[1] denied by" in shown
        shown = await press(pilot, "1")
        assert "Oslo denies sending soldiers" in shown
        await press(pilot, "escape")
        assert not isinstance(view.screen, TextWindow)
        shown = await press(pilot, "tab", "enter")
        assert "Evidence" in shown


async def test_the_cursor_stays_on_its_row_when_the_order_changes() -> None:
    """It holds to the key, not to the line."""
    made = board()
    view = app(made)
    async with view.run_test(size=(100, 30)) as pilot:
        await press(pilot, "down")
        grid = view.query_one("#counts", Grid)
        assert grid.chosen == "denial:IS"
        made.add(count("drill:AL", today=50))
        view.tick()
        await pilot.pause()
        assert grid.chosen == "denial:IS"
        await press(pilot, "home")
        assert grid.chosen == "drill:AL"


async def test_a_long_table_scrolls_with_the_cursor() -> None:
    """The last row can be reached and is seen."""
    made = board()
    for number in range(300):
        made.add(count(f"drill:sea {number:03}", today=1))
    async with app(made).run_test(size=(100, 30)) as pilot:
        shown = await press(pilot, "end")
        assert "sea 299" in shown
        assert "what" in shown
        assert "sea 000" not in shown
        shown = await press(pilot, "home")
        assert "deployment Iceland" in shown


async def test_f_shows_the_feeds_the_failing_first() -> None:
    """And goes back."""
    async with app().run_test(size=(100, 30)) as pilot:
        shown = await press(pilot, "f")
        assert shown.index("tribune") < shown.index("gazette")
        assert "timeout" in shown
        assert "deployment" in await press(pilot, "f")


async def test_help_names_the_keys() -> None:
    """And any of Esc, q, ? ends it without ending the view."""
    view = app()
    async with view.run_test(size=(100, 40)) as pilot:
        for key in ("escape", "q", "question_mark"):
            assert "freeze and go on" in await press(pilot, "question_mark")
            assert "freeze and go on" not in await press(pilot, key)
        assert view.is_running


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_q_and_ctrl_c_end_it(key: str) -> None:
    """With exit code 0."""
    view = app()
    async with view.run_test(size=(100, 30)) as pilot:
        await pilot.press(key)
    assert view.return_code == 0


async def test_without_colours_the_cursor_is_still_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR leaves greys and bold."""
    monkeypatch.setenv("NO_COLOR", "1")
    view = app()
    async with view.run_test(size=(100, 30)) as pilot:
        await press(pilot)
        grid = view.query_one("#counts", Grid)
        here, other = grid.render_line(1), grid.render_line(2)
        assert view.no_color
    assert {s.style.bgcolor for s in here if s.style} != {s.style.bgcolor for s in other if s.style}


async def test_hostile_titles_do_not_disturb_the_screen() -> None:
    """Neither in the list nor in the window; what only a browser would obey is left to the page."""
    titles = [title for title in HOSTILE if "[" in title or len(title) > 80 or not title.isascii()]
    made = board()
    for number, title in enumerate(titles):
        made.add(alert(id=f"{number:020d}", headline=title, sentence=title))
    view = app(made)
    async with view.run_test(size=(100, 30)) as pilot:
        for number in range(len(titles)):
            view.open_story(f"{number:020d}")
            await pilot.pause()
            shown = screen(view)
            assert "\x1b" not in shown
            assert len(shown.splitlines()) == 30
            await press(pilot, "escape")
        assert view.is_running


def test_without_a_terminal_it_does_not_draw() -> None:
    """Under pytest stdout is captured."""
    assert not fits()


def test_ids_of_the_invented_board() -> None:
    """The fixture is what the tests above rely on."""
    assert set(board().alerts) == {CLAIM, DENIAL}
