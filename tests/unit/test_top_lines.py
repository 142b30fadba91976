"""What stands in the lines of the live view."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.text import Text

from monitor.stats.board import Board
from monitor.stats.table import BARS, bars_for, sparkline
from monitor.top import lines
from tests.boards import CLAIM, DENIAL, HOSTILE, NOW, alert, board, count, feed


def drawn(text: Text) -> str:
    """Return what reaches a terminal that knows colours and links."""
    out = io.StringIO()
    Console(file=out, force_terminal=True, color_system="truecolor", width=4000).print(text)
    return out.getvalue()


@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_title_is_only_text(title: str) -> None:
    """No escape, no link, no markup of its making reaches the terminal."""
    made = alert(headline=title, sentence=title, url=title, actors=(title,), places=(title,))
    safe = alert(headline="x", sentence="x", url="x", actors=("x",), places=("x",))

    for text, plain in (
        (lines.story_text(made, [made], NOW), lines.story_text(safe, [safe], NOW)),
        (lines.alert_cells(made, NOW)[4], lines.alert_cells(safe, NOW)[4]),
        (lines.alert_cells(made, NOW)[3], lines.alert_cells(safe, NOW)[3]),
    ):
        assert drawn(text).count("\x1b") == drawn(plain).count("\x1b")
        assert text.plain.count("\n") == plain.plain.count("\n")
        assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in
                       text.plain.replace("\n", ""))  # fmt: skip


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://gazette.example/1", True),
        ("http://gazette.example/1", True),
        ("javascript:alert(1)", False),
        ("file:///etc/passwd", False),
        ("http://[::1", False),
        ("https://gazette.example/\x1b]8;;https://elsewhere.example\x07", True),
    ],
)
def test_only_a_web_address_becomes_a_link(url: str, linked: bool) -> None:
    """And it is the one that is shown."""
    style = lines.link_style(url)

    assert bool(style.link) == linked
    assert "\x1b" not in (style.link or "")


def test_rows_sort_by_every_column() -> None:
    """Each sort puts what it names first; equal rows keep the order of their keys."""
    made = Board()
    made.add(count("deployment:IS", today=4, before=60))
    made.add(count("drill:AL", today=2))
    made.add(count("drill:NO", today=6, before=6))
    rows = made.rows(NOW)
    first = {sort: lines.sorted_rows(rows, sort)[0].key for sort in lines.SORTS}

    assert first == {
        "24h": "drill:NO",
        "1h": "drill:NO",
        "7d": "deployment:IS",
        "vs usual": "drill:NO",
        "where": "drill:AL",
        "seen": "deployment:IS",
    }


@pytest.mark.parametrize("words", [["norway"], ["is", "gazette"], ["happened"], ["soldiers"], []])
def test_a_filter_finds_names_codes_outlets_and_words(words: list[str]) -> None:
    """All words must be somewhere."""
    assert lines.alert_matches(alert(), words)
    assert not lines.alert_matches(alert(), [*words, "chad"])


def test_the_flow_is_told_in_a_line() -> None:
    """Broker, speed, lag, dead letters, feeds; trouble alone when there is some."""
    made = board()

    assert lines.flow_line(made, NOW).plain == (
        "● broker  1.5 articles/s  lag 0  dead 0  feeds 1 failing 1 ok"
    )
    made.trouble = "nobody answers"
    assert lines.flow_line(made, NOW).plain == "no broker: nobody answers; trying again"
    assert lines.flow_line(Board(), NOW).plain == "reading the topics …"


def test_a_story_shows_the_claim_and_its_denial() -> None:
    """With the key that opens it, the evidence and its address."""
    made = board()
    text = lines.story_text(made.alerts[CLAIM], made.thread(CLAIM), NOW).plain

    assert "[1] denied by: NO → IS  Oslo denies sending soldiers" in text
    assert "“Norway sent 120 soldiers to Iceland on Monday.”" in text
    assert "https://gazette.example/1" in text
    text = lines.story_text(made.alerts[DENIAL], made.thread(DENIAL), NOW).plain
    assert "[1] denies: NO → IS  Norway sends soldiers to Iceland" in text


def test_a_feed_is_told_in_a_line() -> None:
    """When it was polled, when it is due, and what came."""
    cells = [cell.plain for cell in lines.feed_cells(feed(), NOW, wide=True)]

    assert cells == ["gazette", "ok", "new", "1 min", "4 min", "·", "1 min", "gazette.example"]


@pytest.mark.parametrize(
    ("change", "text"), [(None, "new"), (0.0, "×0.0"), (2.54, "×2.5"), (31.4, "×31")]
)
def test_the_change_in_few_characters(change: float | None, text: str) -> None:
    """One decimal while it says something."""
    assert lines.change_text(change).plain == text


@pytest.mark.parametrize("encoding", ["ascii", "iso8859-1", "cp1252", None])
def test_a_terminal_without_utf_8_gets_a_sparkline_of_ascii(encoding: str | None) -> None:
    """As high as with blocks; a terminal with UTF-8 gets blocks."""
    bars = bars_for(encoding)

    assert sparkline([0, 1, 4, 8], bars) == " .=@"
    assert bars_for("utf-8") == bars_for("UTF-8") == BARS
    row = board().rows(NOW)[0]
    assert lines.count_cells(row, None, NOW, wide=False, bars=bars)[6].plain.isascii()
