"""What has to be reached, what was, and the table that says so."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

SHARE_OF_LIMIT = 0.5  # of the limit's pace, the network left out of both
PEAK_MEMORY = 300.0  # MB of the product's process, whatever the number of records
NOOP_REQUESTS = 1
# Of the pace at which COPY stores the same rows, which it neither compares, reads, scores nor links.
STUDIES_OF_COPY = 0.02
SHARE_FOR_CHANGES = 0.03  # of a full sync's time, for a hundred changes among twenty thousand


@dataclass(frozen=True)
class Measure:
    """One figure; with a bound it is reached or not, without it stands for information."""

    name: str
    value: float
    unit: str = ""
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def reached(self) -> bool | None:
        if self.at_least is not None:
            return self.value >= self.at_least
        if self.at_most is not None:
            return self.value <= self.at_most
        return None


def spread(values: list[float], digits: int = 2) -> str:
    """``0.51-0.58 in 3 rounds``: other work on the machine moves single rounds."""
    return f"{min(values):.{digits}f}-{max(values):.{digits}f} in {len(values)} rounds"


def judged(rounds: list[dict[str, Any]]) -> list[Measure]:
    """The figures that have a bound, from every round's product, no-op, changes and limit."""
    product = [each["product"]["seconds"] for each in rounds]
    limit = [each["limit"]["seconds"] for each in rounds]
    changes = [each["changes"]["seconds"] for each in rounds]
    shares = [ours / theirs for ours, theirs in zip(limit, product, strict=True)]
    parts = [few / whole for few, whole in zip(changes, product, strict=True)]
    return [
        Measure(
            "pace of a full sync, as a share of the limit",
            min(limit) / min(product),
            at_least=SHARE_OF_LIMIT,
            note=f"best of each; round by round {spread(shares)}",
        ),
        Measure(
            "peak memory of the syncing process",
            max(each[step]["peak_mb"] for each in rounds for step in ("product", "noop", "changes")),
            "MB",
            at_most=PEAK_MEMORY,
        ),
        Measure(
            "requests of a sync with nothing new",
            max(each["noop"]["requests"] for each in rounds),
            at_most=NOOP_REQUESTS,
        ),
        Measure(
            "time of a sync of the changes, as a share of a full one",
            min(changes) / min(product),
            at_most=SHARE_FOR_CHANGES,
            note=f"best of each; round by round {spread(parts, 3)}",
        ),
    ]


def of_studies(rounds: list[dict[str, Any]]) -> list[Measure]:
    """The figures of a file of studies, from every round's product and limit."""
    product = [each["product"]["seconds"] for each in rounds]
    limit = [each["limit"]["seconds"] for each in rounds]
    shares = [ours / theirs for ours, theirs in zip(limit, product, strict=True)]
    best = min((each["product"] for each in rounds), key=lambda step: step["seconds"])
    return [
        Measure(
            f"pace of {best['records']:,} studies from a file, as a share of COPY",
            min(limit) / min(product),
            at_least=STUDIES_OF_COPY,
            note=f"best of each; round by round {spread(shares)}; {best['records'] / best['seconds']:,.0f} records/s",
        ),
        Measure(
            "peak memory of the importing process",
            max(each["product"]["peak_mb"] for each in rounds),
            "MB",
            at_most=PEAK_MEMORY,
        ),
    ]


def beside(rounds: list[dict[str, Any]], references: dict[str, dict[str, Any]]) -> list[Measure]:
    """The figures without a bound: paces in records a second, the network left out."""
    best_product = min((each["product"] for each in rounds), key=lambda step: step["seconds"])
    best_limit = min((each["limit"] for each in rounds), key=lambda step: step["seconds"])
    best_copy = min((each["copy_alone"] for each in rounds), key=lambda step: step["seconds"])
    measures = [
        Measure("full sync", best_product["records"] / best_product["seconds"], "records/s", note=_parts(best_product)),
        Measure(
            "the limit: decode + COPY + vectors",
            best_limit["records"] / best_limit["seconds"],
            "records/s",
            note=_parts(best_limit),
        ),
        Measure(
            "decode + COPY of ready vectors",
            best_copy["records"] / best_copy["seconds"],
            "records/s",
            note=f"a full sync does {best_copy['seconds'] / best_product['seconds']:.2f} of that; {_parts(best_copy)}",
        ),
    ]
    for name, step in references.items():
        pace = step["records"] / step["seconds"]
        ours = best_product["records"] / best_product["seconds"] / pace
        note = f"a full sync does {ours:.1f} times that; {_parts(step)}"
        measures.append(Measure(f"Django {name}", pace, "records/s", note=note))
    noop = statistics.median(each["noop"]["seconds"] for each in rounds)
    measures.append(Measure("a sync with nothing new", noop * 1000, "ms"))
    return measures


def _parts(step: dict[str, Any]) -> str:
    parts = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in step.get("parts", {}).items())
    return (
        f"{step['seconds']:.2f} s for {step['records']:,}{': ' + parts if parts else ''}, {step['waited']:.2f} s waited"
    )


def table(measures: list[Measure]) -> Table:
    rows = Table(title="ExoTracker benchmark", title_justify="left")
    for heading in ("what", "measured", "to reach", "", "how"):
        rows.add_column(heading, justify="right" if heading == "measured" else "left")
    for each in measures:
        bound = f"≥ {each.at_least:g}" if each.at_least is not None else ""
        bound = f"≤ {each.at_most:g}" if each.at_most is not None else bound
        verdict = {True: "reached", False: "[bold]NOT REACHED[/bold]", None: ""}[each.reached]
        rows.add_row(each.name, f"{_shown(each.value)} {each.unit}".strip(), bound, verdict, each.note)
    return rows


def _shown(value: float) -> str:
    if value == int(value) or value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3f}"


def show(measures: list[Measure]) -> None:
    Console(width=150 if not Console().is_terminal else None).print(table(measures))


def as_json(measures: list[Measure]) -> list[dict[str, Any]]:
    return [asdict(each) | {"reached": each.reached} for each in measures]


def missed(measures: list[Measure]) -> list[str]:
    return [each.name for each in measures if each.reached is False]
