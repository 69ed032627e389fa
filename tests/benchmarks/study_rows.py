"""A table of plainly synthetic studies. No Django here: the process that writes it has no settings."""

from __future__ import annotations

import csv
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = (
    "study_id", "pmid", "pmcid", "doi", "title", "year", "journal", "authors", "abstract", "candidate", "role",
    "ev_source", "cargo", "mechanism", "histology", "specimen", "model", "isolation", "n_patients", "n_controls",
    "validation_cohort", "effect", "direction", "source_url", "facts_read",
)  # fmt: skip
_VESICLES = ("exosomal", "serum exosomal", "plasma extracellular vesicle", "small EV", "microvesicle")
_DISEASES = ("non-small-cell lung cancer", "lung adenocarcinoma", "small cell lung cancer", "gastric cancer")
_ACTS = ("promotes angiogenesis", "predicts response", "marks early disease", "spreads cisplatin resistance")
_SENTENCES = (
    "Vesicles were isolated from serum by ultracentrifugation and seen by electron microscopy.",
    "The level was higher in patients than in healthy people and fell after surgery.",
    "Silencing it slowed xenografts in nude mice and restored sensitivity to the drug.",
    "A panel of three markers reached an AUC of 0.91 in the training and 0.88 in the validation cohort.",
    "Uptake by endothelial cells led to tube formation and more permeable monolayers.",
    "Survival was shorter where the marker was high, also when stage was accounted for.",
    "The mechanism was a known target whose expression fell in recipient cells.",
    "Further cohorts from other hospitals are needed before it can be used.",
)


def write(path: Path, *, count: int, seed: int) -> None:
    """A table of plainly synthetic studies, filled as a curator's collection is."""
    rng = random.Random(seed)
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for place in range(1, count + 1):
            cargo = f"miR-{rng.randrange(100, 999)}-{rng.choice('35')}p"
            vesicle, disease, act = rng.choice(_VESICLES), rng.choice(_DISEASES), rng.choice(_ACTS)
            table.writerow(
                (
                    f"SYN{place:05d}", 900_000_000 - place, "", f"10.99999/synthetic.{place}",
                    f"[Synthetic study {place}] {vesicle} {cargo} {act} in {disease}", 2005 + place % 20,
                    "Journal of Synthetic Results", "Synthetic A; Person B; Nobody C",
                    " ".join(rng.choices(_SENTENCES, k=9)), f"{vesicle} {cargo}", "diagnosis;prognosis",
                    "patient serum", f"{cargo};miR-21", "angiogenesis", "NSCLC", "serum;cell culture",
                    "cell culture (A549, H1975);mouse xenograft", "ultracentrifugation", rng.randrange(20, 400),
                    rng.randrange(20, 200), rng.choice(("yes", "")),
                    f"AUC 0.{rng.randrange(70, 99)}; sensitivity {rng.randrange(60, 99)}%",
                    "supports", f"https://doi.org/10.99999/synthetic.{place}", "Synthetic, in nobody's words.",
                )
            )  # fmt: skip
