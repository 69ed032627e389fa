"""Whatever the order in which records come, however often, and however a pull is cut up: the same studies."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes import faults
from tests.fakes.europepmc import FakeEuropePmc
from tests.records.europepmc import linked, result
from tests.sync.reading import Reader, asking, only_store, take
from tracker.models import ChangeEvent, Study, StudyMatch, StudyVersion, SuspectedDuplicate, SyncRun
from tracker.sources.bibliography import FIELDS, study_record
from tracker.sources.europepmc_records import read_study
from tracker.terms import ChangeKind, RunState, StudyOrigin

TITLE = "Serum exosomes tell lung cancer from nodules of the lung"

# Papers in several revisions, preprints that one side or both link, a paper on two servers before, files that know a
# paper by its number, and rows that nobody numbered. None joins two that are known apart: whether such a one finds one
# study or two hangs on what came before it, and is a person's to decide.
EUROPEPMC = [
    result(1),
    result(1, title="Exosomes, told anew in a revision of the record", dateOfRevision="2023-02-01"),
    result(1, dateOfRevision="2024-02-01", commentCorrectionList=linked("Erratum in", "901")),
    result(2, commentCorrectionList=linked("Preprint in", "PPR52", source="PPR")),
    result(52, source="PPR", title="An early telling of the second paper of this test"),
    result(53, source="PPR", commentCorrectionList=linked("Preprint of", "3")),
    result(54, source="PPR", title="The same on another server", commentCorrectionList=linked("Preprint of", "3")),
    result(3, pmcid="PMC333", commentCorrectionList=linked("Retraction in", "902")),
    result(4, title=TITLE, pubYear="2021", doi=None),
    result(5, title=TITLE, pubYear="2021"),
]
FILES = [
    study_record(title="What a file calls the first", pmid="1", summary="Ours"),
    study_record(title="What a file calls the third", pmid="3", trial_numbers=["NCT01159288"]),
    study_record(title=TITLE, year=2021, journal="A journal that only the file knows"),
    study_record(title="A row that nobody has numbered, of exosomes in lungs", year=2020),
]
TELLINGS = [(StudyOrigin.EUROPEPMC, read_study(raw)) for raw in EUROPEPMC] + [(StudyOrigin.FILE, row) for row in FILES]
# A file's row has no revision: of two states of one row the later one stands, so each is told in one state here.


class Rolled(Exception):
    """Ends an example and takes back what it stored."""


def stored() -> tuple[list[dict[str, object]], set[frozenset[str]]]:
    """The studies as readers see them, and which are suspected to be one; without the numbers that order gives."""
    rows = sorted(Study.objects.values(*FIELDS, "origin", "title_key", "search"), key=str)
    titles = dict(Study.objects.values_list("pk", "title"))
    journals = dict(Study.objects.values_list("pk", "journal"))
    pairs = {
        frozenset((f"{titles[kept]}|{journals[kept]}", f"{titles[other]}|{journals[other]}|"))
        for kept, other in SuspectedDuplicate.objects.values_list("kept_id", "other_id")
    }
    return rows, {frozenset(text.rstrip("|") for text in pair) for pair in pairs}


def check_the_books() -> None:
    for study in Study.objects.prefetch_related("versions"):
        numbers = [version.number for version in study.versions.all()]
        assert numbers == list(range(1, study.version_count + 1))
        assert ChangeEvent.objects.filter(study=study, kind=ChangeKind.FIRST_SEEN).count() == 1


def forget_everything() -> None:
    for model in (ChangeEvent, StudyMatch, SuspectedDuplicate, StudyVersion, Study, SyncRun):
        model.objects.all().delete()


ORDERS = st.permutations(range(len(TELLINGS)))


@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(order=ORDERS, again=st.lists(st.sampled_from(range(len(TELLINGS))), max_size=8), size=st.integers(1, 6))
def test_any_order_and_repetition_ends_at_the_same_studies(order, again, size):
    with suppress(Rolled), transaction.atomic():
        told = [TELLINGS[at] for at in [*order, *again]]
        for start in range(0, len(told), size):
            for origin, record in told[start : start + size] if size % 2 else ():
                take(record, origin=origin)
            for origin in StudyOrigin if not size % 2 else ():
                take(*(record for one, record in told[start : start + size] if one is origin), origin=origin)
        found = stored()
        check_the_books()
        versions = StudyVersion.objects.count()
        for origin, record in TELLINGS:
            take(record, origin=origin)
        assert StudyVersion.objects.count() == versions, "what was told before says nothing new"
        assert stored() == found

        forget_everything()
        for origin in (StudyOrigin.EUROPEPMC, StudyOrigin.FILE):
            take(*(record for one, record in TELLINGS if one is origin), origin=origin)
        assert found == stored()
        assert len(found[0]) == 7
        raise Rolled


class Killed(BaseException):
    pass


ACTS = st.one_of(
    st.tuples(st.just("sync"), st.booleans(), st.none()),
    st.tuples(st.just("kill"), st.booleans(), st.integers(1, 4)),
    st.tuples(st.just("outage"), st.booleans(), st.integers(0, 3)),
    st.tuples(st.just("lose the marks"), st.booleans(), st.integers(1, 3)),
    st.tuples(st.just("change"), st.sampled_from(["MED:1", "MED:2", "MED:5"]), st.sampled_from(["a", "b", "c"])),
    st.tuples(st.just("add"), st.integers(20, 25), st.none()),
)


class Story:
    """One example: a source, and somebody who asks it and is disturbed."""

    def __init__(self, fake: FakeEuropePmc) -> None:
        self.fake = fake
        self.reader = Reader(fake, asking("SRC:MED OR SRC:PPR"), page_size=3)

    def sync(self, full, _):
        self.reader.sync(full=full)

    def kill(self, full, when):
        calls = []

        def dies(**told):
            calls.append(1)
            if len(calls) == when:
                raise Killed
            return only_store(**told)

        try:
            self.reader.sync(full=full, absorb=dies)
        except Killed:
            SyncRun.objects.filter(state=RunState.INCOMPLETE).update(state=RunState.RUNNING, finished=None)

    def outage(self, full, pages):
        self.fake.misbehave(faults.stops_after_pages(pages, on="/search"))
        self.reader.sync(full=full)
        self.fake.behave()

    def lose_the_marks(self, full, page):
        def progress(run):
            if run.pages == page and not run.restarts:
                self.fake.forget_marks()

        self.reader.sync(full=full, progress=progress)

    def change(self, name, word):
        self.reader.pass_days(1)
        self.fake.change(name, {"abstractText": f"Exosomes of the lung, {word}."})

    def add(self, number, _):
        self.reader.pass_days(1)
        self.fake.set(result(number))


@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.lists(ACTS, max_size=8))
def test_any_story_ends_where_an_undisturbed_pull_does(acts):
    latest = {read_study(raw).source_id: raw for raw in EUROPEPMC}
    with FakeEuropePmc(latest.values(), today="2026-08-01") as fake, suppress(Rolled), transaction.atomic():
        fake.today = "2026-08-07"
        story = Story(fake)
        for name, what, how in acts:
            getattr(story, name.replace(" ", "_"))(what, how)
        story.reader.pass_days(1)
        assert story.reader.sync().state == RunState.DONE
        found = stored()
        check_the_books()
        run = SyncRun.objects.latest("started", "id")
        assert run.seen + run.set_aside == run.expected

        forget_everything()
        calm = Reader(fake, asking("SRC:MED OR SRC:PPR", slug="calm"))
        calm.clock.now = story.reader.clock.now
        assert calm.sync().state == RunState.DONE
        assert found == stored()
        raise Rolled
