"""The words for publications that ship are whole; a wrong entry is refused in a sentence that says which and why."""

from __future__ import annotations

import hashlib

import pytest

from tracker.classify.lexicon import LexiconError
from tracker.classify.study_lexicon import LINE, SIGN, STUDIES_PATH, Sign, load_studies, read_studies

SMALL = """
version = "2026-1"
[sources]
book = "A book"
[fields]
title = ["title"]
"""
SIGN_ENTRY = '[[sign]]\nid = "gain"\nsource = "book"\nwords = ["overexpress*"]\n'


def test_the_words_that_ship_cover_every_sign():
    lexicon = load_studies()

    assert {rule.term for rule in lexicon.rules if rule.kind == SIGN} == {sign.value for sign in Sign}
    assert {rule.part for rule in lexicon.rules if rule.kind == LINE} == {"lung", "other"}
    assert {"A549", "H1299", "H460", "PC9", "HCC827", "H1975", "LLC"} <= {
        label for (kind, _), label in lexicon.labels.items() if kind == LINE
    }
    assert set(lexicon.mesh.values()) == {"human", "animal", "molecular"}


def test_a_released_lexicon_of_studies_is_frozen():
    """Studies carry the version they were read by, so one version must always mean the same words."""
    released = {"2026-1": "bbebdeec633d09f8bc7445fe50fbea077b1bebaf78e635fd4185d0d810e8169f"}

    assert released[load_studies().version] == hashlib.sha256(STUDIES_PATH.read_bytes()).hexdigest(), (
        "lexicon-studies.toml changed: give it a new version, and add that version and its hash here"
    )


def test_a_small_lexicon_is_read():
    lexicon = read_studies(SMALL + SIGN_ENTRY)

    assert [rule.term for rule in lexicon.rules] == ["gain"]
    assert lexicon.mesh == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SMALL.replace("2026-1", "1"), "version: give it as year and number"),
        (SMALL + SIGN_ENTRY.replace("gain", "again"), "sign again: unknown sign; terms.py knows review"),
        (SMALL + SIGN_ENTRY.replace('source = "book"\n', ""), "sign gain: it has no source"),
        (SMALL + SIGN_ENTRY + 'near = ["x"]\nnearly = 1\n', "sign gain: unknown key nearly"),
        (SMALL + SIGN_ENTRY + 'fields = ["abstract"]\n', 'sign gain: unknown field group "abstract"'),
        (SMALL + '[mesh]\nhuman = ["Humans"]\n', "mesh: it has no source"),
        (SMALL + '[mesh]\nsource = "book"\nhuman = ["Mice"]\nanimal = ["mice"]\n', '"mice" stands in two corners'),
        ("version = ", "is not TOML"),
    ],
)
def test_what_is_wrong_is_refused_by_its_name(text, said):
    with pytest.raises(LexiconError) as refused:
        read_studies(text, name="words.toml")

    assert said in str(refused.value)
    assert str(refused.value).startswith("words.toml")
