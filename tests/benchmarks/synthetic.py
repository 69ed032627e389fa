"""Records that look like the registry's in size and shape and are plainly none of its own.

Twenty thousand real records cannot stand in a repository, so they are made: a real record of the wanted size is
taken, its text resampled line by line from others, its dates moved, its title marked as synthetic, and its lists of
sites, outcomes, references and results lengthened or shortened until the size is right. Numbers begin with
NCT9, which the registry has not given out. A record depends on its seed and its place alone, so any of them can be
made without the ones before it.
"""

from __future__ import annotations

import bisect
import math
import random
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from tests.records import real

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Bytes of compact JSON by share of records, counted on 1,774 real full records: median 12 kB, mean 20, ninetieth
# percentile 32, ninety-ninth 150, and a few trials with results above 1 MB (here one in two thousand).
SIZES = (
    (0.0, 2_700),
    (0.1, 5_200),
    (0.25, 8_000),
    (0.5, 12_000),
    (0.75, 19_000),
    (0.9, 32_000),
    (0.97, 70_000),
    (0.99, 150_000),
    (0.999, 520_000),
    (0.9994, 1_020_000),
    (1.0, 2_200_000),
)
RESULTS_FROM = 60_000  # real records above this size are so because results were posted
ABOUT_EVERY = 10  # one in ten is about EVs in lung cancer
NAMING_EVERY = 50  # one in fifty only names EVs, among its criteria
FIRST_NUMBER = 90_000_000
LAST_POST = date(2026, 6, 20)  # the newest of them were posted so early that no overlap of a later pull asks for them
CHANGES_POSTED = date(2026, 9, 30)
GOLDEN = (math.sqrt(5) - 1) / 2

_EV_WORDS = re.compile(r"exosom|extracellular vesic|microvesic|microparticle|oncosome", re.IGNORECASE)

# What an EV study of lung cancer says of itself. Worded here after the registered titles of NCT07376512, NCT04529915,
# NCT03830619, NCT04182893, NCT04499794, NCT04629079 and NCT02657460; the combinations are nobody's trial.
_SPECIMENS = ("plasma", "serum", "whole blood", "bronchoalveolar lavage fluid", "pleural effusion", "urine")
_CARGOES = (
    "microRNA",
    "long non-coding RNA",
    "EML4-ALK fusion transcripts",
    "PD-L1",
    "EGFR T790M mutation",
    "surface proteins CD9, CD63 and CD81",
    "circular RNA",
)
_VESICLES = ("exosomes", "extracellular vesicles", "small extracellular vesicles", "exosomal vesicles")
_DISEASES = ("Non-Small Cell Lung Cancer", "Lung Cancer", "Lung Adenocarcinoma", "Small Cell Lung Cancer")
_METHODS = ("ultracentrifugation", "size exclusion chromatography", "immunoaffinity capture", "a microfluidic chip")
_PURPOSES = (
    "the early diagnosis of",
    "the prognosis of",
    "predicting the response to immunotherapy in",
    "monitoring the treatment of",
    "screening people at high risk of",
)
_CARRIED = ("methotrexate", "cisplatin", "tumor antigens", "siRNA against KRAS G12D")

Record = dict[str, Any]


@dataclass(frozen=True)
class Bank:
    """The real records, by size, and their parts to resample from; lists of parts with the bytes each takes."""

    sizes: list[int]
    records: list[bytes]
    lines: list[str]
    sites: list[tuple[int, Record]]
    outcomes: list[tuple[int, Record]]
    references: list[tuple[int, Record]]
    measured: list[tuple[int, Record]]
    events: list[tuple[int, Record]]

    @classmethod
    def read(cls) -> Bank:
        """The bank of the tests' real records that are not themselves about EVs."""
        found: list[tuple[int, bytes]] = []
        bank = cls([], [], [], [], [], [], [], [])
        for given in real():
            record = msgspec.json.decode(given)
            raw = msgspec.json.encode(record)
            if _EV_WORDS.search(raw.decode()):
                continue
            found.append((len(raw), raw))
            bank._take(record)
        for size, raw in sorted(found):
            bank.sizes.append(size)
            bank.records.append(raw)
        return bank

    def _take(self, record: Record) -> None:
        protocol = record["protocolSection"]
        criteria = protocol.get("eligibilityModule", {}).get("eligibilityCriteria", "")
        self.lines.extend(line for line in criteria.split("\n") if line.startswith("* "))
        for site in protocol.get("contactsLocationsModule", {}).get("locations", []):
            self.sites.append(_sized(site))
        for outcome in protocol.get("outcomesModule", {}).get("secondaryOutcomes", []):
            self.outcomes.append(_sized(outcome))
        for reference in protocol.get("referencesModule", {}).get("references", []):
            self.references.append(_sized(reference))
        results = record.get("resultsSection", {})
        for measure in results.get("outcomeMeasuresModule", {}).get("outcomeMeasures", []):
            self.measured.append(_sized(measure))
        for event in results.get("adverseEventsModule", {}).get("otherEvents", []):
            self.events.append(_sized(event))

    def near(self, size: int, rng: random.Random) -> Record:
        """A fresh copy of one of the dozen real records nearest to this size."""
        middle = bisect.bisect_left(self.sizes, size)
        first = max(0, min(middle - 6, len(self.records) - 12))
        record: Record = msgspec.json.decode(self.records[rng.randrange(first, min(first + 12, len(self.records)))])
        return record


def _sized(part: Record) -> tuple[int, Record]:
    return len(msgspec.json.encode(part)) + 1, part


def wanted_size(share: float) -> int:
    """Bytes of the record that stands at this share (0 to 1) of all records ordered by size."""
    at = min(bisect.bisect_right([point for point, _ in SIZES], share), len(SIZES) - 1)
    (left, low), (right, high) = SIZES[at - 1], SIZES[at]
    return round(low * (high / low) ** ((share - left) / (right - left)))


def number(place: int) -> str:
    return f"NCT{FIRST_NUMBER + place:08d}"


def is_about(place: int) -> bool:
    return place % ABOUT_EVERY == 3


def make(place: int, *, bank: Bank, seed: int) -> bytes:
    """The record at this place (0, 1, 2 …), as one line of compact JSON.

    Sizes are spread by the golden ratio and not drawn, so that a hundred records have nearly the quantiles that
    twenty thousand have.
    """
    rng = random.Random(f"{seed}:{place}")
    size = wanted_size((place * GOLDEN + seed * 0.001 + 0.5) % 1.0)
    record = bank.near(size, rng)
    protocol = record["protocolSection"]
    _name(protocol, place, rng)
    _date(record, rng)
    _reword(protocol, bank, rng)
    _add_contacts(protocol, rng)
    if is_about(place):
        _make_about(protocol, rng)
    elif place % NAMING_EVERY == 7:
        eligibility = protocol.setdefault("eligibilityModule", {})
        criteria = eligibility.get("eligibilityCriteria", "Inclusion Criteria:")
        eligibility["eligibilityCriteria"] = f"{criteria}\n* Prior treatment with exosomes"
    _fit(record, size, bank, rng)
    return msgspec.json.encode(record)


def records(*, count: int, seed: int, bank: Bank) -> Iterator[bytes]:
    """So many records, one at a time."""
    return (make(place, bank=bank, seed=seed) for place in range(count))


def changed_places(*, count: int, changes: int) -> list[int]:
    """Which records change on day two, spread evenly over all."""
    step = max(1, count // changes)
    return list(range(step // 2, count, step))[:changes]


def change(raw: bytes, *, place: int) -> bytes:
    """The same record as posted again later: another status, a later completion, more or fewer people."""
    record: Record = msgspec.json.decode(raw)
    status = record["protocolSection"]["statusModule"]
    status["overallStatus"] = "RECRUITING" if status.get("overallStatus") != "RECRUITING" else "ACTIVE_NOT_RECRUITING"
    status["primaryCompletionDateStruct"] = {"date": "2028-12", "type": "ESTIMATED"}
    status["lastUpdatePostDateStruct"] = {"date": CHANGES_POSTED.isoformat(), "type": "ACTUAL"}
    status["lastUpdateSubmitDate"] = (CHANGES_POSTED - timedelta(days=2)).isoformat()
    people = record["protocolSection"]["designModule"].setdefault("enrollmentInfo", {"type": "ESTIMATED"})
    people["count"] = 40 + place % 400
    record["derivedSection"]["miscInfoModule"]["versionHolder"] = CHANGES_POSTED.isoformat()
    return msgspec.json.encode(record)


def post_date(raw: bytes) -> str:
    """When the registry posted this record last, ``YYYY-MM-DD``."""
    return msgspec.json.decode(raw)["protocolSection"]["statusModule"]["lastUpdatePostDateStruct"]["date"]


def _name(protocol: Record, place: int, rng: random.Random) -> None:
    identity = protocol["identificationModule"]
    identity["nctId"] = number(place)
    identity["orgStudyIdInfo"] = {"id": f"SYN-{place:05d}"}
    identity.pop("nctIdAliases", None)  # an alias of a real number would lead to a record that is not real
    identity["organization"] = {"fullName": f"Synthetic Institute {rng.randrange(900)}", "class": "OTHER"}
    words = identity.get("briefTitle", "Untitled").split()
    rng.shuffle(words)
    identity["briefTitle"] = f"[Synthetic record {place}] {' '.join(words)}"
    sponsor = protocol.setdefault("sponsorCollaboratorsModule", {}).setdefault("leadSponsor", {"class": "OTHER"})
    sponsor["name"] = identity["organization"]["fullName"]


def _date(record: Record, rng: random.Random) -> None:
    """Move every date of the status by the same whole years, and post each record on some day of fourteen years."""
    status = record["protocolSection"]["statusModule"]
    years = rng.randrange(-3, 3)
    for key in ("startDateStruct", "primaryCompletionDateStruct", "completionDateStruct"):
        given = status.get(key, {}).get("date", "")
        if given and not given.endswith("02-29"):
            status[key]["date"] = f"{int(given[:4]) + years}{given[4:]}"
    posted = LAST_POST - timedelta(days=rng.randrange(14 * 365))
    status["lastUpdatePostDateStruct"] = {"date": posted.isoformat(), "type": "ACTUAL"}
    status["lastUpdateSubmitDate"] = (posted - timedelta(days=rng.randrange(2, 9))).isoformat()
    record.setdefault("derivedSection", {}).setdefault("miscInfoModule", {})["versionHolder"] = LAST_POST.isoformat()


def _reword(protocol: Record, bank: Bank, rng: random.Random) -> None:
    """Exchange a third of the criteria for others' and turn the sentences of the descriptions about."""
    eligibility = protocol.get("eligibilityModule", {})
    if criteria := eligibility.get("eligibilityCriteria"):
        lines = criteria.split("\n")
        for at, line in enumerate(lines):
            if line.startswith("* ") and rng.random() < 0.34:
                lines[at] = rng.choice(bank.lines)
        eligibility["eligibilityCriteria"] = "\n".join(lines)
    description = protocol.get("descriptionModule", {})
    for key in ("briefSummary", "detailedDescription"):
        if text := description.get(key):
            sentences = text.split(". ")
            rng.shuffle(sentences)
            description[key] = f"Synthetic text {rng.randrange(10**6)}. " + ". ".join(sentences)


def _add_contacts(protocol: Record, rng: random.Random) -> None:
    """Contacts as recruiting trials have them; the product must take them out, which costs time too."""
    if protocol["statusModule"].get("overallStatus") in ("RECRUITING", "NOT_YET_RECRUITING"):
        name = f"Synthetic Person {rng.randrange(999)}"
        person = {"name": name, "role": "CONTACT", "phone": "000", "email": "nobody@example.org"}
        place = protocol.setdefault("contactsLocationsModule", {})
        place["centralContacts"] = [person]
        official = {"name": name, "affiliation": "Synthetic Institute", "role": "PRINCIPAL_INVESTIGATOR"}
        place["overallOfficials"] = [official]
        place["locations"] = [{**site, "contacts": [person]} for site in place.get("locations", [])]


def _make_about(protocol: Record, rng: random.Random) -> None:
    """Turn a lung cancer trial into one about EVs: two in three measure them, the others deliver something by them."""
    vesicles, cargo, specimen = rng.choice(_VESICLES), rng.choice(_CARGOES), rng.choice(_SPECIMENS)
    disease, method, purpose = rng.choice(_DISEASES), rng.choice(_METHODS), rng.choice(_PURPOSES)
    identity, title = protocol["identificationModule"], protocol["identificationModule"]["briefTitle"]
    mark = title[: title.index("]") + 1]
    protocol["conditionsModule"] = {"conditions": [disease], "keywords": ["exosome", "liquid biopsy", cargo]}
    arms = protocol.setdefault("armsInterventionsModule", {})
    outcomes = protocol.setdefault("outcomesModule", {})
    if rng.random() < 0.67:
        identity["briefTitle"] = f"{mark} {cargo} of {specimen} {vesicles} for {purpose} {disease}"
        summary = (
            f"Synthetic text. {vesicles.capitalize()} are isolated from {specimen} by {method}, seen by transmission "
            f"electron microscopy and nanoparticle tracking analysis, and their {cargo} is measured before treatment."
        )
        arms["interventions"] = [{"type": "DIAGNOSTIC_TEST", "name": f"{cargo} of {vesicles}", "description": summary}]
        outcomes["primaryOutcomes"] = [
            {"measure": f"Sensitivity and specificity of {cargo} in {vesicles}", "timeFrame": "12 months"}
        ]
    else:
        carried = rng.choice(_CARRIED)
        identity["briefTitle"] = f"{mark} Dendritic cell-derived {vesicles} carrying {carried} in {disease}"
        summary = (
            f"Synthetic text. Autologous {vesicles} loaded with {carried}, purified by {method}, are given "
            f"intravenously every two weeks at 1e9 particles per kilogram to people with {disease}."
        )
        arms["interventions"] = [{"type": "BIOLOGICAL", "name": f"{vesicles} with {carried}", "description": summary}]
        outcomes["primaryOutcomes"] = [{"measure": "Objective response rate by RECIST 1.1", "timeFrame": "24 weeks"}]
    protocol.setdefault("descriptionModule", {})["briefSummary"] = summary


def _fit(record: Record, size: int, bank: Bank, rng: random.Random) -> None:
    """Lengthen or shorten the record's lists until it has about this size."""
    missing = size - len(msgspec.json.encode(record))
    if missing < 0:
        missing += _shorten(record, -missing)
    if missing <= 0:
        return
    protocol = record["protocolSection"]
    if size >= RESULTS_FROM and bank.measured and bank.events:
        results = record.setdefault("resultsSection", {})
        record["hasResults"] = True
        measured = results.setdefault("outcomeMeasuresModule", {}).setdefault("outcomeMeasures", [])
        events = results.setdefault("adverseEventsModule", {}).setdefault("otherEvents", [])
        missing = _lengthen(measured, bank.measured, missing, rng, leave=missing // 3)
        missing = _lengthen(events, bank.events, missing, rng, leave=0)
        return
    sites = protocol.setdefault("contactsLocationsModule", {}).setdefault("locations", [])
    missing = _lengthen(sites, bank.sites, missing, rng, leave=missing // 2)
    if rng.random() < 0.4 and bank.references:
        references = protocol.setdefault("referencesModule", {}).setdefault("references", [])
        missing = _lengthen(references, bank.references, missing, rng, leave=missing // 2)
    outcomes = protocol.setdefault("outcomesModule", {}).setdefault("secondaryOutcomes", [])
    missing = _lengthen(outcomes, bank.outcomes, missing, rng, leave=missing // 2)
    eligibility = protocol.setdefault("eligibilityModule", {})
    lines = [eligibility.get("eligibilityCriteria", "")]
    while missing > 0 and bank.lines:
        line = rng.choice(bank.lines)
        lines.append(line)
        missing -= len(line) + 2
    eligibility["eligibilityCriteria"] = "\n".join(lines)


def _lengthen(
    parts: list[Record], bank: list[tuple[int, Record]], missing: int, rng: random.Random, *, leave: int
) -> int:
    """Add parts that still fit until only so many bytes are missing; how many still are."""
    misfits = 0
    while missing > leave and bank and misfits < 8:
        size, part = rng.choice(bank)
        if size > missing + 200:
            misfits += 1
            continue
        parts.append(part)
        missing -= size
    return missing


def _shorten(record: Record, too_much: int) -> int:
    """Take items from the ends of the longest lists; the bytes taken, at least so many where there were any to take."""
    protocol, results = record["protocolSection"], record.get("resultsSection", {})
    lists: Iterable[list[Any]] = (
        results.get("adverseEventsModule", {}).get("otherEvents", []),
        results.get("outcomeMeasuresModule", {}).get("outcomeMeasures", []),
        protocol.get("contactsLocationsModule", {}).get("locations", []),
        protocol.get("referencesModule", {}).get("references", []),
        protocol.get("outcomesModule", {}).get("secondaryOutcomes", []),
    )
    taken = 0
    for parts in lists:
        while parts and taken < too_much:
            taken += _sized(parts.pop())[0]
    if taken < too_much:
        eligibility = protocol.get("eligibilityModule", {})
        lines = eligibility.get("eligibilityCriteria", "").split("\n")
        while len(lines) > 4 and taken < too_much:
            taken += len(lines.pop()) + 2
        eligibility["eligibilityCriteria"] = "\n".join(lines)
    return taken
