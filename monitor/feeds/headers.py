"""What the headers of an answer ask of us. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

_MAX_AGE = re.compile(r"(?<![\w-])max-age\s*=\s*\"?(\d{1,10})", re.IGNORECASE)


def floor_seconds(headers: Mapping[str, str]) -> float:
    """Return for how long the answer stays fresh: `max-age` less `Age`, else `Expires` less `Date`.

    Args:
        headers: By lower-case name.

    Returns:
        Seconds, 0 where nothing is said.
    """
    control = headers.get("cache-control", "")
    if "no-cache" in control.lower() or "no-store" in control.lower():
        return 0.0
    if match := _MAX_AGE.search(control):
        age = headers.get("age", "").strip()[:10]
        return max(0.0, float(match[1]) - (int(age) if age.isascii() and age.isdigit() else 0))
    if expires := _http_date(headers.get("expires")):
        return max(0.0, expires - (_http_date(headers.get("date")) or expires))
    return 0.0


def retry_after_seconds(headers: Mapping[str, str], now: float) -> float | None:
    """Read `Retry-After`, seconds or a date; None where there is none that can be read."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:10])
    moment = _http_date(value)
    return max(0.0, moment - now) if moment else None


def is_challenge(headers: Mapping[str, str]) -> bool:
    """Tell whether the answer is a bot check in place of the document."""
    return "challenge" in headers.get("cf-mitigated", "").lower()


def _http_date(value: str | None) -> float | None:
    if not value:
        return None
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
