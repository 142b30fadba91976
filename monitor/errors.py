"""The error tree.

Every error that a user can cause is a `NewsmonError`: the command line prints its text as one
line and exits with `exit_code`, never with a traceback.

    NewsmonError
    ├── ConfigError        settings, feeds or policy files; carries every fault found
    ├── MachineError       Java, disk, ports, downloads: the machine lacks something
    ├── BrokerError        no broker, or one that cannot be used
    ├── MessageError       bytes on a topic that are no valid message
    ├── ModelError         the detector's weights are missing or damaged
    ├── FormatError        data or tables that this newsmon cannot go on with
    └── FeedError          one feed, one poll
        ├── FetchError     no usable HTTP answer
        └── ParseError     bytes that are no feed
"""

from __future__ import annotations

from collections.abc import Sequence


class NewsmonError(Exception):
    """Base of all errors with a text that a user can act on."""

    exit_code = 1


class ConfigError(NewsmonError):
    """Wrong usage or configuration.

    Attributes:
        faults: One text per fault, each naming file, key and what was expected.
    """

    exit_code = 2

    def __init__(self, faults: str | Sequence[str]) -> None:
        self.faults: tuple[str, ...] = (faults,) if isinstance(faults, str) else tuple(faults)
        super().__init__("\n".join(self.faults))


class MachineError(NewsmonError):
    """The machine lacks something: Java, a free port, disk space, a download."""


class BrokerError(NewsmonError):
    """There is no broker, or it cannot be used as asked."""


class MessageError(NewsmonError):
    """Bytes that are no valid message of the expected kind.

    Attributes:
        model: Name of the message class that was expected.
    """

    def __init__(self, model: str, why: str) -> None:
        self.model = model
        super().__init__(f"not a valid {model}: {why}")


class ModelError(NewsmonError):
    """The detector's weights are missing, damaged or of another version."""

    exit_code = 2


class FormatError(NewsmonError):
    """Data or tables that this newsmon cannot go on with, for instance of another format.

    Starting it again does not help.
    """

    exit_code = 2


class FeedError(NewsmonError):
    """One poll of one feed went wrong.

    Attributes:
        outcome: A word from a bounded set, fit for a metric label: for instance `timeout`,
            `dns`, `tls`, `http_404`, `private_address`, `too_large`, `not_a_feed`.
    """

    def __init__(self, outcome: str, why: str) -> None:
        self.outcome = outcome
        super().__init__(f"{outcome}: {why}")


class FetchError(FeedError):
    """No usable HTTP answer came."""


class ParseError(FeedError):
    """The bytes that came are not a feed."""
