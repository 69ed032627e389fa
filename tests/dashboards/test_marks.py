"""The three marks: numbers in, markup out."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tracker.templatetags.marks import band, interval, momentum, road, road_words, sign_of

HEAD = 'width="124" height="20" aria-hidden="true" focusable="false">'
STAGE_TWO_COULD_BE_SIX = (
    f'<svg class="mk mk-road dx s2" viewBox="0 0 124 20" {HEAD}<path class="mk-bed" d="M8 10H116.1"/>'
    '<path class="mk-line" d="M6.75 10H32"/><rect class="mk-hollow" x="32" y="8.25" width="48" height="3.5"/>'
    '<circle class="mk-hollow" cx="80" cy="10" r="4.5"/><circle class="mk-solid" cx="32" cy="10" r="5.5"/></svg>'
)
SQUARE = '<rect class="mk-solid" x="{}" y="6.57" width="6.86" height="6.86" rx=".75"/>'
CANDIDATE_AT_SEVEN_WITHOUT_FIVE = (
    f'<svg class="mk mk-road tx s7" viewBox="0 0 124 20" {HEAD}<path class="mk-bed" d="M8 10H116.1"/>'
    '<path class="mk-line" d="M6.75 10H62M74 10H92"/><path class="mk-break" d="M62 6v8M74 6v8"/>'
    + "".join(SQUARE.format(x) for x in ("16.57", "28.57", "40.57", "52.57", "76.57"))
    + '<rect class="mk-solid" x="87.16" y="5.16" width="9.68" height="9.68" rx=".75"/></svg>'
)
STRENGTH_39_TO_76 = (
    '<svg class="mk mk-band" viewBox="0 0 108 20" width="108" height="20" aria-hidden="true" focusable="false">'
    '<path class="mk-scale" d="M4 10H104M4 5v10M54 7v6M104 5v10"/>'
    '<rect class="mk-hollow" x="43" y="6.75" width="36.25" height="6.5"/>'
    '<rect class="mk-solid" x="4" y="6" width="39" height="8"/></svg>'
)


def test_draw_the_three_examples_of_the_style_sheet():
    assert road("diagnostic", 2, 6) == STAGE_TWO_COULD_BE_SIX
    assert road("therapeutic", 7, 7, {1, 2, 3, 4, 6, 7}) == CANDIDATE_AT_SEVEN_WITHOUT_FIVE
    assert band(Decimal("39.0"), Decimal("76.0")) == STRENGTH_39_TO_76


def test_break_the_line_twice_for_two_runs():
    drawn = road("diagnostic", 8, 8, {1, 4, 5})
    assert 'class="mk-line" d="M6.75 10H26M50 10H74M98 10H104"' in drawn
    assert 'class="mk-break" d="M26 6v8M50 6v8M74 6v8M98 6v8"' in drawn
    assert drawn.count("<circle") == 4


def test_break_at_both_ends_of_the_road():
    drawn = road("diagnostic", 6, 6, {2, 3, 4, 6})
    assert 'd="M6.75 10H14M26 10H62M74 10H80"' in drawn
    assert 'd="M14 6v8M26 6v8M62 6v8M74 6v8"' in drawn


def test_a_trial_never_breaks():
    assert "mk-break" not in road("therapeutic", 7, 9)
    assert "mk-break" in road("therapeutic", 7, 9, set())


def test_earned_and_possible_agree():
    assert "mk-hollow" not in road("diagnostic", 3, 3)
    assert "mk-hollow" not in band(71, 71)
    assert 'width="71"' in band(71, 71)


def test_stage_nought_is_a_stop_alone_and_nine_the_end():
    assert "mk-line" not in road("diagnostic", 0, 0)
    assert 'cx="8"' in road("diagnostic", 0, 0)
    assert 'd="M6.75 10H116"' in road("therapeutic", 9, 9)
    assert 'x="8" y="8.25" width="108"' in road("diagnostic", 0, 9)


def test_the_band_holds_nought_a_hundred_and_leaves_out_a_sliver():
    assert band(0, 100).count("<rect") == 1
    assert 'x="4" y="6.75" width="99.25"' in band(0, 100)
    assert 'width="100" height="8"' in band(100, 100)
    assert band(0, 0).count("<rect") == 0
    assert "mk-hollow" not in band(50, Decimal("51.9"))
    assert 'x="54" y="6.75" width="1.25"' in band(50, 52)
    assert 'width="57.5"' in band(Decimal("57.5"), Decimal("82.5"))


@pytest.mark.parametrize(
    ("kind", "reasons", "sign"),
    [
        ("advancing", [], "advancing"),
        ("stopped", ["enrolment"], "stopped"),
        ("stopped", ["enrolment", "safety"], "negative"),
        ("stopped", ["negative"], "negative"),
        ("stalled", ["negative"], "stalled"),
        (None, [], "unknown"),
        ("unknown", [], "unknown"),
    ],
)
def test_momentum_has_a_sign_of_its_own(kind, reasons, sign):
    assert sign_of(kind, reasons) == sign
    assert f"mk-go go-{sign}" in momentum(kind, reasons)


def test_the_words_say_what_the_road_shows():
    assert road_words("diagnostic", 2, 6) == "diagnostic, stage 2 earned, 6 possible"
    assert road_words("therapeutic", 7, 7, {1, 2, 3, 4, 6}) == (
        "therapeutic, stage 7 earned, no recorded evidence at stage 5"
    )
    assert road_words("diagnostic", 6, 6, {1, 4, 5}).endswith("no recorded evidence at stage 2 to 3")


def test_no_mark_carries_a_style_or_an_id():
    for mark in (road("diagnostic", 2, 6, {1}), band(3, 9), momentum("stalled")):
        assert "style=" not in mark
        assert " id=" not in mark
        assert 'aria-hidden="true"' in mark


def test_an_interval_is_one_number_when_its_ends_agree():
    assert interval(Decimal("57.5"), Decimal("82.5")) == "58–83"
    assert interval(Decimal("70.6"), Decimal("71.4")) == "71"
    assert interval(Decimal("23.90"), Decimal("67.60"), 1) == "23.9–67.6"
    assert interval(None, None) == "not reported"
