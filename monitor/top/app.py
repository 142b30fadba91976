"""`newsmon top`: the live view. Twice a second it shows what the board holds."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, Input, Static

from monitor.feeds.condition import CONDITIONS, FeedHealth
from monitor.messages import Alert
from monitor.stats.board import Board
from monitor.stats.row import Row
from monitor.stats.table import BARS
from monitor.top import columns, lines
from monitor.top.grid import Grid
from monitor.top.story import TextWindow

_REFRESH_S = 0.5
SMALLEST = (80, 24)


class TopApp(App[None]):
    """The live view of a board that somebody else fills."""

    TITLE = "newsmon"
    ENABLE_COMMAND_PALETTE = False
    CSS_PATH = "look.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("s", "sort", "Sort"),
        Binding("space", "freeze", "Freeze"),
        Binding("f", "feeds", "Feeds"),
        Binding("d", "theme", "Dark/light"),
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("q", "quit", "Quit"),
        Binding("ctrl+c", "quit", show=False, priority=True),
        Binding("escape", "clear", show=False),
    ]

    def __init__(
        self,
        board: Board,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        hint: Callable[[], str] = lambda: "",
        bars: str = BARS,
    ) -> None:
        """Make the view.

        Args:
            board: What is shown.
            clock: Gives the time, UTC.
            hint: A text for the right of the first line, such as the page's address.
            bars: The characters of a sparkline.
        """
        super().__init__()
        self.board = board
        self.sort = lines.SORTS[0]
        self.frozen = False
        self._clock = clock
        self._hint = hint
        self._bars = bars
        self._words: list[str] = []
        self._said: dict[str, Text] = {}
        self._height = 0

    def compose(self) -> ComposeResult:
        """Make the widgets."""
        with Horizontal(id="head"):
            yield Static(id="flow")
            yield Static(id="note")
        yield Static(id="small")
        with Vertical(id="main"):
            yield Grid[Row](id="counts")
            yield Grid[Alert](id="alerts")
        yield Grid[FeedHealth](id="feeds")
        yield Input(placeholder="words; Enter keeps, Esc clears", id="filter")
        yield Footer()

    def on_mount(self) -> None:
        """Begin."""
        if os.environ.get("COLORFGBG", "").rpartition(";")[2] in ("7", "15"):
            self.theme = "textual-light"
        self.query_one("#counts").focus()
        self.set_interval(_REFRESH_S, self.tick)
        self.tick()

    def on_resize(self, event: events.Resize) -> None:
        """Say so where the terminal is too small."""
        width, height = event.size
        self.screen.set_class(width < SMALLEST[0] or height < SMALLEST[1], "small")
        self.query_one("#small", Static).update(
            f"{width}×{height} characters are too few; {SMALLEST[0]}×{SMALLEST[1]} are needed"
        )
        self.call_after_refresh(self.tick)

    def tick(self) -> None:
        """Show what the board holds now."""
        if not self.is_running or len(self.screen_stack) > 1:
            return
        now = self._clock()
        self._say("#flow", lines.flow_line(self.board, now), layout=False)
        self._say("#note", Text(self._note()), layout=True)
        if not self.frozen:
            self._fill(now)

    def _say(self, where: str, text: Text, *, layout: bool) -> None:
        # A new layout is dear: only when there is something new, and its width may differ.
        if self._said.get(where) != text:
            self._said[where] = text
            self.query_one(where, Static).update(text, layout=layout)

    def _empty(self, thing: str) -> str:
        return f"no {thing} has these words" if self._words else f"no {thing} yet"

    def _note(self) -> str:
        parts = [f"sort {self.sort}"] if self.sort != lines.SORTS[0] else []
        parts += [f"filter {' '.join(self._words)}"] if self._words else []
        parts += ["FROZEN"] if self.frozen else []
        return "  ".join(parts) or self._hint()

    def _fill(self, now: datetime) -> None:
        wide = self.size.width >= lines.WIDE
        if self.screen.has_class("feeds"):
            self._fill_feeds(now, wide)
            return
        rows = self.board.rows(now)
        if self._words:
            rows = [row for row in rows if lines.row_matches(row, self._words)]
        if self.sort != lines.SORTS[0]:  # the board's own order
            rows = lines.sorted_rows(rows, self.sort)
        counts = self.query_one("#counts", Grid)
        height = min(max(len(rows), 3) + 1, (self.size.height - 3) * 3 // 5)
        if height != self._height:
            self._height = counts.styles.height = height
        counts.fill(
            columns.counts(wide, self.sort),
            rows,
            [row.key for row in rows],
            lambda row: lines.count_cells(
                row, self.board.newest_alert(row.key), now, wide, self._bars
            ),
            self._empty("report"),
        )
        alerts = self.board.latest_alerts(self.board.kept_alerts)
        if self._words:
            alerts = [alert for alert in alerts if lines.alert_matches(alert, self._words)]
        self.query_one("#alerts", Grid).fill(
            columns.ALERTS_WIDE if wide else columns.ALERTS,
            alerts,
            [alert.id for alert in alerts],
            lambda alert: lines.alert_cells(alert, now),
            self._empty("alert"),
        )

    def _fill_feeds(self, now: datetime, wide: bool) -> None:
        feeds = [f for f in self.board.feeds.values() if lines.feed_matches(f, self._words)]
        feeds.sort(key=lambda feed: (CONDITIONS.index(feed.condition(now)), feed.feed_id))
        self.query_one("#feeds", Grid).fill(
            columns.FEEDS_WIDE if wide else columns.FEEDS,
            feeds,
            [feed.feed_id for feed in feeds],
            lambda feed: lines.feed_cells(feed, now, wide),
            self._empty("feed"),
        )

    @on(Grid.Chosen, "#counts")
    def open_row(self, event: Grid.Chosen) -> None:
        """Open the newest story of a row."""
        alert = self.board.newest_alert(event.key)
        if alert:
            self.open_story(alert.id)
        else:
            self.notify("no alert of this row is remembered")

    @on(Grid.Chosen, "#alerts")
    def open_alert(self, event: Grid.Chosen) -> None:
        """Open an alert's story."""
        self.open_story(event.key)

    def open_story(self, story_id: str | None) -> None:
        """Show a story and its thread."""
        alert = self.board.alerts.get(story_id or "")
        if alert:
            thread = self.board.thread(alert.id)
            text = lines.story_text(alert, thread, self._clock())
            links = [other.id for other in thread]
            self.push_screen(TextWindow(text, links), self.open_story)

    def action_filter(self) -> None:
        """Ask for words."""
        self.screen.add_class("filtering")
        self.query_one("#filter").focus()

    @on(Input.Changed, "#filter")
    def take_words(self, event: Input.Changed) -> None:
        """Filter while typing."""
        self._words = event.value.lower().split()
        self.tick()

    @on(Input.Submitted, "#filter")
    def keep_words(self) -> None:
        """Go back to the table; the filter stays."""
        self.screen.remove_class("filtering")
        self._focus_table()

    def action_clear(self) -> None:
        """Forget the filter; without one leave the feeds."""
        if self._words or self.screen.has_class("filtering"):
            self.query_one("#filter", Input).value = ""
            self.keep_words()
        elif self.screen.has_class("feeds"):
            self.action_feeds()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.sort = lines.SORTS[(lines.SORTS.index(self.sort) + 1) % len(lines.SORTS)]
        self.tick()

    def action_freeze(self) -> None:
        """Stop, or go on."""
        self.frozen = not self.frozen
        self.tick()

    def action_feeds(self) -> None:
        """Show the feeds, or the tables again."""
        self.screen.toggle_class("feeds")
        self._focus_table()
        self.tick()

    def action_theme(self) -> None:
        """Change between dark and light."""
        self.theme = "textual-light" if self.current_theme.dark else "textual-dark"

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(TextWindow(lines.help_text(columns.KEYS)))

    def _focus_table(self) -> None:
        self.query_one("#feeds" if self.screen.has_class("feeds") else "#counts").focus()
