"""Rows in parts: what is written, what a crash leaves."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.alert import Alerting
from agents.parts import PartedRows
from monitor.alerts import Policy
from tests.fakes import CrashError, FakeOutbox, FakeTable
from tests.unit.build_mentions import mention

NAMES = ("a", "b", "c", "d")
Step = dict[str, int | None]


def whole(table: FakeTable) -> dict[str, Any]:
    """Read the row with all its parts."""
    rows = PartedRows(table)
    head = rows.head("row")
    return {name: rows.part("row", name) for name in head.get("names", [])} | {"n": head.get("n")}


async def carry_out(table: FakeTable, steps: list[Step], begin: int = 0) -> None:
    """Write each step's parts; None takes a part out."""
    rows = PartedRows(table)
    for number, step in enumerate(steps[begin:], begin):
        names = list(rows.head("row").get("names", []))
        changed = {name: value for name, value in step.items() if value is not None}
        gone = [name for name, value in step.items() if value is None and name in names]
        names = [*dict.fromkeys([n for n in names if n not in gone] + list(changed))]
        await rows.write("row", {"n": number, "names": names}, changed, gone)


STEPS = st.lists(
    st.dictionaries(st.sampled_from(NAMES), st.none() | st.integers(0, 99), max_size=3),
    min_size=1,
    max_size=8,
)


@given(STEPS, st.integers(1, 8), st.integers(0, 4))
@settings(max_examples=150, deadline=None)
def test_a_row_is_before_or_after_a_write_and_never_between(
    steps: list[Step], crash_at: int, torn: int
) -> None:
    """Die within any write: what is found is a state that was, and going on gives the same end."""
    plain = FakeTable()
    states = [whole(plain)]
    for number in range(len(steps)):
        asyncio.run(carry_out(plain, steps[: number + 1], number))
        states.append(whole(plain))
    struck = FakeTable()
    struck.crash_at, struck.torn = crash_at, torn
    with contextlib.suppress(CrashError):
        asyncio.run(carry_out(struck, steps))
    found = struck.recovered()
    assert whole(found) in states[max(0, min(crash_at, len(steps)) - 1) :]
    done = whole(found)["n"]
    asyncio.run(carry_out(found, steps, 0 if done is None else done + 1))
    assert whole(found) == states[-1]


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_a_part_that_is_gone_leaves_nothing_behind(steps: list[Step]) -> None:
    """After the next write there is one record for the row and at most one for each part."""
    table = FakeTable()
    asyncio.run(carry_out(table, [*steps, {}, {}]))
    names = PartedRows(table).head("row")["names"]
    assert set(table) == {"row", *(f"row\t{name}" for name in names)}


async def test_a_hot_place_writes_a_story_and_not_all_of_them() -> None:
    """With fifty open stories a mention's writes stay far below what the stories take together."""
    table = FakeTable()
    alerting = Alerting(table, Policy(), FakeOutbox())  # type: ignore[arg-type]
    for n in range(200):
        item = mention(f"Column {n} of {n % 50} lorries.", actors=(f"A{n % 50}",), at=n)
        await alerting.take(item, n)
    before = len(table.written)
    await alerting.take(mention("Column 201 of lorries.", actors=("A7",), at=201), 201)
    written = sum(len(value or b"") for _, value in table.written[before:])
    assert written < sum(len(orjson.dumps(value)) for value in table.values()) / 8
    assert len(alerting._rows.head("FI")["stories"]) == 50
