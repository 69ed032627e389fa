"""Folding and matching never lose where a word stood, whatever characters a record is typed in."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.classify.folding import fold
from tracker.classify.lexicon import load
from tracker.classify.matcher import Vesicles, matcher
from tracker.sources.ctgov_records import Passage

ODD = "\u00ad\u200b\ufeffﬁﬂﬀ™½…²⁹µμβé\u0301ïİß–—\u2011’′“”ｅｘｏ\u00a0\u2028中文🧬٣-\t\r\n (.;*"
AROUND = st.text(alphabet=st.one_of(st.sampled_from(ODD), st.characters(exclude_categories=["Cs"])), max_size=30)


@settings(max_examples=150, deadline=None)
@given(text=st.text(alphabet=st.one_of(st.sampled_from(ODD + "exosome EV"), st.characters(exclude_categories=["Cs"]))))
def test_every_span_of_the_folded_text_leads_back(text):
    folded = fold(text)

    assert folded.text.isascii()
    last = -1
    for at in range(len(folded.text)):
        origin = folded.origin(at)
        assert last <= origin < len(text)
        last = origin
        start, end = folded.span(at, at + 1)
        assert 0 <= start < end <= len(text)
        assert fold(text[start:end]).text in (folded.text[at], folded.text[at : at + 3], " ", "\n") or (
            folded.text[at] in fold(text[start:end]).text
        )


@settings(max_examples=150, deadline=None)
@given(
    before=AROUND,
    after=AROUND,
    word=st.sampled_from(["exosomes", "extracellular vesicles", "tumor-derived microparticles"]),
)
def test_a_word_is_quoted_as_it_stands(before, after, word):
    passages = [Passage("brief_title", f"{before} "), Passage("brief_summary", f"{before} {word} {after}")]
    text = matcher(load()).text(passages)

    named, _ = matcher(load()).vesicles(text)

    quoted = [text.words(hit) for hit in named]
    assert any(word in words["text"] or words["text"] in word for words in quoted if words["field"] == "brief_summary")
    for words in quoted:
        assert dict(passages)[words["field"]][words["start"] : words["end"]] == words["text"]


@settings(max_examples=60, deadline=None)
@given(
    pieces=st.lists(
        st.tuples(AROUND, st.sampled_from(["NSCLC", "plasma", "miR-21", "RECIST", "healthy controls"])), max_size=6
    )
)
def test_all_hits_of_all_facets_stand_where_they_say(pieces):
    passages = [Passage(f"arms.{at}.description", f"{odd} {word} exosomes") for at, (odd, word) in enumerate(pieces)]
    ready = matcher(load())
    text = ready.text(passages)
    named, _ = ready.vesicles(text)

    texts = dict(passages)
    all_over = Vesicles(named)
    for hit in (*named, *ready.diseases(text), *ready.terms(text, all_over), *ready.readings(text, all_over)):
        words = text.words(hit)
        assert texts[words["field"]][words["start"] : words["end"]] == words["text"]
        low, high = text.sentence(hit)
        assert low <= hit.start < hit.end <= high
    assert len(all_over.passages) == len(pieces)


@settings(max_examples=100, deadline=None)
@given(text=st.text(alphabet=st.sampled_from(ODD + "ab"), max_size=40))
def test_places_lead_there_and_back(text):
    folded = fold(text)

    for original in range(len(text) + 1):
        found = folded.found_at(original)
        assert all(folded.origin(at) < original for at in range(found))
        assert all(folded.origin(at) >= original for at in range(found, len(folded.text)))


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Non‑Small–Cell", "non small cell"),
        ("eﬃcacy", "efficacy"),
        ("exo\u00adsome", "exosome"),
        ("10⁹ particles/mL", "109 particles/ml"),
        ("µg and μg", "ug and ug"),
        ("treatment-naïve", "treatment naive"),
        ("TGFβ1", "tgfz1"),
        ("patients’ own", "patients' own"),
        ("ＥＶｓ", "evs"),
        ("lung\ncancer", "lung cancer"),
        ("lung\nCancer", "lung\ncancer"),
        ("end.\n\nexosome", "end.\n\nexosome"),
    ],
)
def test_one_form_for_many_ways_to_type(written, folded):
    assert fold(written).text == folded


def test_nothing_is_composed_or_reordered_before_it_is_quoted():
    decomposed = unicodedata.normalize("NFD", "Étude of exosomes")
    text = matcher(load()).text([Passage("brief_title", decomposed)])

    (hit,) = matcher(load()).vesicles(text)[0]

    words = text.words(hit)
    assert decomposed[words["start"] : words["end"]] == "exosomes"


@pytest.mark.parametrize("text", ["microexosomeslike", "neuroexosomes", "exosomesque", "preEVs", "bioexosome7"])
def test_a_word_inside_another_is_none(text):
    ready = matcher(load())

    assert ready.vesicles(ready.text([Passage("brief_title", text)]))[0] == []


def test_a_record_separator_in_a_text_moves_nothing():
    passages = [Passage("brief_title", "odd\x1etext"), Passage("brief_summary", "exosomes")]
    text = matcher(load()).text(passages)

    (hit,) = matcher(load()).vesicles(text)[0]

    assert text.words(hit) == {"field": "brief_summary", "start": 0, "end": 8, "text": "exosomes"}


def test_every_word_for_vesicles_is_found_behind_any_other():
    ready = matcher(load())
    words = [word for rule in load().rules if rule.facet == "ev" for word in rule.words]

    lost = []
    for word in words:
        written = word.exact or word.folded
        for before in ("msc", "tumour derived", "plasma", "small", "circulating", "exo"):
            text = ready.text([Passage("brief_title", f"{before} {written} of people")])
            at = text.folded.index(word.folded)
            hits = ready.vesicles(text)[0]
            if not any(hit.start < at + len(word.folded) and at < hit.end for hit in hits):
                lost.append(f"{before} {written}")
    assert lost == []
