"""What all messages share: how they are written and read, what names them, what times are."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Annotated, ClassVar, Self

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from monitor.errors import MessageError


def _utc(value: object) -> object:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time needs its zone")
        return value.astimezone(UTC)
    return value


UtcTime = Annotated[datetime, BeforeValidator(_utc)]
"""An aware datetime in UTC. A time without a zone is refused."""


def make_id(*parts: str) -> str:
    """Name a thing by what it is: 20 hex digits of SHA-256 over the parts, the same for ever."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]


class Part(BaseModel):
    """A piece of a message: frozen, unknown fields ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)


class Message(Part):
    """A value on a topic. `ce_type` is its CloudEvents type."""

    ce_type: ClassVar[str]

    def encode(self) -> bytes:
        """Write the value as JSON bytes; the same message gives the same bytes."""
        return orjson.dumps(self.model_dump(mode="python"), option=orjson.OPT_UTC_Z)

    @classmethod
    def decode(cls, raw: bytes | None) -> Self:
        """Read a value.

        Raises:
            MessageError: The bytes are no JSON object, or a field is missing or wrong.
        """
        try:
            return cls.model_validate(orjson.loads(raw or b""))
        except orjson.JSONDecodeError as exc:
            raise MessageError(cls.__name__, f"no JSON ({exc})") from exc
        except ValidationError as exc:
            first = exc.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "value"
            raise MessageError(cls.__name__, f"{place}: {first['msg']}") from exc

    @property
    def record_key(self) -> str | None:
        """The record key."""
        return None

    @property
    def event_id(self) -> str:
        """The CloudEvents id: equal for every repeat of the same fact."""
        raise NotImplementedError

    @property
    def time(self) -> datetime | None:
        """The CloudEvents time: when the thing happened for newsmon."""
        return None

    def headers(self) -> list[tuple[str, bytes]]:
        """Return the CloudEvents attributes, binary mode."""
        attributes = {
            "ce_specversion": "1.0",
            "ce_type": self.ce_type,
            "ce_source": "/newsmon",
            "ce_id": self.event_id,
            "content-type": "application/json",
        }
        if self.time:
            attributes["ce_time"] = self.time.isoformat().replace("+00:00", "Z")
        return [(name, value.encode()) for name, value in attributes.items()]
