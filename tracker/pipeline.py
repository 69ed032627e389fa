"""The whole flow on one page: a batch of records in, stored, read, scored.

    store     a new or changed record becomes the trial's current version; each change has a name (`sync.store`)
    propose   its text is read: is it about EVs in lung cancer, and on which words (`classify.proposals`)
    score     the facts become a maturity with its reasons (`scoring.ledger`)
    link      records that may bear on a candidate, and studies and trials that name each other, are proposed as linked

Trials go through `absorb`, studies through `absorb_studies`.

One transaction: nobody sees a record without its score. The records in hand are passed on, not read again; a record
that is unchanged or only kept costs nothing after the first step. People's decisions stand over what is proposed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from tracker.classify.lexicon import load
from tracker.classify.proposals import propose, propose_links, propose_studies, texts
from tracker.scoring.facts import facts_needed
from tracker.scoring.ledger import score, score_studies
from tracker.scoring.rubric import CURRENT
from tracker.scoring.stored import earlier_than, facts_of_trials, trials_beside
from tracker.sync.store import Stored, StoredStudies, store_facts, store_studies, storing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from tracker.models import SyncRun
    from tracker.sources.bibliography import StudyRecord
    from tracker.sources.ctgov_records import TrialRecord
    from tracker.terms import Origin, StudyFactName, StudyOrigin


@transaction.atomic
def absorb(
    *, records: Sequence[TrialRecord], origin: Origin, run: SyncRun | None, at: datetime, is_live: bool = True
) -> Stored:
    """Take these records in; gives what became of each. `at` is the moment, and its day is the rules' today."""
    lexicon = load().version
    with storing(records=records, origin=origin, run=run, at=at, is_live=is_live, lexicon=lexicon) as stored:
        said = texts(stored.current)  # read while the database writes
    standings = propose(records=stored.current, said=said, at=at)
    earlier = earlier_than(standings)
    facts = {}
    for record in stored.current:
        standing = standings[record.nct_id]
        facts[record.nct_id] = facts_needed(
            record,  # type: ignore[arg-type]  # records are frozen; the protocol would let a reader write
            relevance=standing.relevance,
            annotations=standing,  # type: ignore[arg-type]
            earlier=earlier.get(record.nct_id),
        )
    # Who leads a trial and when it began tells of its candidates' other trials too.
    facts |= facts_of_trials(trials_beside(standings))
    score(trials=facts, rubric=CURRENT, today=at.date(), at=at)
    propose_links(nct_ids=standings, at=at)
    return stored


@transaction.atomic
def absorb_studies(
    *,
    records: Sequence[StudyRecord],
    facts: Sequence[Mapping[StudyFactName, object]] = (),
    origin: StudyOrigin,
    run: SyncRun | None,
    at: datetime,
) -> StoredStudies:
    """Take these publications in; `facts` is what a file states of each, a mapping a record in the same order."""
    stored = store_studies(rows=records, origin=origin, run=run, at=at)
    stated: dict[int, dict[StudyFactName, object]] = {}
    for study_id, told in zip(stored.ids, facts, strict=False):
        stated.setdefault(study_id, {}).update(told)
    # What a file states in words names terms too, also of a study whose text is as it was.
    is_told = bool(store_facts(facts=stated, at=at))
    again = {number: study for number, study in stored.unchanged.items() if is_told and number in stated}
    propose_studies(studies={**stored.current, **again}, at=at)
    touched = stored.current.keys() | stated.keys()
    score_studies(study_ids=touched, rubric=CURRENT, today=at.date(), at=at)
    propose_links(study_ids=touched, at=at)
    return stored
