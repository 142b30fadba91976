"""Windows over the live view: a story, and the keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static


class TextWindow(ModalScreen[str]):
    """A text to read; ends with the id of a linked story to go on with, or with nothing.

    Attributes:
        links: Ids of the stories behind the keys 1 to 9.
    """

    DEFAULT_CSS = """
    TextWindow { align: center middle; }
    TextWindow > VerticalScroll {
        width: 90%; max-width: 110; height: auto; max-height: 90%;
        border: round $primary; padding: 0 1; background: $surface;
        border-subtitle-color: $text-muted;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter,question_mark", "leave", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
        *(Binding(str(n), f"follow({n})", show=False) for n in range(1, 10)),
    ]

    def __init__(self, text: Text, links: Sequence[str] = ()) -> None:
        super().__init__()
        self._text = text
        self.links = links

    def compose(self) -> ComposeResult:
        """Make the window."""
        window = VerticalScroll(Static(self._text))
        more = "  1-9 linked story" if self.links else ""
        window.border_subtitle = f"Esc back  ↑↓ scroll{more}"
        yield window

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss("")

    def action_scroll(self, lines: int) -> None:
        """Scroll by a line."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_follow(self, number: int) -> None:
        """Go on with a linked story."""
        if number <= len(self.links):
            self.dismiss(self.links[number - 1])
