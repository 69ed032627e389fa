"""Why a number is here, absent or late: an answer for every number, even a wrong one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracker import terms
from tracker.models import ChangeEvent, SetAside, SyncRun, Trial, TrialAlias, TrialMatch
from tracker.sources.ctgov_records import nct_number

from .freshness import queries_asked
from .wording import figure, utc
from .words_in_place import relevance_words

if TYPE_CHECKING:
    from datetime import date, datetime

    from tracker.models import RegistryQuery

MALFORMED, HERE, MENTION, NONE = "malformed", "here", "mention", "none"
SET_ASIDE, ALIAS, GONE, NO_LONGER_MATCHES, ABSENT = "set_aside", "alias", "gone", "no_longer_matches", "absent"

SHAPE = "An NCT number is NCT and eight digits, such as NCT01159288."


@dataclass(frozen=True, slots=True)
class Late:
    """How long after the registry posted a record we first saw it."""

    posted: date
    seen: datetime
    days: int

    @property
    def words(self) -> str:
        if self.days <= 0:
            return f"First posted {self.posted}, first seen here {utc(self.seen)}."
        return f"First posted {self.posted}, first seen here {utc(self.seen)}: {figure(self.days, 'day')} later."


@dataclass(frozen=True, slots=True)
class Why:
    """The answer: ``answer`` is one of the names above, ``sentence`` says it, the rest is what it rests on.

    ``number`` is None where the text is no NCT number; ``trial`` is the surviving one of an alias.
    """

    asked: str
    number: str | None
    answer: str
    sentence: str
    trial: Trial | None = None
    late: Late | None = None
    words: tuple[tuple[str, str, str], ...] = ()
    aliases: tuple[str, ...] = ()
    matches: tuple[TrialMatch, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    presence: tuple[ChangeEvent, ...] = ()
    queries: tuple[RegistryQuery, ...] = ()
    fetches: tuple[SyncRun, ...] = ()

    @property
    def heading(self) -> str:
        """The sentence up to its first stop, without it."""
        return self._parts()[0]

    @property
    def more(self) -> str:
        """What the sentence says after its heading; "" where that is all."""
        return self._parts()[1]

    def _parts(self) -> tuple[str, str]:
        head, _, tail = self.sentence.partition(": " if self.answer == SET_ASIDE else ". ")
        return head.removesuffix("."), tail

    @property
    def registry_url(self) -> str | None:
        return f"https://clinicaltrials.gov/study/{self.number}" if self.number else None


def why(given: str, *, now: datetime) -> Why:
    """The answer for this number at ``now``: eight queries at most; none for a malformed one."""
    number = nct_number(given.strip())
    if number is None:
        return Why(given, None, MALFORMED, f"“{given.strip()[:60]}” is not an NCT number. {SHAPE}")
    trial = Trial.objects.defer("search").called(number)
    aside = tuple(SetAside.objects.filter(nct_id=number).defer("raw").order_by("state", "-last_seen"))
    queries = tuple(queries_asked(now=now))
    fetches = tuple(SyncRun.objects.filter(kind=terms.RunKind.SINGLE, asked__nctId=number).order_by("-started")[:3])
    if trial is None:
        answer, sentence = _absent(number, aside, queries, fetches)
        return Why(given, number, answer, sentence, set_aside=aside, queries=queries, fetches=fetches)
    aliases = tuple(TrialAlias.objects.filter(trial=trial).values_list("alias", flat=True))
    presence = tuple(
        ChangeEvent.objects.filter(
            trial=trial,
            kind__in=[
                terms.ChangeKind.GONE,
                terms.ChangeKind.BACK,
                terms.ChangeKind.NO_LONGER_MATCHES,
                terms.ChangeKind.ALIAS,
            ],
        ).order_by("-seen")
    )
    late = None
    if trial.first_post_date:
        late = Late(trial.first_post_date, trial.first_seen, (trial.first_seen.date() - trial.first_post_date).days)
    answer, sentence = _found(number, trial, presence)
    return Why(
        given,
        number,
        answer,
        sentence,
        trial=trial,
        late=late,
        words=relevance_words(trial.relevance_words),
        aliases=aliases,
        matches=tuple(TrialMatch.objects.filter(trial=trial).select_related("query").order_by("first_matched")),
        set_aside=aside,
        presence=presence,
        queries=queries,
        fetches=fetches,
    )


def _found(number: str, trial: Trial, presence: tuple[ChangeEvent, ...]) -> tuple[str, str]:
    if trial.nct_id != number:
        return ALIAS, f"{number} is now {trial.nct_id}; both numbers lead to one trial."
    who = "a person" if trial.relevance_by == terms.Proposer.PERSON else "the rules"
    since = {change.kind: f"{change.seen:%Y-%m-%d}" for change in reversed(presence)}
    match trial.presence:
        case terms.Presence.GONE:
            day = since.get(terms.ChangeKind.GONE)
            return GONE, f"{number} is gone from the registry{f' since {day}' if day else ''}. What we saw of it stays."
        case terms.Presence.NO_LONGER_MATCHES:
            day = since.get(terms.ChangeKind.NO_LONGER_MATCHES)
            when = f" since {day}" if day else ""
            return NO_LONGER_MATCHES, f"{number} no longer matches any query{when}. What we saw of it stays."
    match trial.relevance:
        case terms.Relevance.ABOUT:
            return HERE, f"{number} is here: {who} judged it about EVs in lung cancer."
        case terms.Relevance.MENTION:
            return (
                MENTION,
                f"{number} is stored and not listed: {who} judged that it mentions EVs and is not about them.",
            )
        case _:
            return NONE, f"{number} is stored and not listed: {who} judged that it is not about EVs in lung cancer."


def _absent(
    number: str, aside: tuple[SetAside, ...], queries: tuple[RegistryQuery, ...], fetches: tuple[SyncRun, ...]
) -> tuple[str, str]:
    waiting = next((row for row in aside if row.state == terms.SetAsideState.WAITING), None)
    if waiting:
        return SET_ASIDE, f"{number} came and could not be read: {waiting.reason.rstrip('.')}. It waits to be replayed."
    if not queries:
        return ABSENT, f"{number} is not stored: no query is turned on, so nothing was asked."
    read = [query for query in queries if query.last_good]  # type: ignore[attr-defined]
    if not read:
        return ABSENT, f"{number} is not stored: no query has been answered by the registry yet."
    asked = "the query that is asked" if len(queries) == 1 else f"the {figure(len(queries), 'query', 'queries')} asked"
    return ABSENT, f"{number} never matched {asked}."
