"""Rows for tests, each as the product itself would have written it."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime

import factory

from tests.records import altered, record
from tracker import terms
from tracker.models import RegistryQuery, SyncRun, Trial
from tracker.sources.ctgov_records import TrialRecord, read_record
from tracker.sync.store import store

NOW = datetime(2026, 3, 25, 14, 30, tzinfo=UTC)
#: a real, whole registry record that the others are made of
PLAIN = "NCT06385925"

_serial = itertools.count(1)


class QueryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RegistryQuery

    name = factory.Sequence(lambda n: f"Query {n}")
    slug = factory.Sequence(lambda n: f"query-{n}")
    query_cond = "lung cancer"
    query_term = "exosome"
    is_on = True


class RunFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SyncRun

    query = factory.SubFactory(QueryFactory)
    kind = terms.RunKind.FULL
    state = terms.RunState.DONE
    started = NOW
    finished = NOW
    data_timestamp = "2026-03-25T09:00:05"


def raw_record(nct_id: str | None = None, *, of: str = "", **changes: object) -> bytes:
    """A whole record's bytes, made from a real one; changes by dotted path with ``__`` for ``.``.

    >>> raw_record("NCT00000001", statusModule__overallStatus="COMPLETED")  # doctest: +SKIP
    """
    number = nct_id or f"NCT{next(_serial):08d}"
    paths = {
        path.replace("__", ".") if path[0] == "_" or path.startswith(_SECTIONS) else _in_protocol(path): value
        for path, value in changes.items()
    }
    return altered(record(of or PLAIN), {"protocolSection.identificationModule.nctId": number, **paths})


_SECTIONS = ("protocolSection", "derivedSection", "hasResults", "resultsSection")


def _in_protocol(path: str) -> str:
    return "protocolSection." + path.replace("__", ".")


def trial_record(
    nct_id: str | None = None, *, of: str = "", origin: terms.Origin = terms.Origin.REGISTRY, **changes: object
) -> TrialRecord:
    """The same, read."""
    return read_record(raw_record(nct_id, of=of, **changes), origin=origin)


def posted(day: date | str) -> dict[str, object]:
    """The change that says when a record's last update was posted."""
    return {"statusModule__lastUpdatePostDateStruct__date": str(day)}


def stored_trial(nct_id: str | None = None, *, at: datetime = NOW, **changes: object) -> Trial:
    """A trial with its first version and its first event, through the store."""
    found = trial_record(nct_id, **changes)
    store(records=[found], origin=terms.Origin.REGISTRY, run=None, at=at)
    return Trial.objects.get(pk=found.nct_id)
