"""The data directory's own record: its format, and the newsmon that wrote it last.

    <data_dir>/newsmon.json     {"format": 1, "newsmon": "0.1.0"}

The record speaks for the folder. The workers' tables stand on Kafka, perhaps on another machine,
so each of their rows has a format number of its own (`agents/parts.py`).
"""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from monitor.errors import FormatError, MachineError

FORMAT = 1
"""Grows when an older newsmon could no longer use the folder. 0 is a folder from before there was
a record; all that becomes of it is that it gets one."""

_FILE = "newsmon.json"


class _Record(BaseModel):
    format: int = Field(ge=1, strict=True)
    newsmon: str


def claim(data_dir: Path) -> None:
    """Make the data directory, or take on the one that is there; write down that it was us.

    Raises:
        FormatError: A newer newsmon has written it; nothing in it was touched.
        MachineError: It cannot be read or written, or its record is damaged.
    """
    path = data_dir / _FILE
    found = _read(path)
    if found and found.format > FORMAT:
        raise FormatError(
            f"{data_dir}: written by newsmon {found.newsmon} in format {found.format}; newsmon"
            f" {version('newsmon')} knows format {FORMAT} and older. Use newsmon {found.newsmon} or"
            " newer, or another data directory (--data-dir)"
        )
    ours = _Record(format=FORMAT, newsmon=version("newsmon"))
    if found != ours:
        _write(path, ours)


def _read(path: Path) -> _Record | None:
    try:
        return _Record.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise MachineError(f"{path}: cannot be read ({exc.strerror})") from exc
    except ValidationError as exc:
        raise MachineError(
            f"{path}: damaged, expected the format and the version of newsmon; if the data is of"
            f" newsmon {version('newsmon')} or older, delete this file: it is written anew"
        ) from exc


def _write(path: Path, record: _Record) -> None:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # for our eyes only
        with part.open("w", encoding="utf-8") as file:
            file.write(record.model_dump_json() + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as exc:
        raise MachineError(
            f"{path.parent}: the data directory cannot be written ({exc.strerror}); choose another"
            " one with --data-dir or NEWSMON_DATA_DIR"
        ) from exc
