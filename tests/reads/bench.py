"""Studies and candidates as rows, for reads and pages that need no more than columns.

Titles, years, numbers and what the studies did are what the papers say; stages, strengths and links are drawn for
layout and are no reference values. The retracted study and its notice are made up: no paper here was retracted.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.contrib.postgres.search import SearchVector
from django.db.models import Value

from tracker.models import (
    Annotation,
    Candidate,
    CandidateAddress,
    CandidateName,
    ChangeEvent,
    EvidenceLink,
    Experiment,
    LineageLink,
    Maturity,
    Study,
    StudyAddress,
    StudyFact,
    Trial,
)

NOW = datetime(2026, 2, 3, 9, 0, tzinfo=UTC)
READ_AT = "https://read-at.example/never-shown"

STUDIES: dict[str, dict] = {
    "microparticles": {
        "id": 900_002,  # a number that the documentation can name
        "pmid": "30651323",
        "doi": "10.1126/scitranslmed.aat5690",
        "title": "Autologous tumor cell–derived microparticle-based targeted chemotherapy in lung cancer patients with "
        "malignant pleural effusion",
        "authors": ["Guo M", "Wu F", "Hu G", "Chen L", "Xu J", "Xu P", "Wang X", "Li Y"],
        "year": 2019,
        "published_given": "2019-01-09",
        "journal": "Science Translational Medicine",
        "abstract": "Microparticles of tumour cells packed with methotrexate were given to eleven patients with lung "
        "cancer and malignant pleural effusion; no toxicity of grade 3 or higher was seen.",
        "is_open_access": False,
        "mesh_terms": ["Lung Neoplasms", "Pleural Effusion, Malignant"],
        "publication_types": ["Journal Article"],
        "trial_numbers": ["NCT02657460"],
        "roles": ["drug_carrier"],
        "maturity": ("therapeutic", 4, 4, "41.0", "78.0"),
    },
    "neutrophils": {
        "doi": "10.1158/2326-6066.cir-19-0789",
        "title": "Chemotherapeutic Tumor Microparticles Elicit a Neutrophil Response Targeting Malignant Pleural "
        "Effusions",
        "year": 2020,
        "roles": ["drug_carrier"],
        "maturity": ("therapeutic", 2, 6, "12.0", "80.0"),
    },
    "dexosomes-1": {
        "pmid": "15723705",
        "doi": "10.1186/1479-5876-3-9",
        "title": "A phase I study of dexosome immunotherapy in patients with advanced non-small cell lung cancer",
        "year": 2005,
        "journal": "Journal of Translational Medicine",
        "roles": ["vaccine"],
        "maturity": ("therapeutic", 6, 6, "35.0", "61.0"),
    },
    "dexosomes-2": {
        "pmid": "27141373",
        "doi": "10.1080/2162402x.2015.1071008",
        "title": "Dendritic cell-derived exosomes as maintenance immunotherapy after first line chemotherapy in NSCLC",
        "year": 2016,
        "roles": ["vaccine"],
        "maturity": ("therapeutic", 7, 7, "44.0", "66.0"),
    },
    "pd-l1": {
        "doi": "10.1186/s13046-022-02379-1",
        "title": "Extracellular vesicle PD-L1 dynamics predict durable response to immune-checkpoint inhibitors and "
        "survival in patients with non-small cell lung cancer",
        "year": 2022,
        "roles": ["prediction", "monitoring"],
        "maturity": ("diagnostic", 2, 4, "38.0", "81.0"),
    },
    "untitled-source": {
        "id": 900_004,
        "title": "Exosomal PD-L1 expression as non-invasive biomarker for immune checkpoint inhibitors in non-small "
        "cell lung cancer",
        "roles": ["prediction"],
        "maturity": None,
    },
    "retracted": {
        "id": 900_003,
        "pmid": "99999901",
        "title": "A made-up study of exosomes in lung cancer that was retracted",
        "year": 2018,
        "is_retracted": True,
        "notices": [
            {
                "kind": "retraction",
                "given_on": "2024-05-02",
                "identifier": "PMID 99999902",
                "url": "https://pubmed.ncbi.nlm.nih.gov/99999902/",
            }
        ],
        "roles": ["drug_carrier"],
        "maturity": ("therapeutic", 5, 5, "50.0", "60.0"),
    },
}


def bench_work() -> dict[str, Study]:
    """The studies by a short name, with three candidates, their links, lineage, facts and old addresses.

    Trials of ``starter_trials`` are linked where they are stored.
    """
    person = get_user_model().objects.create_user("jdoe", first_name="J.", last_name="Doe", password=None)
    made = {name: _study(dict(row)) for name, row in STUDIES.items()}
    _facts(made, person)
    _candidates(made, person)
    StudyAddress.objects.create(number=900_001, study=made["microparticles"], since=NOW)
    ChangeEvent.objects.create(study=made["retracted"], kind="retracted", seen=NOW)
    return made


def _study(row: dict) -> Study:
    maturity = row.pop("maturity")
    study = Study.objects.create(
        **{
            "origin": "file",
            "relevance": "about",
            "first_seen": NOW,
            "last_changed": NOW,
            "read_at": READ_AT,
            "source_url": f"https://doi.org/{row['doi']}" if "doi" in row else None,
            **row,
        }
    )
    if maturity:
        track, stage, possible, low, high = maturity
        score = Decimal(10 * stage) + Decimal(low) / 10
        numbers = {
            "track": track,
            "stage": stage,
            "stage_possible": possible,
            "step": "done",
            "score": score,
            "score_possible": Decimal(10 * possible) + Decimal(high) / 10,
            "momentum": "unknown",
        }
        Study.objects.filter(pk=study.pk).update(**numbers, strength=Decimal(low), strength_possible=Decimal(high))
        Maturity.objects.create(
            study=study, rubric="2026-1", input_hash="0" * 64, scored_on=date(2026, 2, 3),
            confirmed_on=date(2026, 2, 3), earned=Decimal(low), possible=Decimal(high), created=NOW,
            components=[{"name": "rigour", "earned": 8.0, "possible": 24.0, "weight": 30}],
            explanation=[
                {"component": "rigour", "rule": "controls used", "fact": "yes", "origin": "controls", "state":
                 "reported", "earned": 8.0, "possible": 8.0, "source": "RUBRIC"},
                {"component": "rigour", "rule": "blinded assessment", "fact": "", "origin": "", "state":
                 "not_reported", "earned": 0.0, "possible": 6.0, "source": "RUBRIC"},
            ],
            **numbers,
        )  # fmt: skip
    Study.objects.filter(pk=study.pk).update(search=SearchVector(Value(study.title), config="english"))
    study.refresh_from_db()
    return study


def _facts(made: dict[str, Study], person) -> None:
    study = made["microparticles"]
    mouse = Experiment.objects.create(study=study, label="Mice with malignant pleural effusion", kind="in_vivo")
    people = Experiment.objects.create(study=study, label="Eleven patients", kind="patients")

    def fact(name, value, origin, experiment=None, state="accepted", **more):
        StudyFact.objects.create(
            study=study, name=name, value=value, origin=origin, experiment=experiment, state=state, at=NOW, **more
        )

    at = study.abstract.index("eleven patients")
    words = [{"field": "abstract", "start": at, "end": at + 15, "text": "eleven patients"}]
    fact("n_patients", 12, "rule", people, state="proposed", words=words)
    fact("n_patients", 11, "person", people, by=person)
    fact("n_animals", 24, "import", mouse)
    fact("direction", "supports", "import")
    fact("stage_evidence", ["in_vivo_proof"], "rule", state="proposed")
    for name, value in {
        "ev_source_amount": "yes", "ev_separation": "yes", "ev_quantity": "not_reported", "ev_transmembrane": "yes",
        "ev_cytosolic": "no", "ev_antibodies": "not_applicable", "ev_function_controls": "yes",
    }.items():  # fmt: skip
        fact(name, value, "person", by=person)
    fact(
        "findings",
        [
            {"metric": "objective clinical response", "value": 90.9, "unit": "%", "n": 11},
            {"metric": "tumour volume change", "value": -61, "low": -70, "high": -48, "n": 24, "unit": "%"},
            {"metric": "survival", "note": "longer, no number given"},
        ],
        "import",
    )
    start = study.title.index("lung cancer")
    Annotation.objects.create(
        study=study, facet="disease", term="lung_cancer", proposed=NOW,
        words=[{"field": "title", "start": start, "end": start + 11, "text": "lung cancer"}],
    )  # fmt: skip


def _candidates(made: dict[str, Study], person) -> None:
    def candidate(slug, name, kind, **more):
        return Candidate.objects.create(slug=slug, name=name, kind=kind, created=NOW, **more)

    def link(one, direction, *, state="accepted", basis="Its drug is this.", **record):
        decided = {"decided": NOW, "decided_by": person} if state != "proposed" else {}
        EvidenceLink.objects.create(
            candidate=one, direction=direction, state=state, proposer="person" if decided else "rule", basis=basis,
            proposed=NOW, **decided, **record,
        )  # fmt: skip

    trial = Trial.objects.filter(pk="NCT02657460").first()
    other = Trial.objects.filter(pk="NCT07376512").first()
    micro = candidate(
        "tumour-cell-microparticles", "Tumour-cell microparticles with a drug", "therapeutic",
        roles=["drug_carrier"], ev_sources=["tumour"], cargo=["small_molecule_drug"], mechanisms=["drug_resistance"],
        description="Microparticles shed by tumour cells, packed with methotrexate, given into the pleural cavity.",
        references=[{"title": "Registry record", "url": "https://clinicaltrials.gov/study/NCT02657460"}],
    )  # fmt: skip
    CandidateName.objects.create(candidate=micro, name="ATMPs", folded="atmps")
    CandidateAddress.objects.create(slug="atmp", candidate=micro, since=NOW)
    link(micro, "supports", study=made["microparticles"])
    link(micro, "supports", study=made["retracted"])
    link(micro, "supports", state="proposed", basis="Same cargo and role.", study=made["neutrophils"])
    dexosomes = candidate("dexosomes", "Dexosomes", "therapeutic", roles=["vaccine"], cargo=["protein"])
    link(dexosomes, "supports", study=made["dexosomes-1"])
    link(dexosomes, "contradicts", study=made["dexosomes-2"], basis="Primary endpoint not reached.")
    pd_l1 = candidate("ev-pd-l1", "Plasma EV PD-L1", "diagnostic", roles=["prediction"], cargo=["PD-L1"])
    link(pd_l1, "supports", study=made["pd-l1"])
    link(pd_l1, "neutral", study=made["untitled-source"])
    Candidate.objects.create(
        slug="exosomal-pd-l1-test", name="Exosomal PD-L1 test", kind="diagnostic", created=NOW, status="merged",
        merged_into=pd_l1,
    )  # fmt: skip
    candidate("nothing-yet", "Salivary exosomal miRNAs", "diagnostic")

    def lineage(kind, *, state="accepted", **ends):
        LineageLink.objects.create(
            kind=kind, state=state, proposer="person" if state == "accepted" else "rule", basis="Named in the paper.",
            proposed=NOW, **({"decided": NOW, "decided_by": person} if state == "accepted" else {}), **ends,
        )  # fmt: skip

    lineage("replicates", from_study=made["dexosomes-2"], to_study=made["dexosomes-1"])
    if trial:
        link(micro, "supports", trial=trial)
        lineage("led_to", from_study=made["microparticles"], to_trial=trial)
        lineage("reports", state="proposed", from_study=made["neutrophils"], to_trial=trial)
    if other:
        link(pd_l1, "supports", state="proposed", basis="Shares PD-L1 and prediction.", trial=other)
