"""Values by their shape, and the ten reporting items as one number."""

from __future__ import annotations

import pytest

from tracker.curation.shapes import WrongShape, reported, shaped
from tracker.terms import EV_ITEMS, Answer, StudyFactName

F = StudyFactName


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        (F.N_ANIMALS, 0, 0),
        (F.ANIMAL_MODEL, " xenograft ", "xenograft"),
        (F.BLINDED, Answer.YES, "yes"),
        (F.CELL_LINES, ("A549", "H1299", "A549"), ["A549", "H1299"]),
        (F.COHORTS, ["discovery", "independent"], ["discovery", "independent"]),
        (F.STAGE_EVIDENCE, ["case_control"], ["case_control"]),
        (F.DIRECTION, "supports", "supports"),
        (F.FINDINGS, [{"metric": "AUC", "value": 0.9, "low": 0.8, "high": None, "note": ""}],
         [{"metric": "AUC", "value": 0.9, "low": 0.8}]),
    ],
)  # fmt: skip
def test_a_value_that_fits_is_kept(name, value, kept):
    assert shaped(name, value) == kept


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (F.N_ANIMALS, -1), (F.N_ANIMALS, 2.5), (F.N_ANIMALS, True), (F.N_ANIMALS, 10_000_001), (F.ANIMAL_MODEL, ""),
        (F.BLINDED, "perhaps"), (F.CELL_LINES, "A549"), (F.CELL_LINES, [""]), (F.COHORTS, ["first"]),
        (F.DIRECTION, "up"), (F.FINDINGS, [{"metric": "AUC", "value": "0.9"}]), (F.FINDINGS, ["AUC 0.9"]),
        (F.FINDINGS, [{"metric": "AUC", "p": 0.05}]), (F.FINDINGS, [{"metric": "AUC", "value": 0.9, "high": 0.8}]),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_refused_with_its_name(name, value):
    with pytest.raises(WrongShape, match=r"(?i)" + name.label.split(" ")[-1]):
        shaped(name, value)


def test_every_name_has_a_shape():
    """A list of one text fits whatever is no number, text, answer or list of a vocabulary."""
    for name in StudyFactName:
        values: list[object] = [3, "yes", "supports", ["x"], ["case_control"], ["discovery"], [{"metric": "AUC"}], "x"]
        assert any(_fits(name, value) for value in values), name


def _fits(name, value) -> bool:
    try:
        shaped(name, value)
    except WrongShape:
        return False
    return True


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({}, "0 % (0 of 10 that apply)"),
        ({EV_ITEMS[0]: "yes", EV_ITEMS[1]: "no", EV_ITEMS[2]: "not_reported"}, "10 % (1 of 10 that apply)"),
        (
            {EV_ITEMS[0]: "yes", EV_ITEMS[8]: "not_applicable", EV_ITEMS[9]: "not_applicable"},
            "13 % (1 of 8 that apply)",
        ),
        (dict.fromkeys(EV_ITEMS, "not_applicable"), "no item applies"),
        (dict.fromkeys(EV_ITEMS, "yes"), "100 % (10 of 10 that apply)"),
    ],
)
def test_the_share_of_items_that_apply(answers, words):
    assert str(reported(answers)) == words
