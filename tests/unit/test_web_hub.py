"""Live events: who gets what after a break."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.web.hub import MOST_READERS, MOST_WAITING, RELOAD, Hub, frame_of


def ids(frames: bytes) -> list[str]:
    """Return the ids of the events."""
    lines = frames.decode().splitlines()
    return [line.removeprefix("id: ") for line in lines if line.startswith("id: ")]


def data(frames: bytes) -> list[str]:
    """Return the data of the events."""
    lines = frames.decode().splitlines()
    return [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]


@given(
    places=st.lists(st.integers(0, 3), max_size=40),
    break_at=st.integers(0, 40),
)
def test_a_page_that_comes_back_misses_nothing_and_gets_nothing_twice(
    places: list[int], break_at: int
) -> None:
    """Whatever the partitions, what was sent before the break and after it is all of it."""
    hub = Hub()
    offsets = [0, 0, 0, 0]
    sent, position = [], hub.position
    for number, partition in enumerate(places):
        if number == break_at:
            position = hub.position
        hub.alert(partition, offsets[partition], str(number).encode())
        offsets[partition] += 1
        sent.append(str(number))

    if break_at < len(places):
        assert data(hub.after(position)) == sent[break_at:]
    assert hub.after(hub.position) == b""


def test_an_event_carries_the_position_after_it() -> None:
    """So that the browser's Last-Event-ID is where to go on."""
    hub = Hub()
    hub.alert(1, 7, b"x")
    hub.alert(0, 3, b"y")

    assert hub.position == "4.8"
    assert ids(hub.after("3.7")) == ["0.8", "4.8"]


def test_a_page_opened_before_the_first_alert_gets_it() -> None:
    """Its position is the beginning, not nothing."""
    hub = Hub()
    position = hub.position
    hub.alert(2, 0, b"x")

    assert data(hub.after(position)) == ["x"]
    assert hub.after("") == b""


def test_a_page_that_never_saw_a_partition_loads_anew_when_it_begins_late() -> None:
    """Records before the first one that was read may have been missed."""
    hub = Hub()
    hub.alert(1, 7, b"x")

    assert hub.after("0.0") == RELOAD


def test_a_record_that_is_read_again_is_not_sent_again() -> None:
    """The board is read twice at the start; readers see each alert once."""
    hub = Hub()
    hub.alert(0, 0, b"x")
    hub.alert(0, 0, b"x")

    assert data(hub.after("0")) == ["x"]


@pytest.mark.parametrize("position", ["0.5", "x", "1..2", "-1", "٣", "9" * 40, "99.99", "1.2.3\n"])
def test_a_position_that_is_too_old_or_none_at_all_means_reload(position: str) -> None:
    """Also one from another cluster, which lies ahead of ours."""
    hub = Hub(kept=2)
    for offset in range(5):
        hub.alert(0, offset, b"x")

    assert hub.after(position) == RELOAD


def test_memory_is_bounded() -> None:
    """Only so many alerts are kept for pages that come back."""
    hub = Hub(kept=10)
    for offset in range(1000):
        hub.alert(0, offset, b"x")

    assert len(ids(hub.after("990"))) == 10
    assert hub.after("989") == RELOAD


async def test_a_slow_reader_is_sent_to_the_newest_state() -> None:
    """Its queue never grows beyond the bound, and the others are not disturbed."""
    hub = Hub()
    slow, quick = hub.open(), hub.open()
    assert slow
    assert quick
    got = b""
    for offset in range(MOST_WAITING + 5):
        hub.alert(0, offset, str(offset).encode())
        got += await quick.take(0.1)

    frames = await slow.take(0.1)

    assert frames.startswith(RELOAD)
    assert len(ids(frames)) == 4
    assert slow.dropped == 1
    assert len(ids(got)) == MOST_WAITING + 5


async def test_nothing_comes_when_nothing_happens() -> None:
    """Then it is time for a heartbeat."""
    reader = Hub().open()
    assert reader

    assert await reader.take(0.01) == b""


async def test_a_waiting_reader_wakes_at_once() -> None:
    """An event ends the wait."""
    hub = Hub()
    reader = hub.open()
    assert reader
    waiting = asyncio.create_task(reader.take(5))
    await asyncio.sleep(0)
    hub.tell("state", b"{}")

    assert await asyncio.wait_for(waiting, 0.5) == frame_of("state", b"{}")


def test_readers_are_bounded() -> None:
    """One too many is told so; one that leaves makes room."""
    hub = Hub()
    readers = [hub.open() for _ in range(MOST_READERS)]

    assert all(readers)
    assert hub.open() is None
    assert readers[0]
    hub.close(readers[0])
    assert hub.open()
