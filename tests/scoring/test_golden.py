"""Law 7: the same record under the same rubric on the same date gives the same bytes, years later.

``golden.json`` holds a hash and the numbers of every real record, scored twice: with nothing read in its text but
that vesicles are there, and with everything read. Annotations are set here, so that a better lexicon moves nothing.
A change of the engine shows as a difference in this file. Where it is meant, write the file anew:

    WRITE_GOLDEN=1 pytest tests/scoring/test_golden.py
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

from tests import records
from tests.scoring.support import PRODUCT, RUBRIC, facts_of, reads, says
from tracker.scoring.engine import Result, encode, score_trial
from tracker.scoring.facts import facts_hash
from tracker.sources.ctgov_records import read_record
from tracker.terms import Facet, Origin, Reading

GOLDEN = Path(__file__).parent / "golden.json"
TODAY = date(2026, 1, 30)
BARE = (*PRODUCT, *reads(Reading.EV_MEASURED))
RICH = (
    *reads(*Reading),
    *(says(facet, "x") for facet in (Facet.ISOLATION, Facet.CHARACTERISATION, Facet.SPECIMEN, Facet.CARGO)),
    says(Facet.EV_SOURCE, "tumour"),
    says(Facet.DISEASE, "lung cancer", at="conditions.0"),
    says(Facet.STOP_REASON, "negative", at="why_stopped"),
)


def line(result: Result) -> str:
    """What a reader of a difference wants to see first, then a hash of all the rest."""
    digest = hashlib.sha256(encode(result)).hexdigest()[:16]
    return (
        f"{result.track} stage {result.stage}–{result.stage_possible} {result.step} "
        f"strength {result.earned}–{result.possible} score {result.score}–{result.score_possible} "
        f"{result.momentum} {digest}"
    )


def computed() -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for raw in (*records.real(), *records.transcribed()):
        record = read_record(raw, origin=Origin.FILE)
        for name, standing in (("bare", BARE), ("rich", RICH)):
            facts = facts_of(record, *standing)
            verdict = score_trial(facts, rubric=RUBRIC, today=TODAY)
            found[f"{record.nct_id} {name}"] = {
                "facts": facts_hash(facts)[:16],
                "maturities": [line(result) for result in verdict.maturities],
            }
    return found


def test_every_real_record_scores_as_it_did():
    found = computed()
    if os.environ.get("WRITE_GOLDEN"):
        GOLDEN.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert found == json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert len(found) == 2 * 206


def test_another_process_with_another_hash_seed_gives_the_same_bytes():
    program = (
        "from tests.scoring.test_golden import computed; import json; print(json.dumps(computed(), sort_keys=True))"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1
