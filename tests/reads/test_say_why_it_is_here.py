"""Why a number is here, absent or late: an answer for every number, even a wrong one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import RunFactory, raw_record
from tests.records import record
from tracker import terms
from tracker.models import ChangeEvent, RegistryQuery, SetAside, SyncRun, Trial, TrialAlias, TrialMatch
from tracker.pipeline import absorb
from tracker.reads.why import why
from tracker.sources.ctgov_records import read_record

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 25, 14, 30, tzinfo=UTC)
EV, PLAIN = "NCT07376512", "NCT06385925"


def take(raw, *, at=AT):
    found = read_record(raw, origin=terms.Origin.REGISTRY)
    absorb(records=[found], origin=terms.Origin.REGISTRY, run=None, at=at)
    return Trial.objects.get(pk=found.nct_id)


@pytest.fixture
def query(db):
    RegistryQuery.objects.update(is_on=False)
    return RegistryQuery.objects.create(name="EVs in lung cancer", slug="ev", query_cond="lung cancer", is_on=True)


def test_what_is_no_number_is_told_what_a_number_is():
    answer = why("NCT12", now=AT)
    assert answer.number == "NCT00000012"  # leading zeros may be left out, as the registry allows
    answer = why("NCT123456789", now=AT)
    assert (answer.answer, answer.number) == ("malformed", None)
    assert "“NCT123456789” is not an NCT number" in answer.sentence
    assert "eight digits" in answer.sentence


def test_a_trial_about_evs_is_here_on_these_words(query):
    trial = take(record(EV))
    TrialMatch.objects.create(trial=trial, query=query, first_matched=AT, last_matched=AT)
    answer = why("nct7376512", now=AT)
    assert answer.answer == "here"
    assert answer.sentence == "NCT07376512 is here: the rules judged it about EVs in lung cancer."
    assert any("vesicle" in words.lower() for _, words, _ in answer.words)
    assert [match.query for match in answer.matches] == [query]
    assert answer.late.words == ("First posted 2026-01-29, first seen here 2026-03-25 14:30 UTC: 55 days later.")


def test_a_trial_without_evs_is_stored_and_not_listed(query):
    take(raw_record("NCT06385925", of=PLAIN))
    Trial.objects.update(relevance="none", relevance_words=[])
    answer = why(PLAIN, now=AT)
    assert answer.answer == "none"
    assert "not about EVs in lung cancer" in answer.sentence
    assert answer.words == ()


def test_a_person_who_judged_is_named_as_one(query):
    take(record(EV))
    Trial.objects.update(relevance="mention", relevance_by="person")
    assert "a person judged that it mentions EVs" in why(EV, now=AT).sentence


def test_a_number_that_never_matched_names_what_was_asked_and_when(query):
    RunFactory(query=query, finished=AT - timedelta(days=1))
    answer = why("NCT00000001", now=AT)
    assert answer.answer == "absent"
    assert answer.sentence == "NCT00000001 never matched the query that is asked."
    assert answer.queries[0].last_good == AT - timedelta(days=1)


def test_before_the_first_answer_nothing_can_have_matched(query):
    assert "no query has been answered" in why("NCT00000001", now=AT).sentence
    RegistryQuery.objects.update(is_on=False)
    assert "no query is turned on" in why("NCT00000001", now=AT).sentence


def test_a_record_that_was_set_aside_gives_its_reason(query):
    SetAside.objects.create(
        source="ev", nct_id="NCT00000001", origin="registry", raw=b"", raw_hash="a", reason="The field x is a list.",
        first_seen=AT, last_seen=AT,
    )  # fmt: skip
    answer = why("NCT00000001", now=AT)
    assert answer.answer == "set_aside"
    assert answer.sentence == (
        "NCT00000001 came and could not be read: The field x is a list. It waits to be replayed."
    )


def test_an_alias_names_the_surviving_number(query):
    trial = take(record(EV))
    TrialAlias.objects.create(alias="NCT01234567", trial=trial, seen=AT)
    answer = why("NCT01234567", now=AT)
    assert answer.answer == "alias"
    assert answer.sentence == "NCT01234567 is now NCT07376512; both numbers lead to one trial."
    assert answer.trial == trial


@pytest.mark.parametrize(
    ("presence", "kind", "words"),
    [
        ("gone", "gone", "is gone from the registry since 2026-03-25. What we saw of it stays."),
        ("no_longer_matches", "no_longer_matches", "no longer matches any query since 2026-03-25."),
    ],
)
def test_what_went_says_since_when(query, presence, kind, words):
    trial = take(record(EV))
    Trial.objects.update(presence=presence)
    ChangeEvent.objects.create(trial=trial, kind=kind, seen=AT)
    answer = why(EV, now=AT)
    assert answer.answer == presence
    assert words in answer.sentence


def test_a_fetch_by_hand_is_told(query):
    SyncRun.objects.create(
        kind="single", state="done", started=AT, finished=AT, asked={"nctId": "NCT00000001"}, message="Not there (404)."
    )
    SyncRun.objects.create(kind="single", state="done", started=AT, finished=AT, asked={"nctId": "NCT00000002"})
    assert [run.message for run in why("NCT00000001", now=AT).fetches] == ["Not there (404)."]


def test_the_answer_costs_the_same_queries_with_ten_rows_more(query, django_assert_max_num_queries):
    trial = take(record(EV))
    for n in range(10):
        more = RegistryQuery.objects.create(name=f"Q{n}", slug=f"q{n}", query_cond="lung", is_on=True)
        TrialMatch.objects.create(trial=trial, query=more, first_matched=AT, last_matched=AT)
        RunFactory(query=more)
        SetAside.objects.create(
            source="ev", nct_id=EV, origin="registry", raw=b"", raw_hash=str(n), reason="x", first_seen=AT, last_seen=AT
        )
    with django_assert_max_num_queries(8):
        answer = why(EV, now=AT)
        assert len(answer.matches) == 10
        assert [match.query.name for match in answer.matches]


def test_the_sentence_of_every_answer_is_whole(query):
    take(raw_record("NCT00000009"))
    for given in ("NCT00000009", "NCT00000001", "x", "", "NCT99999999", "💥"):
        assert why(given, now=AT).sentence.endswith(".")
