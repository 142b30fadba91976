"""A table of which only the lines on the screen are ever drawn, so that its length costs nothing.

The cursor holds to a key, not to a line: it stays on its row when the order changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from rich.cells import set_cell_size
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        title: Its head.
        width: Its width in characters; 0 takes what the others leave.
        right: Whether its text stands at the right.
    """

    title: str
    width: int = 0
    right: bool = False


class Grid(ScrollView, Generic[Thing], can_focus=True):
    """A table with a head that stays, a cursor, and rows of any number."""

    DEFAULT_CSS = """
    Grid { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; overflow-x: hidden; }
    Grid .grid--head { color: $text-muted; text-style: bold; }
    Grid .grid--here { text-style: bold; }
    Grid:focus .grid--here { background: $primary 40%; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"grid--head", "grid--here"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home,g", "move(-1000000)", show=False),
        Binding("end,G", "move(1000000)", show=False),
        Binding("enter", "choose", "Open"),
    ]

    class Chosen(Message):
        """A row was opened."""

        def __init__(self, grid: Grid[Any], key: str) -> None:
            super().__init__()
            self.grid = grid
            self.key = key

        @property
        def control(self) -> Grid[Any]:
            """The table."""
            return self.grid

    def __init__(self, **kwargs: str) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]  # id and classes only
        self._empty = ""
        self._columns: Sequence[Column] = ()
        self._things: Sequence[Thing] = ()
        self._keys: list[str] = []
        self._draw: Callable[[Thing], list[Text]] = lambda _: []
        self._key = ""
        self._shown: list[Strip] = []
        self._strips: dict[str, tuple[object, Strip]] = {}
        self._given: tuple[str, bool] | None = None
        self._named: dict[str, Style] = {}

    def fill(
        self,
        columns: Sequence[Column],
        things: Sequence[Thing],
        keys: list[str],
        draw: Callable[[Thing], list[Text]],
        empty: str,
    ) -> None:
        """Show these things.

        Args:
            columns: The columns; one at least has no width of its own.
            things: What is shown, a line each.
            keys: The name of each.
            draw: Gives the cells of one; called for what is on the screen only.
            empty: What stands there when there is nothing.
        """
        self._columns, self._things, self._keys, self._draw = columns, things, keys, draw
        self._empty = empty
        if self._key not in keys:
            self._key = keys[min(self._line(), len(keys) - 1)] if keys else ""
        size = Size(self.size.width, len(keys) + 1)
        if size != self.virtual_size:
            self.virtual_size = size
        self._repaint()

    @property
    def chosen(self) -> str:
        """The key under the cursor."""
        return self._key

    def action_move(self, lines: int) -> None:
        """Move the cursor."""
        if self._keys:
            line = min(max(self._line() + lines, 0), len(self._keys) - 1)
            self._key = self._keys[line]
            # The head covers the first line, so a row needs the one above it free as well.
            self.scroll_to_region(Region(0, line, 1, 2), animate=False, force=True)
            self.refresh()

    def action_page(self, pages: int) -> None:
        """Move the cursor by a screen."""
        self.action_move(pages * max(1, self.size.height - 2))

    def action_choose(self) -> None:
        """Open the row under the cursor."""
        if self._key:
            self.post_message(self.Chosen(self, self._key))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; on a second click open the row."""
        line = event.y - 1 + self.scroll_offset.y
        if event.y and line < len(self._keys):
            again = self._keys[line] == self._key
            self._key = self._keys[line]
            self.refresh()
            if again:
                self.action_choose()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the screen."""
        return self._drawn(y, self._styles())

    def _repaint(self) -> None:
        """Have those lines drawn that look different now: most of them do not."""
        styles, width, before = self._styles(), self.size.width, self._shown
        self._shown = [self._drawn(y, styles) for y in range(self.size.height)]
        first = self.scroll_offset.y
        shown = self._keys[first : first + self.size.height]
        self._strips = {key: self._strips[key] for key in shown if key in self._strips}
        old = (*before, *[None] * (len(self._shown) - len(before)))
        changed = [y for y, strip in enumerate(self._shown) if old[y] != strip]
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def _styles(self) -> dict[str, Style]:
        given = (self.app.theme, self.has_focus)
        if self._given != given:
            parts = ("grid--head", "grid--here")
            named = {part: self.get_component_rich_style(part) for part in parts}
            self._given, self._named = given, {"": self.rich_style, **named}
        return self._named

    def _drawn(self, y: int, styles: dict[str, Style]) -> Strip:
        width = self.size.width
        if y == 0:
            titles = [Text(column.title) for column in self._columns]
            return self._laid_out(titles, width, styles["grid--head"])
        line = y - 1 + self.scroll_offset.y
        if line >= len(self._things):
            text = Text(self._empty if line == 0 else "", "dim")
            return Strip(_pieces(text, width, styles[""]), width)
        key, cells = self._keys[line], self._draw(self._things[line])
        style = styles["grid--here" if key == self._key else ""]
        look = (cells, style, width, self._columns)
        known = self._strips.get(key)
        if known is None or known[0] != look:  # laying out costs most: only what is new
            known = self._strips[key] = (look, self._laid_out(cells, width, style))
        return known[1]

    def _line(self) -> int:
        try:
            return self._keys.index(self._key)
        except ValueError:
            return max(0, self.scroll_offset.y)

    def _laid_out(self, cells: Sequence[Text], width: int, style: Style) -> Strip:
        fixed = sum(column.width for column in self._columns) + len(self._columns) - 1
        rest = max(4, width - fixed - 1)
        pieces: list[Segment] = []
        for column, cell in zip(self._columns, cells, strict=True):
            pieces += _pieces(cell, column.width or rest, style, right=column.right)
            pieces.append(Segment(" ", style))
        # Pieces that look the same become one: what comes after costs by the piece.
        return Strip(Segment.simplify(pieces)).adjust_cell_length(width, style)


_CONSOLE = Console(width=1000, color_system="truecolor", force_terminal=True)
"""Only looks up the names of styles; it never prints."""


def _pieces(cell: Text, size: int, style: Style, *, right: bool = False) -> list[Segment]:
    """Cut or pad a cell to `size`; `style` gives way to what the cell says itself."""
    own = style + _CONSOLE.get_style(cell.style)
    if cell.spans:
        cell = cell.copy()
        cell.truncate(size, overflow="ellipsis", pad=True)
        pieces = cell.render(_CONSOLE, end="")
        return [Segment(text, own + said if said else own) for text, said, _ in pieces]
    text, length = cell.plain, cell.cell_len
    if length > size:
        text = set_cell_size(text, size - 1) + "…"
    else:
        text = " " * (size - length) + text if right else text + " " * (size - length)
    return [Segment(text, own)]
