"""Eight real records as rows, for reads and pages that need no more than columns.

Identity, titles, status, dates, sponsor, people and countries are what ClinicalTrials.gov says of these numbers;
stage, strength and momentum are drawn for layout and are no reference values.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from django.contrib.postgres.search import SearchVector
from django.db.models import Value

from tracker.models import Maturity, Trial

SEEN = datetime(2026, 1, 30, 14, 31, tzinfo=UTC)

ROWS: list[dict] = [
    {
        "nct_id": "NCT02657460",
        "brief_title": "Clinical Trial of Tumor Cell-derived Microparticles Packaging Chemotherapeutic Drugs to Treat "
        "Malignant Pleural Effusion",
        "overall_status": "UNKNOWN",
        "last_known_status": "RECRUITING",
        "lead_sponsor": "Wuhan Union Hospital, China",
        "enrollment_count": 90,
        "enrollment_type": "ESTIMATED",
        "last_update_post_date": date(2019, 2, 26),
        "countries": ["China"],
        "roles": ["drug_carrier"],
        "maturity": ("therapeutic", 7, 7, "running", "40.0", "77.0", "74.00", "77.70", "stalled"),
    },
    {
        "nct_id": "NCT03830619",
        "brief_title": "Serum Exosomal Long Noncoding RNAs as Potential Biomarkers for Lung Cancer Diagnosis",
        "overall_status": "COMPLETED",
        "lead_sponsor": "Wuhan Union Hospital, China",
        "enrollment_count": 1000,
        "enrollment_type": "ACTUAL",
        "countries": ["China"],
        "roles": ["diagnosis"],
        "maturity": ("diagnostic", 3, 3, "done", "30.0", "86.0", "33.00", "38.60", "stalled"),
    },
    {
        "nct_id": "NCT04529915",
        "brief_title": "Multicenter Clinical Research for Early Diagnosis of Lung Cancer Using Blood Plasma Derived "
        "Exosome",
        "overall_status": "UNKNOWN",
        "last_known_status": "ACTIVE_NOT_RECRUITING",
        "lead_sponsor": "Korea University Guro Hospital",
        "enrollment_count": 470,
        "enrollment_type": "ESTIMATED",
        "last_update_post_date": date(2021, 12, 30),
        "countries": ["South Korea"],
        "roles": ["diagnosis"],
        "maturity": ("diagnostic", 3, 3, "running", "29.0", "64.0", "32.90", "36.40", "stalled"),
    },
    {
        "nct_id": "NCT04182893",
        "brief_title": "Clinical Study of ctDNA and Exosome Combined Detection to Identify Benign and Malignant "
        "Pulmonary Nodules",
        "overall_status": "UNKNOWN",
        "lead_sponsor": "Shanghai Chest Hospital",
        "enrollment_count": 400,
        "last_update_post_date": date(2019, 12, 2),
        "roles": ["diagnosis"],
        "maturity": ("diagnostic", 3, 6, None, "27.0", "80.0", "32.70", "68.00", "stalled"),
    },
    {
        "nct_id": "NCT07376512",
        "acronym": "EVpredict",
        "brief_title": "Predicting Response to Anti-PD-1/PD-L1 Immunotherapy by Plasma Extracellular Vesicle Analysis",
        "overall_status": "NOT_YET_RECRUITING",
        "lead_sponsor": "Centre Georges Francois Leclerc",
        "enrollment_count": 378,
        "enrollment_type": "ESTIMATED",
        "start_given": "2026-03-01",
        "start_type": "ESTIMATED",
        "start_date": date(2026, 3, 1),
        "first_submit_date": date(2026, 1, 22),
        "last_update_post_date": date(2026, 1, 29),
        "countries": ["France"],
        "roles": ["prediction"],
        "origin": "registry",
        "is_partial": False,
        "registry_version": date(2026, 3, 13),
        "maturity": ("diagnostic", 2, 6, "planned", "58.0", "83.0", "25.80", "68.30", "advancing"),
    },
    {
        "nct_id": "NCT07070011",
        "enrollment_count": 38,
        "roles": ["prediction"],
        "maturity": ("diagnostic", 2, 4, None, "17.0", "73.0", "21.70", "47.30", "unknown"),
    },
    {
        "nct_id": "NCT04499794",
        "brief_title": "The Study of Exosome EML4-ALK Fusion in NSCLC Clinical Diagnosis and Dynamic Monitoring",
        "overall_status": "UNKNOWN",
        "enrollment_count": 75,
        "last_update_post_date": date(2020, 8, 5),
        "roles": ["diagnosis", "monitoring"],
        "maturity": ("diagnostic", 2, 4, None, "21.0", "82.0", "22.10", "48.20", "stalled"),
    },
    {
        "nct_id": "NCT04629079",
        "brief_title": "Improving the Early Detection of Lung Cancer by Combining Exosomal Analysis of Hypoxia With "
        "Standard of Care Imaging",
        "overall_status": "RECRUITING",
        "lead_sponsor": "King's College London",
        "roles": ["diagnosis"],
        "maturity": ("diagnostic", 2, 6, "running", "8.0", "87.0", "20.80", "68.70", "stalled"),
    },
]


def starter_trials(*, rows: list[dict] | None = None) -> list[Trial]:
    """Store the eight, each with its leading maturity; returns them in the order of ROWS."""
    made = []
    for row in rows or ROWS:
        values = {key: value for key, value in row.items() if key != "maturity"}
        track, stage, stage_possible, step, strength, strength_possible, score, score_possible, momentum = row[
            "maturity"
        ]
        columns = {
            "origin": "transcribed",
            "is_partial": True,
            "relevance": "about",
            "first_seen": SEEN,
            "last_changed": SEEN,
            **values,
        }
        trial = Trial.objects.create(
            **columns,
            track=track,
            stage=stage,
            stage_possible=stage_possible,
            step=step,
            strength=Decimal(strength),
            strength_possible=Decimal(strength_possible),
            score=Decimal(score),
            score_possible=Decimal(score_possible),
            momentum=momentum,
        )
        Maturity.objects.create(
            trial=trial,
            track=track,
            rubric="2026-1",
            input_hash="0" * 64,
            scored_on=date(2026, 1, 30),
            confirmed_on=date(2026, 1, 30),
            stage=stage,
            stage_possible=stage_possible,
            step=step,
            earned=Decimal(strength),
            possible=Decimal(strength_possible),
            score=Decimal(score),
            score_possible=Decimal(score_possible),
            momentum=momentum,
            created=SEEN,
        )
        Trial.objects.filter(pk=trial.pk).update(
            search=SearchVector(Value(f"{trial.nct_id} {trial.brief_title} {trial.lead_sponsor}"), config="english")
        )
        made.append(trial)
    return made
