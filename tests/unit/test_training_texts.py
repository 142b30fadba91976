"""Public texts: any file gives its sentences, and those that a reader has labelled are printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training import texts as texts_
from training.tables import key

SENTENCE = "Three brigades moved to the border on Monday, the ministry said."


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("posts.json", json.dumps([{"text": SENTENCE}, {"text": None}, {"id": 7}])),
        ("articles.csv", f'title,text\nHeadline,"{SENTENCE}"\n'),
        ("articles.tsv", f"Headline\t{SENTENCE}\n"),
        ("article.txt", SENTENCE),
        ("day.md", f"# News\n* {SENTENCE}\n"),
        ("page.js", f"export const text = `{SENTENCE}`"),
        ("page.tsx", f"text: '{SENTENCE}',"),
    ],
)
def test_a_file_gives_its_texts(tmp_path: Path, name: str, content: str) -> None:
    """Of each kind of file."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert SENTENCE in list(texts_.texts(path))


def test_json_of_another_shape_is_refused(tmp_path: Path) -> None:
    """With the file's name and what was expected."""
    path = tmp_path / "posts.json"
    path.write_text('{"text": "One object."}', encoding="utf-8")
    with pytest.raises(SystemExit, match=r"posts\.json: not a list of objects"):
        list(texts_.texts(path))


def test_signs_that_stand_apart_are_joined(tmp_path: Path) -> None:
    """And remains of HTML become signs again."""
    path = tmp_path / "news.csv"
    path.write_text('"France #39;s troops left Mali , it said ."\n', encoding="utf-8")
    assert list(texts_.texts(path)) == ["France's troops left Mali, it said."]


def test_only_what_a_reader_has_labelled_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its labels, once, though it stands there twice."""
    path, read = tmp_path / "posts.json", tmp_path / "read.tsv"
    other = "The navy sent two frigates to the strait."
    path.write_text(json.dumps([{"text": f"{SENTENCE} {other}"}, {"text": SENTENCE}]), "utf-8")
    read.write_text(f"{key(SENTENCE)}\tdeployment\t?\n", "utf-8")
    monkeypatch.setattr(texts_, "READ", read)
    monkeypatch.setattr("sys.argv", ["texts", "--language", "en", str(path)])

    texts_.main()

    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (row["text"], row["labels"], row["sure"]) == (SENTENCE, ["deployment"], False)
