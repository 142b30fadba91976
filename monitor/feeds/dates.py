"""Dates as feeds write them, in a few thousand ways. Pure.

A date is read or refused, never guessed: `05/03/2019` alone is refused, with a weekday that fits
only one reading it is read. A time without a zone is UTC, as is a zone name that nobody knows.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

FIRST_YEAR, LAST_YEAR = 1995, 2100

_ZONES = {
    "utc": 0, "gmt": 0, "ut": 0, "uct": 0, "z": 0, "wet": 0, "west": 60, "bst": 60, "cet": 60,
    "met": 60, "mez": 60, "cest": 120, "mesz": 120, "mest": 120, "eet": 120, "cat": 120,
    "sast": 120, "wat": 60, "eest": 180, "msk": 180, "msd": 240, "trt": 180, "eat": 180,
    "idt": 180, "irst": 210, "gst": 240, "samt": 240, "aft": 270, "pkt": 300, "uzt": 300,
    "yekt": 300, "ist": 330, "npt": 345, "bdt": 360, "almt": 360, "omst": 360, "mmt": 390,
    "ict": 420, "wib": 420, "krat": 420, "hkt": 480, "sgt": 480, "myt": 480, "pht": 480,
    "awst": 480, "wita": 480, "irkt": 480, "jst": 540, "kst": 540, "wit": 540, "yakt": 540,
    "acst": 570, "aest": 600, "vlat": 600, "acdt": 630, "aedt": 660, "nzst": 720, "nzdt": 780,
    "nst": -210, "ndt": -150, "ast": -240, "adt": -180, "est": -300, "edt": -240, "cst": -360,
    "cdt": -300, "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "akst": -540, "akdt": -480,
    "hst": -600, "brt": -180, "brst": -120, "art": -180, "clt": -240, "clst": -180, "cot": -300,
    "pet": -300, "vet": -240, "et": -300, "ct": -360, "mt": -420, "pt": -480,
}  # fmt: skip
"""Minutes east of UTC. Where a name means several zones, the one that news feeds mean."""

_MONTH_NAMES = (
    "jan january январь января янв січень січня січ студзень студзеня студз styczen stycznia"
    " sty ocak oca janvier janv januar janner enero ene janeiro gennaio gen يناير كانون_الثاني",
    "feb february февраль февраля фев февр лютий лютого лют лютага люты luty lutego subat sub"
    " fevrier fevr fev februar feber febrero fevereiro febbraio فبراير شباط",
    "mar march март марта мар березень березня бер сакавик сакавика сак marzec marca mart"
    " mars marz maerz mrz marzo março marco مارس آذار اذار",
    "apr april апрель апреля апр квітень квітня квіт квi красавік красавіка крас kwiecien"
    " kwietnia kwi nisan nis avril avr abril abr aprile أبريل ابريل نيسان",
    "may май мая травень травня трав тра травеня maj maja mayis mai mayo maio mag maggio مايو"
    " أيار ايار",
    "jun june июнь июня июн червень червня черв чер чэрвень чэрвеня чэрв czerwiec czerwca cze"
    " haziran haz juin juni junio junho giugno giu يونيو حزيران",
    "jul july июль июля июл липень липня лип ліпень ліпеня ліп lipiec lipca lip temmuz tem"
    " juillet juil juli julio julho luglio lug يوليو تموز",
    "aug august август августа авг серпень серпня серп сер жнівень жніўня жнів sierpien"
    " sierpnia sie agustos agu aout agosto ago أغسطس اغسطس آب",
    "sep sept september сентябрь сентября сен сент вересень вересня вер верасень верасня"
    " верас wrzesien wrzesnia wrz eylul eyl septembre septiembre setembro settembre set سبتمبر"
    " أيلول ايلول",
    "oct october октябрь октября окт жовтень жовтня жовт жов кастрычнік кастрычніка каст"
    " pazdziernik pazdziernika paz ekim eki octobre oktober okt octubre outubro out ottobre"
    " ott أكتوبر اكتوبر تشرين_الأول",
    "nov november ноябрь ноября ноя нояб листопад листопада лист лис лістапад лістапада ліст"
    " listopad listopada lis kasim kas novembre noviembre novembro نوفمبر تشرين_الثاني",
    "dec december декабрь декабря дек грудень грудня груд гру снежань снежня снеж grudzien"
    " grudnia gru aralik ara decembre dezember dez diciembre dic dezembro dicembre ديسمبر"
    " كانون_الأول",
)
_PLAIN = str.maketrans(
    "áàâäãåçéèêëíìîïıñóòôöõúùûüşğąćęłńśźż", "aaaaaaceeeeiiiiinooooouuuusgacelnszz"
)
_MONTHS = {
    name.translate(_PLAIN): number
    for number, names in enumerate(_MONTH_NAMES, 1)
    for name in names.split()
}
_WEEKDAYS = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}

_DIGITS = {ord(char): str(i % 10) for i, char in enumerate("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९")}
_TIME = re.compile(
    r"(?P<before>오전|오후|上午|下午)?\s*(?<![\d:])(\d{1,2})[:時时](\d{1,2})"
    r"(?:[:分](\d{1,2})(?:[.,]\d{1,9})?秒?)?(?![\d:])"
    r"(?:\s*(?P<after>[ap](?=\.?\s?m\b)|[صم](?!\w))(?:\.?\s?m\b\.?)?)?",
    re.IGNORECASE,
)
_HALVES = {"a": 0, "p": 12, "오전": 0, "오후": 12, "上午": 0, "下午": 12, "ص": 0, "م": 12}
_OFFSET = re.compile(r"(?<![\d-])([+\-\u2212])\s?(\d{1,2}):?(\d{2})?(?![\d:-])")
_NAMED_ZONE = re.compile(r"\b[A-Z][a-z]+/[A-Z][A-Za-z_]+\b")
_ISO = re.compile(
    r"(\d{4})(?:-(\d\d?)(?:-(\d\d?))?|(\d\d)(\d\d)|-?(\d{3}))?"
    r"(?:(?:[Tt]|\s*(?=\d))(\d\d?)(?::?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?)?)?"
    r"\s*([Zz]|[+-]\d\d:?(?:\d\d)?)?[Zz]?"
)
_YEAR_FIRST = re.compile(r"(\d{4})[/.年\-]\s?(\d{1,2})[/.月\-]\s?(\d{1,2})日?(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})\.(\d{1,2})\.(\d{4})(?!\d)")
_SLASHES = re.compile(r"(?<!\d)(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?!\d)")
_WORD = re.compile(r"[^\W\d_]+(?:_[^\W\d_]+)*")
_NUMBER = re.compile(r"(?<![\d:.])(\d{1,4})(?![\d:])")


@lru_cache(maxsize=4096)
def parse_date(text: str) -> int | None:
    """Read a date.

    Args:
        text: As a feed has it, in any of the catalogue's languages.

    Returns:
        Unix seconds; None where it is no date, may mean two, or is before 1995 or after 2100.
    """
    text = " ".join(text.translate(_DIGITS).split())[:120]
    if not any(char.isdigit() for char in text):
        return None
    try:
        moment = _unix(text) or _iso(text) or _worded(text)
    except (ValueError, OverflowError):
        return None
    if moment is None or not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    return int(moment.timestamp())


def _unix(text: str) -> datetime | None:
    if not re.fullmatch(r"\d{9,10}(?:\.\d+)?|\d{12,13}", text):
        return None
    seconds = float(text)
    if seconds > 1e11:  # milliseconds
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC)


def _iso(text: str) -> datetime | None:
    if re.fullmatch(r"\d{14}", text):
        text = f"{text[:8]}T{text[8:]}"
    match = _ISO.fullmatch(text)
    if not match:
        return None
    year, dash_month, dash_day, month, day, ordinal, hour, minute, second, zone = match.groups()
    if ordinal:
        when = datetime(int(year), 1, 1) + timedelta(days=int(ordinal) - 1)  # noqa: DTZ001
        if when.year != int(year):
            return None
    else:
        when = datetime(int(year), int(dash_month or month or 1), int(dash_day or day or 1))  # noqa: DTZ001
    return _at(when.date(), hour or 0, minute or 0, second or 0, _offset_minutes(zone))


def _worded(text: str) -> datetime | None:
    """Read what has a month name, or three numbers whose order is beyond doubt."""
    match = _TIME.search(text)
    if not match:
        day = _numeric_day(text) or _named_day(text)
        return _at(day, 0, 0, 0, 0) if day else None
    head, tail = text[: match.start()], text[match.end() :]
    zone, tail = _zone(tail)
    rest = f"{head} {tail}"
    day = _numeric_day(rest) or _named_day(rest)
    hour = int(match[2])
    half = match["before"] or match["after"]
    if half and hour <= 12:
        hour = hour % 12 + _HALVES[half.lower()]
    return _at(day, hour, match[3], match[4] or 0, zone) if day else None


def _zone(tail: str) -> tuple[int, str]:
    """Find the zone in what follows the time: minutes east, and the text without it."""
    if match := _OFFSET.search(tail):
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        return (minutes if match[1] == "+" else -minutes), tail.replace(match[0], " ", 1)
    if match := _NAMED_ZONE.search(tail):
        return _named_zone(match[0]), tail.replace(match[0], " ", 1)
    for word in _WORD.findall(tail):
        if word.lower() in _ZONES:
            return _ZONES[word.lower()], tail.replace(word, " ", 1)
    return 0, tail


def _named_zone(name: str) -> int:
    try:
        offset = ZoneInfo(name).utcoffset(datetime.now(UTC))
    except (OSError, ValueError, KeyError):
        return 0
    return int(offset.total_seconds() // 60) if offset else 0


def _numeric_day(text: str) -> date | None:
    if match := _YEAR_FIRST.search(text):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := _DAY_FIRST.search(text):
        return date(int(match[3]), int(match[2]), int(match[1]))
    if match := _SLASHES.search(text):
        return _either_way(int(match[1]), int(match[2]), int(match[3]), _weekday(text))
    return None


def _either_way(first: int, second: int, year: int, weekday: int | None) -> date | None:
    readings = set()
    for day, month in ((first, second), (second, first)):
        if 1 <= month <= 12 and 1 <= day <= 31:
            readings.add(date(year, month, day))
    if len(readings) > 1 and weekday is not None:
        readings = {reading for reading in readings if reading.weekday() == weekday}
    return readings.pop() if len(readings) == 1 else None


def _weekday(text: str) -> int | None:
    words = (word[:3].lower() for word in _WORD.findall(text))
    return next((_WEEKDAYS[word] for word in words if word in _WEEKDAYS), None)


def _named_day(text: str) -> date | None:
    words = [word.lower().translate(_PLAIN) for word in _WORD.findall(text)]
    # The last one: "mar., 28 juil." begins with a weekday.
    month = next((_MONTHS[word] for word in reversed(words) if word in _MONTHS), None)
    numbers = _NUMBER.findall(text)
    years = [number for number in numbers if len(number) == 4]
    days = [number for number in numbers if len(number) <= 2]
    if month is None or not days:
        return None
    if years:
        return date(int(years[0]), month, int(days[0]))
    if len(days) == 2:  # RFC 822: day, month, year of two digits
        year = int(days[1])
        return date(year + (2000 if year < 70 else 1900), month, int(days[0]))
    return None


def _offset_minutes(zone: str | None) -> int:
    if not zone or zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return -minutes if zone[0] == "-" else minutes


def _at(
    day: date, hour: str | int, minute: str | int, second: str | int, zone: int
) -> datetime | None:
    hour, minute, second = int(hour), int(minute), min(int(second), 59)
    if abs(zone) > 14 * 60 + 30:
        return None
    extra = timedelta(days=1) if hour == 24 and minute == 0 else timedelta()
    start = datetime(day.year, day.month, day.day, 0 if extra else hour, minute, second, tzinfo=UTC)
    return start + extra - timedelta(minutes=zone)
