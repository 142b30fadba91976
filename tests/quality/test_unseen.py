"""The sentences kept out of training."""

from __future__ import annotations

from monitor.detect import load_detector
from monitor.messages import Label, Status
from tests.quality.unseen import read_unseen, rows
from training.tables import CAPTURED, READ, key, read_labels, read_statuses


def test_training_does_not_know_them():
    unseen = read_unseen()

    assert len(unseen) > 500
    assert not unseen.keys() & {*read_labels(READ), *read_labels(CAPTURED), *read_statuses()}


def test_every_line_has_known_labels_and_a_status_where_there_is_an_event():
    for row in read_unseen().values():
        assert set(row["labels"]) <= {label.value for label in Label}
        event = {"deployment", "drill"} & set(row["labels"])
        assert [item["status"] in set(Status) for item in row["attrs"]] == [True] * bool(event)


def test_they_are_found_by_their_hashes_once_each(tmp_path):
    known = "The ministry sent two brigades to the border on Monday."
    for language, text in (("en", f"{known} It rained."), ("ru", ""), ("uk", "")):
        (tmp_path / language).mkdir()
        for name in ("a.txt", "b.txt"):
            (tmp_path / language / name).write_text(text, encoding="utf-8")
    said = {key(known): {"labels": ["deployment"], "sure": True, "attrs": []}}

    found = list(rows(load_detector(), tmp_path, said))

    assert [(row["text"], row["labels"]) for row in found] == [(known, ["deployment"])]
