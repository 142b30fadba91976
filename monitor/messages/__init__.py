"""The messages on the topics: what they hold, how they are written, what names them.

The value of a Kafka record is the model as JSON (orjson); its attributes travel as CloudEvents
1.0 headers in binary mode. Times are aware UTC datetimes, RFC 3339 on the wire. Countries are
ISO 3166-1 alpha-2; seas, alliances and armed groups have the codes of `config/gazetteer`.

A reader ignores fields that it does not know: a schema change adds an optional field, a changed
meaning is a new topic version.
"""

from monitor.messages.alert import Alert, AlertCounts, AlertEvidence, Codes, Severity, StatusChange
from monitor.messages.article import Article
from monitor.messages.base import Message, Part, UtcTime, make_id
from monitor.messages.count import Bucket, Count, WindowCount
from monitor.messages.dead_letter import DeadLetter
from monitor.messages.mention import (
    UNKNOWN_PLACE,
    Entity,
    Evidence,
    Label,
    Mention,
    Quantity,
    Status,
)
from monitor.messages.total import Total

__all__ = [
    "UNKNOWN_PLACE",
    "Alert",
    "AlertCounts",
    "AlertEvidence",
    "Article",
    "Bucket",
    "Codes",
    "Count",
    "DeadLetter",
    "Entity",
    "Evidence",
    "Label",
    "Mention",
    "Message",
    "Part",
    "Quantity",
    "Severity",
    "Status",
    "StatusChange",
    "Total",
    "UtcTime",
    "WindowCount",
    "make_id",
]
