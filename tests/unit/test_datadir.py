"""The data directory's record: whose it is, and what is refused."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from monitor.datadir import FORMAT, claim
from monitor.errors import FormatError, MachineError


def record(folder: Path) -> dict[str, object]:
    return orjson.loads((folder / "newsmon.json").read_bytes())


def test_a_new_folder_and_one_without_a_record_get_one(tmp_path: Path) -> None:
    """The folder is made; what stands in an older one stays."""
    claim(tmp_path / "new" / "folder")
    old = tmp_path / "old"
    old.mkdir()
    (old / "broker.json").write_text("{}")
    claim(old)

    assert record(tmp_path / "new" / "folder")["format"] == FORMAT
    assert record(old)["format"] == FORMAT
    assert sorted(path.name for path in old.iterdir()) == ["broker.json", "newsmon.json"]


def test_an_older_version_of_the_same_format_is_taken_over(tmp_path: Path) -> None:
    """The record names the newsmon that wrote last, and is left alone when that was us."""
    (tmp_path / "newsmon.json").write_text('{"format": 1, "newsmon": "0.0.1"}')
    claim(tmp_path)
    assert record(tmp_path)["newsmon"] != "0.0.1"
    before = (tmp_path / "newsmon.json").stat().st_ino
    claim(tmp_path)
    assert (tmp_path / "newsmon.json").stat().st_ino == before


def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    """Both versions and the way out are named."""
    text = f'{{"format": {FORMAT + 1}, "newsmon": "9.1.0"}}'
    (tmp_path / "newsmon.json").write_text(text)
    with pytest.raises(FormatError, match=r"newsmon 9\.1\.0 in format 2; .*--data-dir"):
        claim(tmp_path)
    assert (tmp_path / "newsmon.json").read_text() == text


@pytest.mark.parametrize("text", ["", '{"format": 1, "new', '{"format": "1"}', "[]", "\0" * 40])
def test_a_damaged_record_is_named_with_what_to_do(tmp_path: Path, text: str) -> None:
    """Half-written, empty, of another shape, zeros: one line, and nothing is touched."""
    (tmp_path / "newsmon.json").write_text(text)
    with pytest.raises(MachineError, match=r"newsmon\.json: damaged, .*delete this file") as caught:
        claim(tmp_path)
    assert "\n" not in str(caught.value)
    assert (tmp_path / "newsmon.json").read_text() == text


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file stands in the way; also a file where the record's folder should be."""
    (tmp_path / "file").write_text("")
    with pytest.raises(MachineError, match="file"):
        claim(tmp_path / "file" / "folder")


def test_a_new_folder_is_private(tmp_path: Path) -> None:
    """Other users of the machine read neither records nor logs; an old folder stays as it is."""
    old = tmp_path / "old"
    old.mkdir(mode=0o755)

    claim(tmp_path / "new")
    claim(old)

    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    assert old.stat().st_mode & 0o777 == 0o755
