"""Read a configuration file, and say all that is wrong with it at once.

Every file of `config/` that has a model goes through here; `monitor.settings` alone also puts the
environment over it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

from monitor.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)

KeyPath: TypeAlias = tuple[str, ...]
"""Where a key stands: its section, if it has one, then its name."""


def read_toml(path: Path) -> dict[str, object]:
    """Read a TOML file.

    Raises:
        ConfigError: It is missing, unreadable or no TOML.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as exc:
        raise ConfigError(f"{path}: no such file") from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path}: cannot be read ({exc})") from exc
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(f"{path}: no valid TOML: {exc}") from exc


def put_environment(
    data: dict[str, object], model: type[BaseModel], prefix: str, environ: Mapping[str, str]
) -> dict[KeyPath, str]:
    """Put the environment's values over those of the file.

    Args:
        data: What the file says; changed.
        model: Its keys, in sections or not, are the variables that count.
        prefix: What their names begin with.
        environ: The environment.

    Returns:
        The variable of each key that it gave a value; `validate` names it in a fault.
    """
    sources = {key: variable for variable, key in _variables(model, prefix) if variable in environ}
    for key, variable in sources.items():
        _put(data, key, environ[variable])
    return sources


def validate(
    model: type[Model], data: object, path: Path, sources: Mapping[KeyPath, str] | None = None
) -> Model:
    """Check the data of a configuration file against its model.

    Args:
        model: What the file may say.
        data: What it says.
        path: The file, as a fault names it.
        sources: The variables that gave values in its stead, from `put_environment`.

    Raises:
        ConfigError: All faults, each with file, key, what was expected, the nearest known name.
    """
    try:
        return model.model_validate(data)
    except ValidationError as exc:
        raise ConfigError(_faults(exc, model, path, sources or {})) from exc


def _variables(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, KeyPath]]:
    for name, field in model.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            for inner in section.model_fields:
                yield f"{prefix}{name}_{inner}".upper(), (name, inner)
        else:
            yield f"{prefix}{name}".upper(), (name,)


def _put(data: dict[str, object], key: KeyPath, value: str) -> None:
    for part in key[:-1]:
        inner = data.setdefault(part, {})
        if not isinstance(inner, dict):
            return  # the file's own fault is reported by the validation
        data = inner
    data[key[-1]] = value


def _faults(
    exc: ValidationError, model: type[BaseModel], path: Path, sources: Mapping[KeyPath, str]
) -> list[str]:
    faults = []
    for error in exc.errors():
        location = tuple(error["loc"])
        names = tuple(str(part) for part in location)
        text = error["msg"].removeprefix("Value error, ")
        if error["type"] == "extra_forbidden":
            near = get_close_matches(names[-1], _known(model, location[:-1]), n=1)
            text = "unknown key" + (f", did you mean {near[0]!r}?" if near else "")
        elif not _secret(names) and not isinstance(error["input"], Mapping):  # may hold a secret
            text += f", got {error['input']!r}"[:120]
        faults.append(f"{sources.get(names) or f'{path}: {_dotted(location)}'}: {text}")
    return faults


def _secret(names: KeyPath) -> bool:
    return any(word in name for name in names for word in ("token", "webhook", "password"))


def _dotted(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.lstrip(".") or "file"


def _known(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    for part in location:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        inner = [annotation, *getattr(annotation, "__args__", ())]
        found = [t for t in inner if isinstance(t, type) and issubclass(t, BaseModel)]
        if not found:
            return []
        model = found[0]
    return list(model.model_fields)
