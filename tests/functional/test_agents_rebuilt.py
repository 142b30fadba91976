"""Tables of other builds are refused; tables made anew tell nobody anything twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agents.alert import Alerting
from agents.formats import FORMAT, refuse_unreadable
from agents.parts import PartedRows
from monitor.alerts import Policy
from monitor.errors import FormatError
from monitor.kafka.told import Told
from monitor.messages import Mention, Status, make_id
from monitor.topics import ALERTS, partition_of
from tests.fakes import FakeOutbox, FakeTable
from tests.samples import NOW, mention

HERE = partition_of("IS")


def report(n: int, status: Status = Status.PLANNED) -> Mention:
    return mention(
        article_id=make_id("article", str(n)),
        status=status,
        outlet=f"Outlet {n}",
        sentence=f"Norway may send {n} soldiers to the island.",
        seen_at=NOW + timedelta(hours=n),
        published_at=NOW + timedelta(hours=n),
    )


REPORTS = [report(0), report(1), report(2, Status.HAPPENED), report(3, Status.ENDED)]


async def tell(told: Told, reports: list[Mention]) -> list[Any]:
    """Return the alerts that a worker with empty tables sends."""
    outbox = FakeOutbox()
    alerting = Alerting(FakeTable(), Policy(), outbox, told)  # type: ignore[arg-type]
    for offset, each in enumerate(reports):
        await alerting.take(each, offset)
    return outbox.of(ALERTS)


async def test_what_was_told_is_not_told_again_and_the_next_news_is() -> None:
    """With marks behind the third report only the fourth one's alert is sent, as it would be."""
    everything = await tell(Told(), REPORTS)
    first = await tell(Told(), REPORTS[:3])

    again = await tell(Told({HERE: 3}, {first[-1].id: first[-1].revision}), REPORTS)

    assert len(first) >= 2
    assert again == everything[len(first) :]
    assert again


async def test_no_revision_is_smaller_than_one_that_was_told() -> None:
    """Where the old build had told more revisions, the next one is above all of them."""
    first = await tell(Told(), REPORTS[:3])

    (alert,) = await tell(Told({HERE: 3}, {first[-1].id: 40}), REPORTS)

    assert (alert.revision, alert.status) == (41, Status.ENDED)


async def test_marks_of_another_partition_say_nothing() -> None:
    """They are by partition, as offsets are."""
    assert await tell(Told({HERE + 1: 9}), REPORTS) == await tell(Told(), REPORTS)


async def test_rows_carry_their_format_and_are_read_again() -> None:
    """What this build writes it reads; so are rows of before there was a number."""
    table = FakeTable()
    await PartedRows(table).write("IS", {"offset": 1}, {"a": 1})
    before = {"head": {"offset": 1}, "fresh": {}, "gone": []}

    refuse_unreadable("stories", table)
    refuse_unreadable("counts", {"drill:IS": before, "drill:IS\tpart": "of any shape"})
    refuse_unreadable("seen", {"id": [1_770_000_000, 3]})

    assert table["IS"]["format"] == FORMAT


@pytest.mark.parametrize(
    ("table", "rows", "why"),
    [
        ("stories", {"IS": {"now": 1.0, "stories": []}}, r"stories-changelog.*'IS'.*older"),
        ("counts", {"a": [1, 2]}, r"counts-changelog.*older"),
        (
            "stories",
            {"IS": {"format": FORMAT + 1, "head": {}, "fresh": {}, "gone": []}},
            rf"format {FORMAT + 1}, this newsmon reads format {FORMAT}",
        ),
        ("seen", {"id": 1_770_000_000}, "another newsmon"),
        ("seen", {"id": [1_770_000_000]}, "another newsmon"),
    ],
)
def test_rows_of_another_build_are_named_with_what_helps(
    table: str, rows: dict[str, Any], why: str
) -> None:
    """Topic, row, and the command that makes the tables anew."""
    with pytest.raises(FormatError, match=why) as caught:
        refuse_unreadable(table, rows)
    assert "newsmon reset --state" in str(caught.value)
    assert caught.value.exit_code == 2
