"""One trial, whole: what its page and its JSON show, from a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, TypedDict

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, OuterRef, Subquery, When

from tracker import terms
from tracker.models import ChangeEvent, Maturity, Trial, TrialAlias, TrialMatch, TrialVersion
from tracker.scoring import reasons
from tracker.sources.ctgov_records import nct_number

from .candidate import links_of_trial
from .lineage import Branch, LineageLine, lineage_of, studies_cited, tree
from .trials import with_evidence
from .wording import change_sentence, counted, label, people, sentence, stage_name, status_words
from .words_in_place import Chapter, MarkedPassage, chapters, marked, relevance_words, styles_used

if TYPE_CHECKING:
    from tracker.models import Annotation

    from .records import LinkLine, RecordRef

MOVES_SHOWN = 3  # rows with most to gain


class ExplanationRow(TypedDict):
    """One row as scoring stored it; points are numbers with one decimal."""

    component: str
    rule: str
    fact: str
    origin: str
    state: str
    earned: float
    possible: float
    source: str


class ComponentTotal(TypedDict):
    name: str
    earned: float
    possible: float
    weight: float


@dataclass(frozen=True, slots=True)
class ComponentRows:
    """One component of the strength with its rows; the rows sum to its earned and possible."""

    name: str
    words: str
    weight: Decimal
    earned: Decimal
    possible: Decimal
    rows: tuple[ExplanationRow, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """What would move the trial: how much (``+5`` points, ``2 → 6`` stages), which rule, and why it is open."""

    gain: str
    unit: str
    rule: str
    words: str


@dataclass(frozen=True, slots=True)
class MaturityWhole:
    """A maturity as it stands with its explanation taken apart for reading. ``row`` holds the numbers."""

    row: Maturity
    components: tuple[ComponentRows, ...]
    moves: tuple[Move, ...]
    say: str
    because: str
    stage_words: str
    stage_possible_words: str
    momentum_words: str
    score_words: str


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One named difference. Before and after are given where the sentence does not hold them."""

    kind: str
    sentence: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def is_outcome_switch(self) -> bool:
        return self.kind == terms.ChangeKind.PRIMARY_OUTCOME


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One state of the record that we saw, and how it differs from the one before it."""

    version: TrialVersion
    is_current: bool
    changes: tuple[ChangeLine, ...]


@dataclass(frozen=True, slots=True)
class DateLine:
    words: str
    given: str | None
    kind: str  # "planned", or ""


@dataclass(frozen=True, slots=True)
class Place:
    """A city with its sites; "" where the record does not name the city."""

    city: str
    country: str
    facilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Publication:
    """One reference of the registry record; ``study`` is the stored study of its PMID, where there is one."""

    pmid: str
    citation: str
    kind: str
    study: RecordRef | None


@dataclass(frozen=True, slots=True)
class TrialWhole:
    """Everything the page of one trial shows."""

    trial: Trial
    maturity: MaturityWhole | None
    other: MaturityWhole | None
    none_because: str
    annotations: tuple[Annotation, ...]
    passages: tuple[MarkedPassage, ...]
    chapters: tuple[Chapter, ...]
    styles: tuple[tuple[str, str], ...]
    relevance_words: tuple[tuple[str, str, str], ...]
    versions: tuple[VersionLine, ...]
    presence_changes: tuple[ChangeLine, ...]
    dates: tuple[DateLine, ...]
    places: tuple[Place, ...]
    site_count: int
    aliases: tuple[str, ...]
    matches: tuple[TrialMatch, ...]
    links: tuple[LinkLine, ...]
    lineage: tuple[LineageLine, ...]
    branches: tuple[Branch, ...]
    publications: tuple[Publication, ...]

    @property
    def counted_links(self) -> tuple[LinkLine, ...]:
        return tuple(line for line in self.links if line.is_accepted)

    @property
    def proposed_links(self) -> tuple[LinkLine, ...]:
        return tuple(line for line in self.links if line.is_proposed)

    @property
    def proposed_lineage(self) -> tuple[LineageLine, ...]:
        return tuple(line for line in self.lineage if not line.is_accepted)

    @property
    def survivor(self) -> str | None:
        """The number that the registry folded this one into, whose page is the trial's; None where it stands."""
        found: str | None = self.trial.survivor  # type: ignore[attr-defined]  # read by whole_trial
        return found

    @property
    def status(self) -> str | None:
        return status_words(self.trial.overall_status, self.trial.last_known_status)

    @property
    def people(self) -> tuple[str, str] | None:
        return people(self.trial.enrollment_count, self.trial.enrollment_type, self.trial.overall_status)

    @property
    def sites_heading(self) -> str:
        """``Five sites, one country``."""
        places = f"{counted(self.site_count, 'site')}, {counted(len(self.trial.countries), 'country', 'countries')}"
        return sentence(places)

    @property
    def has_decisions(self) -> bool:
        """Whether a person decided any of the annotations."""
        return any(one.state != terms.AnnotationState.PROPOSED for one in self.annotations)

    @property
    def outcome_switches(self) -> tuple[ChangeLine, ...]:
        return tuple(line for version in self.versions for line in version.changes if line.is_outcome_switch)


def find_number(given: str) -> tuple[str | None, str | None]:
    """The trial that this number leads to, and the number as the registry writes it.

    ``(trial, number)``: the trial is another number where this one is an alias, and None where it is not stored; the
    number is None where the text is no NCT number. Two queries at most.
    """
    number = nct_number(given.strip())
    trial = Trial.objects.only("nct_id").called(number) if number else None
    return (trial.nct_id if trial else None), number


def surviving(number: str) -> str:
    """The number that this one was folded into, or itself: one query, and no word on whether it is stored."""
    return TrialAlias.objects.filter(pk=number).values_list("trial_id", flat=True).first() or number


def whole_trial(nct_id: str) -> TrialWhole:
    """The trial of this number (as stored), whole. Raises Trial.DoesNotExist.

    Eight queries, and one more where the record names publications by PMID.
    """
    folded = TrialAlias.objects.filter(trial=OuterRef("pk")).order_by("alias").values("alias")
    survivor = TrialAlias.objects.filter(pk=OuterRef("pk")).values("trial_id")[:1]
    found = Trial.objects.filter(pk=nct_id).defer("search")
    found = found.annotate(folded=ArraySubquery(folded), survivor=Subquery(survivor))
    trial = with_evidence(found).get()
    standing: list[Maturity] = trial.current_maturities  # type: ignore[attr-defined]
    annotations: tuple[Annotation, ...] = tuple(trial.all_annotations)  # type: ignore[attr-defined]
    leading, other = first_and_other(standing)
    versions = _versions(trial)
    current = next(version for version in versions if version.number == trial.version_number)
    passages = marked(current.record().passages, annotations)
    lineage = lineage_of(trials=[nct_id])
    changes = list(ChangeEvent.objects.filter(trial_id=nct_id).order_by("-seen", "id"))
    return TrialWhole(
        trial=trial,
        maturity=maturity_whole(leading) if leading else None,
        other=maturity_whole(other) if other else None,
        none_because="" if leading else why_no_stage(trial),
        annotations=annotations,
        passages=passages,
        chapters=chapters(passages),
        styles=styles_used(passages),
        relevance_words=relevance_words(trial.relevance_words),
        versions=tuple(
            VersionLine(
                version=version,
                is_current=version.number == trial.version_number,
                changes=tuple(_change(change) for change in changes if change.version_after == version.number),
            )
            for version in versions
        ),
        presence_changes=tuple(_change(change) for change in changes if change.version_after is None),
        dates=_dates(trial),
        places=_places(trial),
        site_count=len({(s.get("facility"), s.get("city")) for s in trial.sites or []}),
        aliases=tuple(trial.folded),  # type: ignore[attr-defined]
        matches=tuple(trial.matches.select_related("query").order_by("first_matched")),
        links=links_of_trial(nct_id),
        lineage=lineage,
        branches=tree(lineage),
        publications=_publications(trial),
    )


def _publications(trial: Trial) -> tuple[Publication, ...]:
    """The references of the record, those that report its results first, each with the study that is stored of it."""
    given = [one for one in trial.references or [] if isinstance(one, dict)]
    rank: dict[str, int] = {terms.ReferenceType.RESULT: 0, terms.ReferenceType.DERIVED: 1}
    given.sort(key=lambda one: rank.get(str(one.get("type")), 2))
    stored = studies_cited(str(one["pmid"]) for one in given if one.get("pmid"))
    return tuple(
        Publication(
            pmid=str(one.get("pmid") or ""),
            citation=str(one.get("citation") or ""),
            kind=label(terms.ReferenceType, one.get("type")) or "",
            study=stored.get(str(one.get("pmid"))),
        )
        for one in given
    )


def _versions(trial: Trial) -> list[TrialVersion]:
    """The versions, newest first; only the current one carries its bytes, for they may be a megabyte each."""
    bytes_of_current = Case(When(number=trial.version_number, then=F("raw")))
    kept = TrialVersion.objects.filter(trial=trial).defer("raw").annotate(kept=bytes_of_current).order_by("-number")
    versions: list[TrialVersion] = []
    for version in kept:
        if version.number == trial.version_number:
            version.raw = version.kept
        versions.append(version)
    return versions


def first_and_other(standing: list[Maturity]) -> tuple[Maturity | None, Maturity | None]:
    """The maturity shown first and the one of the other track, both of the newest rubric."""
    newest = [row for row in standing if row.rubric == standing[0].rubric]
    leading = next((row for row in newest if row.is_leading), newest[0] if newest else None)
    other = next((row for row in newest if leading and row.track != leading.track), None)
    return leading, other


def why_no_stage(trial: Trial) -> str:
    """Why this trial has no maturity, in the words of the rules."""
    relevance = terms.Relevance(trial.relevance)
    if relevance is not terms.Relevance.ABOUT:
        return reasons.NOT_ABOUT[relevance]
    if trial.study_type == terms.StudyType.EXPANDED_ACCESS:
        return reasons.EXPANDED_ACCESS
    return reasons.NO_TRACK


# --- maturity ----------------------------------------------------------------------------------------------------


def maturity_whole(row: Maturity) -> MaturityWhole:
    components = _components(row)
    stage = {"sentence": "", "because": "", "name": "", "possible_name": "", **row.reasons.get("stage", {})}
    return MaturityWhole(
        row=row,
        components=components,
        moves=_moves(row, components),
        say=stage["sentence"] or f"Stage {row.stage}, {stage_name(row.track, row.stage)}.",
        because=stage["because"],
        stage_words=stage["name"],
        stage_possible_words=stage["possible_name"] if row.stage_possible > row.stage else "",
        momentum_words=row.reasons.get("momentum", ""),
        score_words=row.reasons.get("score", ""),
    )


def _components(row: Maturity) -> tuple[ComponentRows, ...]:
    totals: list[ComponentTotal] = row.components
    rows: list[ExplanationRow] = row.explanation
    return tuple(
        ComponentRows(
            name=total["name"],
            words=label(terms.Component, total["name"]) or total["name"],
            weight=_points(total["weight"]),
            earned=_points(total["earned"]),
            possible=_points(total["possible"]),
            rows=tuple(line for line in rows if line["component"] == total["name"]),
        )
        for total in totals
    )


def _points(value: float | str | Decimal) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.1"))


def _moves(row: Maturity, components: tuple[ComponentRows, ...]) -> tuple[Move, ...]:
    open_rows = [
        (_points(line["possible"]) - _points(line["earned"]), line) for group in components for line in group.rows
    ]
    # The first of equals stands first: sort is stable and the table's order is the rubric's.
    open_rows = sorted((pair for pair in open_rows if pair[0] > 0), key=lambda pair: -pair[0])[:MOVES_SHOWN]
    moves = [
        Move(f"+{gain.normalize():f}", "point" if gain == 1 else "points", line["rule"], _open_words(line))
        for gain, line in open_rows
    ]
    if row.stage_possible > row.stage:
        stage = row.reasons.get("stage", {})
        moves.insert(
            0,
            Move(
                f"{row.stage} → {row.stage_possible}",
                "stage",
                sentence(stage_name(row.track, row.stage_possible)),
                stage.get("sentence", ""),
            ),
        )
    return tuple(moves)


def _open_words(line: ExplanationRow) -> str:
    """Why a row is open, as a sentence."""
    return sentence(line["fact"].rstrip(".") or "not reported") + "."


# --- versions, dates, places -------------------------------------------------------------------------------------


def _change(change: ChangeEvent) -> ChangeLine:
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    if change.kind == terms.ChangeKind.PRIMARY_OUTCOME:
        before, after = _outcomes(change.before), _outcomes(change.after)
    elif change.kind == terms.ChangeKind.TITLE:
        before = (str(change.before),) if change.before else ("not reported",)
    elif change.kind == terms.ChangeKind.SITES:
        before = _sites(change.before, "removed")
        after = _sites(change.after, "added")
    return ChangeLine(change.kind, change_sentence(change), before, after)


def _outcomes(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        return ("not reported",)
    told = []
    for outcome in value:
        measure = str(outcome.get("measure") or "measure not reported")
        told.append(f"{measure} ({outcome['time_frame']})" if outcome.get("time_frame") else measure)
    return tuple(told)


def _sites(value: object, name: str) -> tuple[str, ...]:
    sites = value.get(name) if isinstance(value, dict) else None
    if not isinstance(sites, list):
        return ()
    return tuple(
        ", ".join(str(part) for part in (site.get("facility"), site.get("city"), site.get("country")) if part)
        if isinstance(site, dict)
        else str(site)
        for site in sites
    )


def _dates(trial: Trial) -> tuple[DateLine, ...]:
    def planned(kind: str | None) -> str:
        return "planned" if kind == terms.ValueType.ESTIMATED else ""

    def day(value: object) -> str | None:
        return str(value) if value else None

    lines = [
        DateLine("First submitted", day(trial.first_submit_date), ""),
        DateLine("First posted", day(trial.first_post_date), ""),
        DateLine("Start", trial.start_given, planned(trial.start_type)),
        DateLine("Primary completion", trial.primary_completion_given, planned(trial.primary_completion_type)),
        DateLine("Completion", trial.completion_given, planned(trial.completion_type)),
        DateLine("Last verified", trial.status_verified_given, ""),
        DateLine("Last update", day(trial.last_update_post_date), ""),
    ]
    if trial.results_first_post_date:
        lines.append(DateLine("Results posted", day(trial.results_first_post_date), ""))
    return tuple(lines)


def _places(trial: Trial) -> tuple[Place, ...]:
    grouped: dict[tuple[str, str], list[str]] = {}
    for site in trial.sites or []:
        key = (str(site.get("country") or ""), str(site.get("city") or ""))
        grouped.setdefault(key, []).append(str(site.get("facility") or "site not named"))
    return tuple(
        Place(city, country, tuple(dict.fromkeys(facilities)))
        for (country, city), facilities in sorted(grouped.items())
    )
