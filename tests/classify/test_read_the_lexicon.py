"""The lexicon that ships is whole; a wrong one is refused in a sentence that says which entry and what to do."""

from __future__ import annotations

import hashlib

import pytest

from tracker.classify.lexicon import PATH, LexiconError, load, read
from tracker.terms import Facet, Reading, Role, StopClass

SMALL = """
version = "2026-1"
[sources]
book = "A book"
[fields]
title = ["brief_title"]
[abbreviations]
source = "book"
words = ["=EV"]
beside = ["plasma EV"]
[negation]
source = "book"
words = ["not due to"]
"""
TERM = '[[term]]\nfacet = "cargo"\nid = "mirna"\nlabel = "miRNA"\nsource = "book"\nwords = ["mirna"]\n'


def test_the_lexicon_that_ships_covers_every_vocabulary():
    lexicon = load()

    by_kind: dict[str, set[str]] = {}
    for rule in lexicon.rules:
        by_kind.setdefault(rule.facet, set()).add(rule.term)
    # Roles, sources and markers that follow from other annotations need no words of their own.
    derived = {Role.DRUG_CARRIER, Role.NATIVE_EV_THERAPY, Role.EV_INHIBITION}
    assert by_kind[Facet.ROLE] == set(Role) - derived
    assert by_kind[Facet.READING] == set(Reading) - {Reading.EV_SOURCE_NAMED, Reading.MARKER}
    assert by_kind[Facet.STOP_REASON] == set(StopClass) - {StopClass.UNCLEAR, StopClass.NOT_GIVEN}
    for facet, fewest in ((Facet.EV_SOURCE, 12), (Facet.CARGO, 13), (Facet.MECHANISM, 12), (Facet.HISTOLOGY, 6),
                          (Facet.SPECIMEN, 10), (Facet.ISOLATION, 8), (Facet.CHARACTERISATION, 5)):  # fmt: skip
        assert len(by_kind[facet]) >= fewest, facet
    assert {"rna_exosome", "breath_particle", "expanded_access", "other_ev"} <= by_kind["false_friend"]


def test_a_released_lexicon_is_frozen():
    """Annotations carry the version they were read by, so one version must always mean the same words."""
    released = {"2026-1": "d1bb96afdfad89a6ce0bbf743d6d5e0648f90084611c69a641ce1c1856aee898"}

    assert released[load().version] == hashlib.sha256(PATH.read_bytes()).hexdigest(), (
        "lexicon.toml changed: give it a new version, and add that version and its hash here"
    )


def test_every_entry_names_its_source_in_full():
    lexicon = load()

    assert all(lexicon.sources[entry.source] for entry in lexicon.entries)
    assert all(entry.label for entry in lexicon.entries)
    used = {line.split('"')[1] for line in PATH.read_text().splitlines() if line.startswith("source = ")}
    assert used <= set(lexicon.sources)


def test_a_small_lexicon_is_read():
    lexicon = read(SMALL + TERM)

    assert lexicon.version == "2026-1"
    assert [(rule.facet, rule.term) for rule in lexicon.rules] == [("cargo", "mirna")]


def test_braces_stand_for_each_of_their_parts():
    lexicon = read(SMALL + TERM.replace('"mirna"]', '"micro{ ,-,}rna{,s}", "=miR*"]'))

    assert {word.folded for word in lexicon.rules[0].words} == {
        "micro rna", "micro rnas", "microrna", "micrornas", "mir",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("plasma EV", True), ("Plasma EV", True), ("PLASMA EV", True), ("Plasma-EV", True), ("plasma\u2010EV", True),
        ("plasma ev", False), ("plasma Ev", False), ("plasma\nEV", False), ("plasma EVE", False),
    ],
)  # fmt: skip
def test_an_abbreviation_reads_in_its_capitals_beside_a_word_in_any_case(text, stands):
    assert bool(read(SMALL).abbreviations.beside.search(text)) == stands


@pytest.mark.parametrize("text", ["Ev", "ev", "EVs"])
def test_an_abbreviation_that_must_read_exactly_so_has_no_other_case(text):
    pattern = read(SMALL).abbreviations.words

    assert pattern.search("an EV in serum")
    assert not pattern.search(f"an {text} in serum")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('facet = "cargo"', 'facet = "colour"'), 'term mirna: unknown facet "colour"'),
        (('facet = "cargo"', 'facet = "role"'), "unknown role; terms.py knows screening"),
        (('source = "book"\nwords = ["mirna"]', 'words = ["mirna"]'), "term cargo/mirna: it has no source"),
        (('source = "book"\nwords = ["mirna"]', 'source = "blog"\nwords = ["mirna"]'), '"blog" is not one of'),
        (('words = ["mirna"]', "words = []"), "it has no words"),
        (('words = ["mirna"]', 'words = ["m*rna"]'), "a * stands only at the end"),
        (('words = ["mirna"]', 'words = ["{mirna"]'), "braces do not pair"),
        (('words = ["mirna"]', 'words = ["mirna"]\nfields = ["body"]'), 'unknown field group "body"'),
        (('words = ["mirna"]', 'words = ["mirna"]\nneeds = "luck"'), 'unknown needs "luck"'),
        (('words = ["mirna"]', 'words = ["mirna"]\nnearby = ["x"]'), "unknown key nearby"),
        (('words = ["mirna"]', 'words = ["mirna"]\nmesh = "D12"'), '"D12" is no mesh id'),
        (('id = "mirna"', 'id = "mi RNA"'), "give it an id of small letters"),
        (('version = "2026-1"', 'version = "latest"'), "give it as year and number"),
        (('facet = "cargo"', 'facet = "disease"'), "a disease needs a kind"),
        (("[negation]", "[nogation]"), "negation: the table is missing"),
        (("[[term]]", "[[term"), "is not TOML"),
    ],
)
def test_a_wrong_lexicon_is_refused(change, says):
    with pytest.raises(LexiconError, match="lexicon") as refused:
        read((SMALL + TERM).replace(*change))

    assert says in str(refused.value)


def test_a_word_of_two_terms_of_a_facet_is_refused():
    other = TERM.replace('id = "mirna"', 'id = "rna"').replace('"mirna"]', '"rna", "miRNA"]')

    with pytest.raises(LexiconError, match='term cargo/rna: "mirna" is already a word of term cargo/mirna'):
        read(SMALL + TERM + other)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("reading", "unknown reading; terms.py knows ev_product"),
        ("stop", "unknown stop_reason; terms.py knows negative"),
    ],
)
def test_an_unknown_reading_or_class_is_refused(table, says):
    with pytest.raises(LexiconError) as refused:
        read(SMALL + f'[[{table}]]\nid = "mood"\nsource = "book"\nwords = ["sad"]\n')

    assert says in str(refused.value)


def test_a_lexicon_that_would_grow_past_its_memory_is_refused():
    digits = "{0,1,2,3,4,5,6,7,8,9}"

    with pytest.raises(LexiconError, match="its braces stand for 10000 words"):
        read(SMALL + TERM.replace('"mirna"]', f'"a{digits * 4}"]'))
