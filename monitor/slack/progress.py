"""PURE: which offsets of which partitions are done, so that a commit never jumps over one."""

from __future__ import annotations


class Progress:
    """Records that were taken and not committed yet.

    A later record may be done before an earlier one; the commit waits for the earlier one.
    """

    def __init__(self) -> None:
        self._open: dict[int, dict[int, bool]] = {}

    def take(self, partition: int, offset: int) -> None:
        """Note a record; offsets of a partition come in their order."""
        self._open.setdefault(partition, {})[offset] = False

    def done(self, partition: int, offset: int) -> None:
        """Note that a record's outcome is durable; one that was dropped is ignored."""
        if offset in self._open.get(partition, ()):
            self._open[partition][offset] = True

    def drop(self, partitions: frozenset[int]) -> None:
        """Forget partitions that went to another member."""
        for partition in partitions:
            self._open.pop(partition, None)

    def ready(self) -> dict[int, int]:
        """Return the offset to commit (the one that comes next) by partition; changes nothing."""
        found = {}
        for partition, offsets in self._open.items():
            for offset, done in offsets.items():
                if not done:
                    break
                found[partition] = offset + 1
        return found

    def committed(self, upto: dict[int, int]) -> None:
        """Forget what lies below these offsets."""
        for partition, end in upto.items():
            offsets = self._open.get(partition, {})
            self._open[partition] = {o: done for o, done in offsets.items() if o >= end}

    def __len__(self) -> int:
        return sum(len(offsets) for offsets in self._open.values())
