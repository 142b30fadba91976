"""A secret, and where it comes from. Nothing here logs, and no error carries the secret."""

from __future__ import annotations

from pathlib import Path

from monitor.errors import ConfigError


class Secret:
    """A text that is never shown: not by `repr`, not by `str`, not in a traceback."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __bool__(self) -> bool:
        return bool(self._value)

    def reveal(self) -> str:
        """Return the text itself."""
        return self._value


def read_secret(key: str, value: str, path: Path | None) -> Secret:
    """Return a secret: the value, else the first line of the file; without both it is empty.

    Args:
        key: The setting's name, as `slack.bot_token`; the file's is the same with `_file`.
        value: What the setting holds.
        path: The file that holds the secret; blanks around the line do not count.

    Raises:
        ConfigError: The file cannot be read, or is empty.
    """
    if not value and path:
        try:
            value = path.expanduser().read_text("utf-8").partition("\n")[0].strip()
        except (OSError, UnicodeDecodeError) as exc:
            why = exc.strerror if isinstance(exc, OSError) else "no text"
            raise ConfigError(f"{key}_file: {path}: cannot be read ({why})") from None
        if not value:
            raise ConfigError(f"{key}_file: {path}: is empty")
    return Secret(value)
