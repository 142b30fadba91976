"""Logs: one line an event, UTC, `key=value`, to stderr.

`newsmon up` collects the stderr of every role into `<data dir>/logs/<role>.log`, with rotation.
"""

from __future__ import annotations

import logging
import logging.config
import time
from typing import Any

QUIET = ("aiokafka", "faust", "mode", "agents", "asyncio", "charset_normalizer")
"""Libraries whose ordinary lines help nobody: from them only warnings pass."""


class UtcFormatter(logging.Formatter):
    """Formats times in UTC and keeps every record on one line."""

    converter = staticmethod(time.gmtime)
    default_msec_format = "%s.%03d"

    def format(self, record: logging.LogRecord) -> str:
        """Write the record; line breaks of a traceback become ` | `."""
        return super().format(record).replace("\n", " | ")


def log_config(level: str) -> dict[str, Any]:
    """Return the logging configuration of a role, for `logging.config.dictConfig`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": UtcFormatter,
                "format": "%(asctime)sZ %(levelname)-7s %(name)s: %(message)s",
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"level": level.upper(), "handlers": ["stderr"]},
        "loggers": {name: {"level": "WARNING"} for name in QUIET},
    }


def configure(level: str) -> None:
    """Set up the logs of this process.

    Args:
        level: `debug`, `info`, `warning` or `error`.
    """
    logging.config.dictConfig(log_config(level))
