"""One pull of studies: whole, incremental, resumed, refused, blocked, not believed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.fakes import faults
from tests.fakes.europepmc import FakeEuropePmc
from tests.records.europepmc import linked, publications, result
from tests.sync.reading import NOW, Reader, asking, counts, only_store, source_of
from tracker.models import ChangeEvent, LiteratureQuery, SetAside, Study, StudyMatch, SyncRun
from tracker.sync import pulls, studies
from tracker.sync.lock import holding, key_of_query
from tracker.terms import ChangeKind, RunKind, RunState, Subject

pytestmark = pytest.mark.django_db


@pytest.fixture
def fake():
    with source_of(range(1, 8)) as source:
        yield source


@pytest.fixture
def reader(fake):
    return Reader(fake, asking())


class Killed(BaseException):
    pass


def killed_at(when: int, *, after: bool = False):
    calls = []

    def dies(**given):
        calls.append(1)
        if len(calls) == when and not after:
            raise Killed
        stored = only_store(**given)
        if len(calls) == when:
            raise Killed
        return stored

    return dies


def test_the_first_run_reads_the_whole_query_page_by_page(fake, reader):
    run = reader.sync()

    assert (run.state, run.kind, run.expected) == (RunState.DONE, RunKind.FULL, 7)
    assert counts(run) == {"seen": 7, "new": 7, "changed": 0, "unchanged": 0, "set_aside": 0}
    assert Study.objects.count() == StudyMatch.objects.count() == 7
    asked = fake.asked()
    assert next(params["cursorMark"] for params in asked) == "*"
    assert len({params["query"] for params in asked}) == 1
    assert run.requests == len(asked)


def test_the_next_run_asks_only_for_what_was_updated_and_finds_it(fake, reader):
    reader.sync()
    reader.pass_days(10)
    fake.change("MED:3", {"title": "Exosomes in lung cancer, told anew and better"})

    run = reader.sync()

    assert (run.state, run.kind) == (RunState.DONE, RunKind.INCREMENTAL)
    assert counts(run) == {"seen": 1, "new": 0, "changed": 1, "unchanged": 0, "set_aside": 0}
    since = (NOW - studies.OVERLAP).date().isoformat()
    assert fake.asked()[-1]["query"] == f"(exosomes) AND UPDATE_DATE:[{since} TO 3000-12-31]"
    assert Study.objects.get(pmid="3").title == "Exosomes in lung cancer, told anew and better"


def test_an_update_while_the_run_went_on_is_seen_by_the_next(fake, reader):
    reader.sync(progress=lambda run: fake.change("MED:5", {"keywordList": {"keyword": ["miR-21"]}}))
    reader.pass_days(3)

    reader.sync()

    assert Study.objects.get(pmid="5").keywords == ["miR-21"]


def test_a_whole_run_reads_everything_again_and_changes_nothing(reader):
    reader.sync()
    before = list(Study.objects.order_by("id").values())

    run = reader.sync(full=True)

    assert counts(run) == {"seen": 7, "new": 0, "changed": 0, "unchanged": 7, "set_aside": 0}
    assert list(Study.objects.order_by("id").values()) == before


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("when", [1, 2, 3])
def test_a_killed_run_goes_on_from_its_page(fake, reader, when, after):
    with pytest.raises(Killed):
        reader.sync(absorb=killed_at(when, after=after))
    # what a kill leaves: a run that nobody ends
    SyncRun.objects.update(state=RunState.RUNNING, finished=None)
    asked = len(fake.asked())

    run = reader.sync()

    assert (run.state, run.seen, run.new) == (RunState.DONE, 7, 7)
    assert SyncRun.objects.filter(state=RunState.DONE).count() == 1
    if when > 1:
        assert run.pk == SyncRun.objects.order_by("started").first().pk, "the killed run itself went on"
        assert fake.asked()[asked]["cursorMark"] != "*"


def test_a_mark_that_is_no_longer_taken_starts_the_query_again(fake, reader):
    def progress(run):
        if run.pages == 1 and not run.restarts:
            fake.forget_marks()

    run = reader.sync(progress=progress)

    assert (run.state, run.restarts) == (RunState.DONE, 1)
    assert counts(run) == {"seen": 7, "new": 7, "changed": 0, "unchanged": 0, "set_aside": 0}


def test_a_block_is_no_empty_answer(fake, reader):
    fake.misbehave(faults.status(403, body="Forbidden", times=None))

    run = reader.sync()

    assert run.state == RunState.BLOCKED
    assert "refuses this client" in run.message


def test_a_refused_question_ends_with_the_words_of_the_source(fake):
    run = Reader(fake, asking("HIT:exosomes AND lung")).sync()

    assert run.state == RunState.REFUSED
    assert run.message == "The search field HIT is not known"


def test_an_outage_under_way_is_gone_on_with(fake, reader):
    fake.misbehave(faults.stops_after_pages(1, on="/search"))
    first = reader.sync()
    fake.behave()

    second = reader.sync()

    assert (first.state, second.state, second.pk) == (RunState.INCOMPLETE, RunState.DONE, first.pk)
    assert second.seen == 7


def test_an_answer_with_neither_results_nor_error_is_asked_again(fake, reader):
    fake.misbehave(faults.nothing())

    assert reader.sync().state == RunState.DONE


@pytest.mark.parametrize("fault", [faults.truncated, faults.cut_off, faults.reset, faults.web_page])
def test_a_spoiled_answer_is_asked_again(fake, reader, fault):
    fake.misbehave(fault())

    run = reader.sync()

    assert (run.state, run.seen) == (RunState.DONE, 7)


def test_an_empty_answer_to_a_whole_query_is_not_believed(fake, reader):
    reader.sync()
    fake.misbehave(faults.empty(times=None))

    run = reader.sync(full=True)

    assert run.state == RunState.SUSPECT
    assert run.message.startswith("Europe PMC answered the whole query with no record at all.")
    assert Study.objects.count() == 7


def test_records_that_come_without_their_fields_are_not_believed():
    with source_of(range(1, 31)) as fake:
        reader = Reader(fake, asking(), page_size=20)
        reader.sync()
        fake.misbehave(faults.without_fields("abstractText", times=None))

        run = reader.sync(full=True)

    assert run.state == RunState.SUSPECT
    assert "The field abstract is filled in 0 of 30 records" in run.message
    assert Study.objects.filter(abstract=None).count() == 0, "silence takes nothing away"


def test_what_cannot_be_read_is_set_aside_and_the_rest_goes_in(fake, reader):
    fake.misbehave(faults.garbled_record(raw=b'{"id": "77", "source": "MED", "title": 7}'))

    run = reader.sync()

    assert (run.state, run.seen, run.set_aside) == (RunState.DONE, 6, 1)
    aside = SetAside.objects.get()
    assert (aside.subject, aside.nct_id, aside.origin) == (Subject.STUDY, "MED:77", "europepmc")
    assert aside.reason == "The field title is not as Europe PMC describes it: Expected `str | null`, got `int`."


def test_what_the_database_refuses_is_set_aside_alone(fake, reader):
    fake.change("MED:4", {"language": "a language of more than ten letters"})

    run = reader.sync()

    assert (run.state, run.seen, run.set_aside) == (RunState.DONE, 6, 1)
    assert SetAside.objects.get().nct_id == "MED:4"


def test_a_preprint_and_its_paper_are_two_records_of_one_study(fake, reader):
    fake.set(result(50, source="PPR", commentCorrectionList=linked("Preprint of", "2")))

    run = reader.sync()

    assert (run.state, run.seen, run.expected) == (RunState.DONE, 8, 8)
    assert Study.objects.count() == 7
    assert StudyMatch.objects.get(study__pmid="2").source_ids == ["MED:2", "PPR:PPR50"]


def test_a_retraction_comes_as_an_update(fake, reader):
    reader.sync()
    reader.pass_days(400)
    fake.change("MED:6", {"commentCorrectionList": linked("Retraction in", "999", reference="J Tests. 2021;2(1):3")})

    reader.sync()

    study = Study.objects.get(pmid="6")
    assert study.is_retracted
    assert study.notices == [
        {
            "kind": "retraction",
            "given_on": "2021",
            "identifier": "PMID 999",
            "url": "https://europepmc.org/article/MED/999",
        }
    ]
    event = ChangeEvent.objects.get(kind=ChangeKind.RETRACTED)
    assert (event.study, event.run) == (study, SyncRun.objects.latest("id"))
    assert not Study.objects.standing().filter(pk=study.pk).exists()


def test_two_callers_do_not_ask_one_query_at_once(reader):
    with holding(key_of_query(reader.query)):
        outcome = reader.sync()

    assert isinstance(outcome, pulls.Busy)
    assert "exosomes" in str(outcome)


def test_queries_of_trials_and_of_studies_do_not_hold_each_other_up(reader):
    from tests.factories import QueryFactory

    with holding(key_of_query(QueryFactory(id=reader.query.pk))):
        assert reader.sync().state == RunState.DONE


def test_a_changed_query_is_asked_whole(fake, reader):
    reader.sync()
    LiteratureQuery.objects.filter(pk=reader.query.pk).update(query="exosomes AND lung")
    reader.query.refresh_from_db()

    assert reader.sync().kind == RunKind.FULL


def test_the_sweep_ends_a_dead_run_and_lets_it_go_on(reader):
    run = reader.sync()
    SyncRun.objects.filter(pk=run.pk).update(state=RunState.RUNNING, finished=None)

    assert pulls.sweep(clock=reader.clock) == [run]
    assert pulls.resumable(at=reader.clock() + timedelta(hours=2)) == [run.pk]


def test_the_real_publications_come_in_by_the_default_query():
    query = LiteratureQuery.objects.get(slug="lung-cancer-ev")
    with FakeEuropePmc(publications()) as fake:
        run = Reader(fake, query, page_size=1000).sync()

    assert run.state == RunState.DONE
    med = {one for one in publications() if b'"source": "MED"' in one}
    # Two titles name lung tumours otherwise than by these words; their abstracts, which the table lacks, would.
    assert run.seen >= len(med) - 3
