"""The lease: a worker writes only while it is surely a member of its group."""

from __future__ import annotations

import asyncio

import pytest

from agents.lease import Lease


class Ended(BaseException):
    """What stands for the end of the process."""


class Desk:
    """A lease of ten seconds, a clock that is set by hand, and an end that can be seen."""

    def __init__(self) -> None:
        self.time = 100.0
        self.lease = Lease(10, lambda: self.time, self._end)

    def _end(self, reason: str):
        raise Ended(reason)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_before_the_first_join_there_is_nothing_to_lose(desk: Desk) -> None:
    """Also where a join had to be tried twice."""
    desk.lease.lose()
    desk.time += 1000
    desk.lease.check()
    asyncio.run(desk.lease.held())


def test_it_runs_from_the_moment_at_which_the_heartbeat_was_sent(desk: Desk) -> None:
    """The answer may come late; the coordinator counts from when it was asked."""
    desk.lease.renew(100)
    desk.time = 105
    desk.lease.renew(101)
    assert desk.lease.left_s == 6
    desk.lease.renew(95)  # an answer that was overtaken takes nothing away
    assert desk.lease.left_s == 6


def test_a_write_after_it_has_run_out_ends_the_process(desk: Desk) -> None:
    desk.lease.renew(100)
    desk.time = 110
    with pytest.raises(Ended):
        desk.lease.check()


def test_a_sender_waits_until_it_is_back(desk: Desk) -> None:
    """A broker that was away knows its members still."""

    async def flow() -> None:
        desk.lease.renew(100)
        desk.time = 111
        waiting = asyncio.create_task(desk.lease.held())
        await asyncio.sleep(0.1)
        assert not waiting.done()
        desk.lease.renew(111)
        await asyncio.wait_for(waiting, 5)

    asyncio.run(flow())


def test_an_expelled_member_ends_even_after_it_has_joined_again(desk: Desk) -> None:
    """What it has in hand belongs to another."""
    desk.lease.renew(100)
    desk.lease.lose()
    desk.lease.renew(100)
    with pytest.raises(Ended):
        asyncio.run(desk.lease.held())
    with pytest.raises(Ended):
        desk.lease.check()


def test_an_answer_in_time_is_handed_on(desk: Desk) -> None:
    async def answer() -> int:
        return 7

    desk.lease.renew(100)
    assert asyncio.run(desk.lease.within(answer(), 5)) == 7


def test_the_fault_of_a_send_is_handed_on(desk: Desk) -> None:
    async def refuse() -> None:
        raise ValueError("refused")

    with pytest.raises(ValueError, match="refused"):
        asyncio.run(desk.lease.within(refuse(), 5))


def test_no_answer_while_it_holds_is_a_time_out(desk: Desk) -> None:
    async def flow() -> None:
        desk.lease.renew(100)
        desk.time += 0.01
        with pytest.raises(TimeoutError):
            await desk.lease.within(asyncio.get_running_loop().create_future(), 0)

    asyncio.run(flow())


def test_no_answer_before_it_runs_out_ends_the_process(desk: Desk) -> None:
    """The broker may still take the record, when others have gone on."""

    async def flow() -> None:
        desk.lease.renew(100)
        desk.time = 109.95
        sent = asyncio.get_running_loop().create_future()
        waiting = asyncio.create_task(desk.lease.within(sent, 60))
        await asyncio.sleep(0)
        desk.time = 110
        with pytest.raises(Ended):
            await waiting

    asyncio.run(flow())
