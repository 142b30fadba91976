"""Line plots as SVG, one panel under the other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP = 760, 180, 60, 130, 30
_COLOURS = ("#0b6e99", "#d9730d", "#0f7b6c", "#6940a5", "#ad1a72", "#64473a", "#787774")


@dataclass(frozen=True)
class Line:
    """A line of a panel; nan leaves a gap.

    Attributes:
        name: What stands beside it.
        values: One for each x.
    """

    name: str
    values: Sequence[float]


def plot(xs: Sequence[float], x_title: str, panels: Mapping[str, Sequence[Line]]) -> str:
    """Draw panels that share the x axis.

    Args:
        xs: Ascending.
        x_title: What x is.
        panels: Lines by the panel's title; each panel begins at 0.
    """
    step = _HEIGHT + _TOP + 10
    drawn = [
        _panel(title, lines, xs, _TOP + number * step)
        for number, (title, lines) in enumerate(panels.items())
    ]
    high, wide = step * len(panels) + 40, _LEFT + _WIDTH + _RIGHT
    place = f'x="{_LEFT + _WIDTH}" y="{high - 12}" text-anchor="end"'
    end = f"<text {place}>{xs[-1]:.0f} {x_title}</text>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
        f"{''.join(drawn)}{end}</svg>\n"
    )


def _panel(title: str, lines: Sequence[Line], xs: Sequence[float], top: float) -> str:
    known = [value for line in lines for value in line.values if not math.isnan(value)]
    most = max(known, default=0) * 1.05 or 1.0
    low = top + _HEIGHT
    parts = [
        f'<text x="{_LEFT}" y="{top - 8}" font-weight="bold">{escape(title)}</text>',
        f'<path d="M{_LEFT} {top}V{low}H{_LEFT + _WIDTH}" fill="none" stroke="#999"/>',
        f'<text x="{_LEFT - 6}" y="{top + 10}" text-anchor="end">{most:.0f}</text>',
        f'<text x="{_LEFT - 6}" y="{low}" text-anchor="end">0</text>',
    ]
    for number, line in enumerate(lines):
        colour = _COLOURS[number % len(_COLOURS)]
        path = _path(xs, line.values, most, low)
        parts += [
            f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>',
            f'<text x="{_LEFT + _WIDTH + 8}" y="{top + 12 + 15 * number}" fill="{colour}">'
            f"{escape(line.name)}</text>",
        ]
    return "".join(parts)


def _path(xs: Sequence[float], values: Sequence[float], most: float, low: float) -> str:
    span = (xs[-1] - xs[0]) or 1.0
    words, pen = [], "M"
    for x, value in zip(xs, values, strict=True):
        if math.isnan(value):
            pen = "M"
            continue
        at = _LEFT + _WIDTH * (x - xs[0]) / span
        words.append(f"{pen}{at:.1f} {low - _HEIGHT * value / most:.1f}")
        pen = "L"
    return "".join(words)
