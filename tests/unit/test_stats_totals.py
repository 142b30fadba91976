"""Counts per label and per actor as the command shows them."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

from rich.console import Console

from monitor.stats.totals import summed, totals_json, totals_table
from tests.unit.build_mentions import T0, totals


def test_an_actor_is_counted_over_all_places() -> None:
    """Reports and stories are added up; an outlet that told of both places is one outlet."""
    now = T0 + timedelta(minutes=5)
    counts = totals_json(summed(totals(), "actor"), now)["counts"]
    week = {count["key"]: count["windows"]["7d"] for count in counts}
    assert week == {
        "actor:SE": {"mentions": 3, "outlets": 2, "stories": 2},
        "actor:DK": {"mentions": 1, "outlets": 1, "stories": 1},
    }


def test_a_label_is_counted_over_all_places_and_rolls_out_of_the_hour() -> None:
    """The windows are as of the moment of reading, without new events."""
    later = T0 + timedelta(hours=3)
    (count,) = totals_json(summed(totals(), "label"), later)["counts"]
    assert count["key"] == "label:deployment"
    assert (count["windows"]["1h"]["mentions"], count["windows"]["24h"]["mentions"]) == (0, 3)


def test_the_table_has_a_row_for_each_key_and_says_when_there_is_none() -> None:
    """The busiest comes first."""
    screen = Console(file=StringIO(), width=100)
    now = T0 + timedelta(minutes=5)
    screen.print(totals_table(summed(totals(), "actor"), "actor", now, 50))
    screen.print(totals_table([], "actor", now, 50))
    text = screen.file.getvalue()  # type: ignore[attr-defined]
    assert text.index("SE") < text.index("DK") < text.index("nothing yet")
