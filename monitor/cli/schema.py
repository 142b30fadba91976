"""`newsmon schema`: the contract with subscribers, printed or kept in files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import orjson

from monitor.contract import MODELS, asyncapi, schema_of
from monitor.errors import ConfigError, MachineError

_ASYNCAPI = "asyncapi.json"


def register(commands: Any) -> None:  # noqa: ANN401 - argparse's own private class
    """Add the command."""
    parser = commands.add_parser(
        "schema",
        help="print the contract: JSON Schema of a message, or AsyncAPI of all",
        description="Print the JSON Schema of a message's value; without a message the AsyncAPI "
        "3.0 document of all topics. Both are made from the code that reads and writes them.",
    )
    parser.add_argument("message", nargs="?", choices=[*MODELS], help="the message")
    files = parser.add_mutually_exclusive_group()
    files.add_argument("--write", type=Path, metavar="DIR", help="write all of it as files")
    files.add_argument("--check", type=Path, metavar="DIR", help="exit 1 where files are stale")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print, write or check."""
    if args.message and (args.write or args.check):
        raise ConfigError("--write and --check take all messages, expected no message beside them")
    if args.write:
        return _write(args.write)
    if args.check:
        return _check(args.check)
    document = schema_of(MODELS[args.message]) if args.message else asyncapi()
    print(_text(document).decode(), end="")
    return 0


def contract_files() -> dict[str, bytes]:
    """Return every file of the contract by its name."""
    schemas = {f"{m.ce_type.removeprefix('newsmon.')}.json": schema_of(m) for m in MODELS.values()}
    return {name: _text(it) for name, it in ({_ASYNCAPI: asyncapi()} | schemas).items()}


def _text(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _write(folder: Path) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in contract_files().items():
            (folder / name).write_bytes(text)
    except OSError as exc:
        raise MachineError(f"{exc.filename}: cannot be written ({exc.strerror})") from exc
    return 0


def _check(folder: Path) -> int:
    wanted = contract_files()
    there = {path.name: path for path in folder.glob("*.json")}
    stale = [
        name for name in wanted if name not in there or there[name].read_bytes() != wanted[name]
    ]
    stale += sorted(there.keys() - wanted.keys())
    if stale:
        names = ", ".join(str(folder / name) for name in stale)
        raise MachineError(f"stale: {names}; make them anew with `newsmon schema --write {folder}`")
    return 0
