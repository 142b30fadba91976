"""The encoder: what it refuses to load, and what it does with any text."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.detect.card import FORMAT, Card
from monitor.detect.encoder import Encoder
from monitor.detect.pieces import CLS, MAX_SENTENCE, PAD, ROUND, SEP, Pieces, batch
from monitor.detect.scoring import Unit
from monitor.errors import ModelError
from monitor.messages import Label, Status
from tests.unit.detect_doubles import lexicons

MODEL = Path(__file__).parents[2] / "config" / "model"
TABLE = {
    "pieces": [["<s>", -99], ["<pad>", -99], ["</s>", -99], ["<unk>", -99]]
    + [[piece, -1.0] for piece in ("▁", "▁troops", "a", "b", "c")],
    "normal": {"65": "a"},
}


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load(MODEL, lexicons())


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the model's folder, to be damaged."""
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("model.json", Card.read(MODEL / "model.json").file):
        shutil.copyfile(MODEL / name, folder / name)
    return folder


def change(folder: Path, **fields: object) -> None:
    path = folder / "model.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_a_missing_description_is_named(tmp_path: Path) -> None:
    """Without model.json the error names the file."""
    with pytest.raises(ModelError, match=r"model\.json: cannot be read"):
        Encoder.load(tmp_path, lexicons())


def test_missing_weights_are_named(copy: Path) -> None:
    """A description whose weights file is gone is no model."""
    card = Card.read(copy / "model.json")
    (copy / card.file).unlink()
    with pytest.raises(ModelError, match=f"{card.file}: cannot be read"):
        Encoder.load(copy, lexicons())


def test_one_changed_byte_in_the_weights_is_noticed(copy: Path) -> None:
    """The SHA-256 guards every byte."""
    card = Card.read(copy / "model.json")
    raw = bytearray((copy / card.file).read_bytes())
    raw[len(raw) // 2] ^= 1
    (copy / card.file).write_bytes(raw)
    with pytest.raises(ModelError, match=f"expected SHA-256 {card.sha256}, got"):
        Encoder.load(copy, lexicons())


def test_weights_that_are_no_archive_are_refused(copy: Path) -> None:
    """A file with the right digest and the wrong content is still an error of one line."""
    card = Card.read(copy / "model.json")
    (copy / card.file).write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    change(copy, weights={"file": card.file, "sha256": empty})
    with pytest.raises(ModelError, match="not a weights file"):
        Encoder.load(copy, lexicons())


def test_a_description_of_another_format_is_refused(copy: Path) -> None:
    """A model made for other code is named as such."""
    change(copy, format=FORMAT + 1)
    with pytest.raises(ModelError, match=f"expected format {FORMAT}, got {FORMAT + 1}"):
        Encoder.load(copy, lexicons())


@pytest.mark.parametrize("field", ["version", "weights", "exits", "lines", "thresholds"])
def test_a_description_that_lacks_a_field_is_refused(copy: Path, field: str) -> None:
    """Every field is needed."""
    path = copy / "model.json"
    raw = json.loads(path.read_text())
    del raw[field]
    path.write_text(json.dumps(raw))
    with pytest.raises(ModelError, match=f"missing or of the wrong kind.*{field}"):
        Encoder.load(copy, lexicons())


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ({"en": {"encoder": 1.0, "offset": 0.0}}, r"'\*'"),
        ({"*": {"encoder": 1.0}}, "offset"),
        ({"*": {"encoder": 1.0, "offset": 0.0, "moon": 1.0}}, "moon"),
        ({"*": {"encoder": "much", "offset": 0.0}}, "much"),
        ([], "missing or of the wrong kind"),
    ],
)
def test_weights_of_words_in_another_form_are_refused(
    copy: Path, lines: object, named: str
) -> None:
    """Every label needs a line for all languages; a name that nobody knows is a mistake."""
    change(copy, lines={label.value: lines for label in Label})
    with pytest.raises(ModelError, match=named):
        Encoder.load(copy, lexicons())


def test_a_score_is_the_sum_of_its_parts(encoder: Encoder) -> None:
    """What `newsmon explain` shows is what decided."""
    unit = Unit("The ministry denied reports that its frigates had left port.", "No raid, it says")
    (scores,) = encoder.score([unit])
    for label, parts in scores.parts.items():
        assert scores.labels[label] == pytest.approx(
            1 / (1 + math.exp(-sum(parts.values()))), abs=1e-4
        )
    assert {"encoder", "sieve", "military", "charge", "offset"} <= set(scores.parts[Label.DENIAL])


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00"])
def test_a_description_that_is_no_object_is_refused(copy: Path, text: str) -> None:
    """Half a download of model.json gives an error of one line."""
    (copy / "model.json").write_text(text)
    with pytest.raises(ModelError) as caught:
        Encoder.load(copy, lexicons())
    assert "\n" not in str(caught.value)


def test_the_weights_file_cannot_be_named_outside_the_folder(copy: Path) -> None:
    """A path in model.json is cut to its last part."""
    change(copy, weights={"file": "../../etc/passwd", "sha256": "0"})
    assert Card.read(copy / "model.json").file == "passwd"


def test_a_plain_deployment_scores_above_the_alert_threshold(encoder: Encoder) -> None:
    """One clear sentence in each language is a deployment, and no drill."""
    units = [
        Unit("The army sent two brigades to the northern border.", language="en"),
        Unit("Армия направила две бригады к северной границе.", language="ru"),
        Unit("Армія відправила дві бригади до північного кордону.", language="uk"),
    ]
    for unit, scores in zip(units, encoder.score(units), strict=True):
        assert scores.labels[Label.DEPLOYMENT] >= encoder.threshold(Label.DEPLOYMENT, unit.language)
        assert scores.labels[Label.DRILL] < encoder.threshold(Label.DRILL, unit.language)


def test_a_recipe_scores_below_every_threshold(encoder: Encoder) -> None:
    """A sentence of another world is no mention."""
    (scores,) = encoder.score([Unit("Stir the onions until they are soft and golden.")])
    for label in Label:
        assert scores.labels[label] < encoder.threshold(label, "en", "search")


def test_scores_are_shares_and_status_sums_to_one(encoder: Encoder) -> None:
    """Labels are probabilities each, statuses one distribution."""
    (scores,) = encoder.score([Unit("Ten thousand soldiers began war games near the strait.")])
    assert set(scores.labels) == set(Label)
    assert all(0 <= value <= 1 for value in scores.labels.values())
    assert scores.status is not None
    assert set(scores.status) == set(Status)
    assert sum(scores.status.values()) == pytest.approx(1, abs=1e-3)


def test_the_same_units_give_the_same_scores(encoder: Encoder) -> None:
    """Two calls agree to the last digit."""
    units = [
        Unit(f"The {n}th fleet left port on day {n}.", title="Fleet leaves") for n in range(40)
    ]
    assert encoder.score(units) == encoder.score(units)


def test_scores_stand_in_the_order_of_the_units(encoder: Encoder) -> None:
    """Sorting by length inside does not show outside."""
    long = "The ministry said that " + "the old bridge near the market was painted and " * 9
    units = [Unit(long), Unit("Troops crossed the border."), Unit(long), Unit("Rain is expected.")]
    scores = encoder.score(units)
    moved = [found.labels[Label.DEPLOYMENT] for found in scores]
    assert moved[1] > 0.5 > max(moved[0], moved[2], moved[3])


def test_nothing_gives_nothing(encoder: Encoder) -> None:
    """No units, no scores."""
    assert encoder.score([]) == []


def test_a_sentence_of_50_000_characters_is_scored(encoder: Encoder) -> None:
    """Only its beginning is read."""
    (scores,) = encoder.score([Unit("troops moved " * 4_000)])
    assert set(scores.labels) == set(Label)


def test_an_unknown_language_is_read_as_english(encoder: Encoder) -> None:
    """A language without thresholds of its own borrows those of English."""
    assert encoder.threshold(Label.DRILL, "xx") == encoder.threshold(Label.DRILL, "en")


def test_alert_is_never_laxer_than_search(encoder: Encoder) -> None:
    """What alerts is also found by a search."""
    for language in ("en", "ru", "uk"):
        for label in Label:
            strict = encoder.threshold(label, language, "alert")
            assert strict >= encoder.threshold(label, language, "search") > 0


@settings(max_examples=30, deadline=None)
@given(
    st.text(st.characters(categories=["L", "N", "P", "S", "Z", "C"]), max_size=300),
    st.text(st.characters(categories=["L", "Cs", "Cf"]), max_size=80),
)
def test_any_text_is_scored(encoder: Encoder, sentence: str, title: str) -> None:
    """Control and bidi characters, half surrogates, empty text: never an exception or a NaN."""
    (scores,) = encoder.score([Unit(sentence, title=title, prev=title)])
    assert all(0 <= value <= 1 for value in scores.labels.values())


def test_networks_read_a_sentence_alone(encoder: Encoder) -> None:
    """Title and sentence before speak through their words, in `evidence.py`."""
    bare = Unit("They will leave on Monday.")
    beside = Unit(bare.sentence, title="Three brigades leave the base", prev="Troops packed up.")
    for one, other in zip(encoder.logits([bare]), encoder.logits([beside]), strict=True):
        assert one.tolist() == other.tolist()


def test_pieces_are_cut_to_their_limits() -> None:
    """The sentence keeps its first pieces, between two markers."""
    (found,) = Pieces(TABLE).inputs(["a " * 500])
    assert len(found) == MAX_SENTENCE + 2
    assert (found[0], found[-1]) == (CLS, SEP)


def test_single_characters_are_normalised() -> None:
    """The table maps a capital to its small letter here, and half a surrogate to no crash."""
    pieces = Pieces(TABLE)
    assert pieces.cut(["A"]) == pieces.cut(["a"])
    assert pieces.cut(["a\ud800"]) == pieces.cut(["a?"])


@given(st.lists(st.lists(st.integers(2, 99), min_size=2, max_size=98), min_size=1, max_size=5))
def test_inputs_are_padded_to_one_round_length(rows: list[list[int]]) -> None:
    """Pieces first, then padding, to the least multiple that holds the longest."""
    ids = batch([tuple(row) for row in rows])
    longest = max(map(len, rows))
    assert ids.shape[1] % ROUND == 0
    assert longest <= ids.shape[1] < longest + ROUND
    assert ids.dtype == np.int64
    for row, found in zip(rows, ids.tolist(), strict=True):
        assert found == row + [PAD] * (ids.shape[1] - len(row))


def test_a_sentence_scores_the_same_whatever_stands_beside_it(encoder: Encoder) -> None:
    """Ranges of whole numbers are constants of the file: no batch moves a score."""
    one = Unit("Norway sent four hundred soldiers and six tanks to its northern border on Monday.")
    others = [
        Unit("The ministry denied that troops had crossed the river near the old bridge."),
        Unit("Navies of three states will hold a joint exercise off the cape next month."),
        Unit("Bread is dearer than last year."),
    ]
    alone, beside = encoder.score([one])[0], encoder.score([one, *others])[0]
    assert beside.labels == pytest.approx(alone.labels, abs=2e-4)
    assert alone.status is not None
    assert beside.status == pytest.approx(alone.status, abs=2e-4)
