"""Dates as feeds write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.dates import parse_date

READ = {
    "Thu, 28 Jul 2022 10:00:00 GMT": "2022-07-28T10:00:00",
    "Thu,28 Jul 2022 10:00:00 GMT": "2022-07-28T10:00:00",
    "Thu, 28 Jul 2022 10:00:00 EST": "2022-07-28T15:00:00",
    "Thu, 28 Jul 2022 10:00:00 MSK": "2022-07-28T07:00:00",
    "Thu, 28 Jul 2022 10:00:00 KST": "2022-07-28T01:00:00",
    "Thu, 28 Jul 2022 10:00:00 CEST": "2022-07-28T08:00:00",
    "Thu, 28 Jul 2022 10:00:00 +0300": "2022-07-28T07:00:00",
    "Thu, 28 Jul 2022 10:00:00": "2022-07-28T10:00:00",
    "Thu, 28 July 2022 10:00 GMT": "2022-07-28T10:00:00",
    "Thu, 28 Jul 22 10:00 GMT": "2022-07-28T10:00:00",
    "Thu, 28 Jul 2022 24:00:00 GMT": "2022-07-29T00:00:00",
    "Thu Jul 28 10:00:00 2022": "2022-07-28T10:00:00",
    "Sun, 17 Dec 2017 1:55 PM EST": "2017-12-17T18:55:00",
    "Sat, Oct 28 2023 08:28:28 PM": "2023-10-28T20:28:28",
    "Mon, 17 Feb 2026 12:05 AM": "2026-02-17T00:05:00",
    "Sat Oct 06 2018 00:00:00 GMT+0000 (UTC)": "2018-10-06T00:00:00",
    "Wed Feb 18 2026 09:30:00 GMT+0200 (Eastern European Time)": "2026-02-18T07:30:00",
    "2022-07-28T10:00:00": "2022-07-28T10:00:00",
    "2022-07-28 10:00:00": "2022-07-28T10:00:00",
    "2022-07-28T10:00:00.123+02:00": "2022-07-28T08:00:00",
    "2026-02-17T17:36:00+00:00Z": "2026-02-17T17:36:00",
    "2026-02-17T17:36Z": "2026-02-17T17:36:00",
    "2026-02-17": "2026-02-17T00:00:00",
    "2026-02": "2026-02-01T00:00:00",
    "20260217T173600Z": "2026-02-17T17:36:00",
    "20260217173600": "2026-02-17T17:36:00",
    "2020/1/10 14:33": "2020-01-10T14:33:00",
    "28.07.2022 10:00": "2022-07-28T10:00:00",
    "31/12/2019 10:00": "2019-12-31T10:00:00",
    "Fri, 05/03/2019 - 12:54": "2019-05-03T12:54:00",
    "2022年07月28日 10:00": "2022-07-28T10:00:00",
    "1659002400": "2022-07-28T10:00:00",
    "1659002400000": "2022-07-28T10:00:00",
    "jeu., 28 juil. 2022 10:00:00 +0200": "2022-07-28T08:00:00",
    "mar., 02 août 2022 10:00:00 +0200": "2022-08-02T08:00:00",
    "Seg, 24 Set 2018 14:00:00 -0300": "2018-09-24T17:00:00",
    "Пт, 28 июл 2022 10:00:00 +0300": "2022-07-28T07:00:00",
    "28 липня 2022, 10:00": "2022-07-28T10:00:00",
    "28 ліпеня 2022 10:00": "2022-07-28T10:00:00",
    "28 sierpnia 2022 10:00": "2022-08-28T10:00:00",
    "28 Ağustos 2022 10:00": "2022-08-28T10:00:00",
    "28. März 2022, 10:00": "2022-03-28T10:00:00",
    "28 de agosto de 2022 10:00": "2022-08-28T10:00:00",
    "28 luglio 2022 10:00": "2022-07-28T10:00:00",
    "28 يوليو 2022 10:00": "2022-07-28T10:00:00",
    "٢٨ يوليو ٢٠٢٢ ١٠:٠٠": "2022-07-28T10:00:00",
    "2022-07-28 오후 3:05": "2022-07-28T15:05:00",
    "Thu, 28 Jul 2022 10:00:00 Europe/Kyiv": "2022-07-28",
}
REFUSED = [
    "", "yesterday", "12", "0000-00-00 00:00:00", "Mon, 01 Jan 0001 00:00:00 +0000",
    "Thu, 01 Jan 1970 00:00:00 GMT", "05/03/2019", "18/01/30 00:00", "2022-13-45", "2022-02-30",
    "32 Jul 2022 10:00", "28 Jul 2022 25:61", "99999999999999999999", "10:00", "Jul 2022",
    "2150-01-01", "1520", "²0²2", "Thu, 28 Jul 2022 10:00:00 +9900",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_dates_are_read(text: str, expected: str) -> None:
    """Each form, with its zone."""
    found = parse_date(text)
    assert found is not None
    assert datetime.fromtimestamp(found, UTC).isoformat().startswith(expected)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_date_or_two_is_refused(text: str) -> None:
    """Nothing is guessed."""
    assert parse_date(text) is None


@given(st.text(max_size=80) | st.from_regex(r"[0-9 :/.,+-]{0,40}(GMT|PM|Jul|июл)?[0-9 ]{0,9}"))
def test_any_text_gives_a_plausible_date_or_none(text: str) -> None:
    """No text raises, and no result is out of range."""
    found = parse_date(text)
    assert found is None or 788_918_400 - 90_000 <= found < 4_133_980_800


@given(st.datetimes(datetime(1996, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_what_python_writes_is_read_back(moment: datetime) -> None:
    """ISO 8601 and RFC 822, to the second."""
    moment = moment.replace(microsecond=0)
    for text in (moment.isoformat(), moment.strftime("%a, %d %b %Y %H:%M:%S +0000")):
        assert parse_date(text) == int(moment.timestamp())
