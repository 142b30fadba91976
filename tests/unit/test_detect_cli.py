"""`newsmon detect` and `newsmon explain`."""

import io
import json
import sys

import pytest

from monitor.cli import main

LINES = [
    {"id": "1", "title": "", "text": "Russia sent 500 troops to Syria.", "language": "en"},
    {"id": "2", "title": None, "text": None},
]


@pytest.fixture
def answer(monkeypatch, capfdbinary, tmp_path):
    monkeypatch.setenv("NEWSMON_DATA_DIR", str(tmp_path))

    def run(*lines: bytes) -> tuple[int, list[dict]]:
        stdin = io.TextIOWrapper(io.BytesIO(b"\n".join(lines) + b"\n"))
        monkeypatch.setattr(sys, "stdin", stdin)
        code = main(["detect", "--jsonl", "-"])
        return code, [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]

    return run


def test_each_line_is_answered_in_order(answer):
    """Id and mentions, with the fields of the contract."""
    code, found = answer(*(json.dumps(line).encode() for line in LINES))
    assert code == 0
    assert [line["id"] for line in found] == ["1", "2"]
    assert found[1]["mentions"] == []
    (mention,) = found[0]["mentions"]
    assert mention["label"] == "deployment"
    assert LINES[0]["text"][mention["start"] : mention["end"]] == LINES[0]["text"]
    needed = {"field", "status", "cue", "actors", "places", "speaker", "claim", "score"}
    assert needed <= set(mention)


@pytest.mark.parametrize(
    "line",
    [b"{", b"[]", b'{"title": "x"}', b'{"id": "7", "text": 5}', b"\xff\xfe", b'"text"', b"1e999"],
)
def test_a_bad_line_is_named_and_the_rest_goes_on(answer, line):
    """An error for that line, answers for the others, exit code 1."""
    code, found = answer(line, json.dumps(LINES[0]).encode())
    assert code == 1
    assert "error" in found[0]
    assert found[1]["id"] == "1"


def test_half_a_character_is_an_answer_and_no_crash(answer):
    """A lone surrogate in JSON cannot be text: said so for that line."""
    code, found = answer(b'{"id": "1", "text": "troops \\ud800 left"}')
    assert (code, found[0]["id"]) == (0, "1")


def test_explain_says_why(capsys):
    """Gate, scores beside both thresholds, what decided, and the words of the attributes."""
    assert main(["explain", "Russia sent 500 troops to Syria. The bakery opened."]) == 0
    out = capsys.readouterr().out
    for words in (
        "gate       troop",
        "alert",
        "log-odds encoder",
        "decided by score",
        "'Syria'",
        "500",
    ):
        assert words in out
    assert "no word of the gate" in out


def test_explain_of_another_language_says_so(capsys):
    """Not silence."""
    assert main(["explain", "軍隊は去った"]) == 0
    assert "nothing to explain" in capsys.readouterr().out
