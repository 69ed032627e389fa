"""Real studies of the starter collection, worked by hand, and the same bytes years later (law 7).

``golden_studies.json`` holds a hash and the numbers of every starter study, scored three times: with what the file
tells and the kinds of evidence that are said by hand, the same with every answer yes, and with the file alone. A change
of the engine shows as a difference in that file. Where it is meant, write the file anew:

    WRITE_GOLDEN=1 pytest tests/scoring/test_score_starter_studies.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from time import process_time

from tests.scoring.studies import Told, facts_of, starter, starter_facts, starter_study
from tests.scoring.support import RUBRIC, TODAY, ends, on, row, stage
from tests.scoring.test_golden import line
from tracker.scoring.engine import Result, Verdict, score_study
from tracker.scoring.facts import facts_hash
from tracker.scoring.study_facts import ANSWERED, ReportedTrial, StudyFacts
from tracker.terms import Step, Track

GOLDEN = Path(__file__).parent / "golden_studies.json"


def facts(key: str, *more: Told, trials: tuple[ReportedTrial, ...] = ()) -> StudyFacts:
    return facts_of(*starter_facts(key), *more, of=starter_study(key), trials=trials)


def scored(key: str, *more: Told, trials: tuple[ReportedTrial, ...] = ()) -> Verdict:
    return score_study(facts(key, *more, trials=trials), rubric=RUBRIC, today=TODAY)


def parts(result: Result) -> dict[str, tuple[float, float]]:
    return {part.name: (part.earned, part.possible) for part in result.components}


NOTHING_TOLD = {"rigour": (0, 30), "ev_quality": (0, 20), "independence": (0, 10)}


class TestByHand:
    def test_snornas_in_305_patients_and_226_healthy_people(self):
        """S047. 531 people: stage 3. log10(305 ÷ 100) ÷ log10(500 ÷ 100) = 0.693 of 14 is 9.7. A DOI: 4."""
        (result,) = scored("S047").maturities
        assert (result.track, *stage(result)) == (Track.DIAGNOSTIC, 3, 3)
        assert parts(result) == {**NOTHING_TOLD, "scale": (9.7, 15.7), "transparency": (4, 20)}
        assert (result.earned, result.possible) == (Decimal("13.7"), Decimal("95.7"))
        assert (result.score, result.score_possible) == (Decimal("31.37"), Decimal("39.57"))
        assert row(result, "patients or animals").fact == "305 patients"
        assert result.reasons["score"] == ("10 × 3 + 13.7 ÷ 10 = 31.37; possible 10 × 3 + 95.7 ÷ 10 = 39.57.")
        assert result.reasons["stage"]["sentence"] == (
            "Stage 3; an independent validation cohort would stand at stage 4."
        )

    def test_a_signature_tested_in_a_second_cohort(self):
        """S024. Independent validation: stage 4; 254 between 50 and 500: 9.9 of 14; two cohorts: 6; PMC and PMID: 8."""
        (result,) = scored("S024").maturities
        assert stage(result) == (4, 4)
        assert parts(result) == {**NOTHING_TOLD, "scale": (15.9, 15.9), "transparency": (8, 20)}
        assert result.score == Decimal("42.39")

    def test_small_vesicles_that_go_with_outcome_in_79_patients(self):
        """S023. 79 patients and 12 donors are 91 people: stage 2; 79 between 10 and 100: 0.898 of 14 is 12.6."""
        (result,) = scored("S023").maturities
        assert stage(result) == (2, 2)
        assert ends(row(result, "patients or animals")) == ("reported", 12.6, 12.6)
        assert result.reasons["stage"]["name"] == "associated with outcome, fewer than 100 people"

    def test_a_marker_whose_people_were_not_read(self):
        """S009. Cases against controls, no number read: stage 2, possibly 3, and the row is open."""
        (result,) = scored("S009").maturities
        assert stage(result) == (2, 3)
        assert ends(row(result, "patients or animals")) == ("not_reported", 0, 14)
        assert ends(row(result, "models or cohorts")) == ("reported", 6, 6)
        assert "(number of patients, number of people compared with)" in result.reasons["stage"]["sentence"]

    def test_a_phase_1_that_is_not_linked_to_a_trial(self):
        """S015. Thirteen people got dexosomes: stage 6, at most 9. log10(13 ÷ 6) ÷ log10(10) = 0.336 of 14 is 4.7."""
        (result,) = scored("S015").maturities
        assert (result.track, *stage(result)) == (Track.THERAPEUTIC, 6, 9)
        assert parts(result)["scale"] == (4.7, 10.7)
        assert result.score == Decimal("60.87")

    def test_a_phase_2_that_takes_its_trial_s_stage(self):
        """S016, once a person accepts that it reports NCT01159288: stage 7, where 22 of 20 to 200 are 0.041 of 14."""
        (alone,) = scored("S016").maturities
        assert stage(alone) == (6, 9)
        (result,) = scored("S016", trials=(ReportedTrial("NCT01159288", Track.THERAPEUTIC, 7, 7),)).maturities
        assert stage(result) == (7, 7)
        assert ends(row(result, "patients or animals")) == ("reported", 0.6, 0.6)
        assert (result.step, result.deductions) == (Step.DONE, 0)

    def test_eleven_cancer_lines_with_vesicles_characterised(self):
        """S020. In vitro proof, CD63, CD9 and CD81 shown: stage 3; people do not apply, so models weigh 20."""
        (result,) = scored("S020", Told("n_models", 11)).maturities
        assert stage(result) == (3, 3)
        assert ends(row(result, "patients or animals")) == ("not_applicable", 0, 0)
        assert ends(row(result, "models or cohorts")) == ("reported", 20, 20)
        assert parts(result)["transparency"] == (8, 20)

    def test_hypoxic_stem_cell_vesicles_not_shown_to_be_vesicles(self):
        """S022. Proof in two lines, characterisation not read: stage 2, 3 once it is."""
        (result,) = scored("S022").maturities
        assert (result.track, *stage(result)) == (Track.THERAPEUTIC, 2, 3)
        (result,) = scored("S022", Told("characterisation", ["TEM"])).maturities
        assert stage(result) == (3, 3)

    def test_oral_milk_exosomes_in_mice(self):
        """S017. In vivo proof: stage 4, the number of animals not read; six more facts told by hand."""
        more = [Told("n_animals", 24), Told("controls", "yes"), Told("randomised", "no"), Told("blinded", "no")]
        (result,) = scored("S017", *more).maturities
        assert stage(result) == (4, 4)
        assert ends(row(result, "patients or animals")) == ("reported", 8.4, 8.4)  # log10(24 ÷ 6) ÷ log10(10) = 0.602
        assert parts(result)["rigour"] == (8, 18)
        assert result.score == Decimal("42.04")

    def test_a_mechanism_with_a_marker_stands_on_both_tracks(self):
        """S021. L1CAM opens the blood-brain barrier in one model, and marks brain metastasis."""
        found = scored("S021")
        assert [(one.track, one.stage) for one in found.maturities] == [(Track.THERAPEUTIC, 2), (Track.DIAGNOSTIC, 1)]
        assert on(Track.DIAGNOSTIC, found).reasons["stage"]["name"].startswith("marker observed")

    def test_the_file_alone_says_no_kind_of_evidence(self):
        found = score_study(
            facts_of(*starter_facts("S047", with_evidence=False), of=starter_study("S047")), rubric=RUBRIC, today=TODAY
        )
        assert found.maturities == ()
        assert found.none_because.startswith("What kind of evidence it holds is not reported")


def computed() -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    every = [Told(name.value, "yes") for name in ANSWERED]
    for key in starter():
        alone = facts_of(*starter_facts(key, with_evidence=False), of=starter_study(key))
        for name, told in (("file", alone), ("plain", facts(key)), ("rich", facts(key, *every))):
            verdict = score_study(told, rubric=RUBRIC, today=TODAY)
            found[f"{key} {name}"] = {
                "facts": facts_hash(told)[:16],
                "maturities": [line(result) for result in verdict.maturities],
            }
    return found


class TestSameBytes:
    def test_every_starter_study_scores_as_it_did(self):
        found = computed()
        if os.environ.get("WRITE_GOLDEN"):
            GOLDEN.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        assert found == json.loads(GOLDEN.read_text(encoding="utf-8"))
        assert len(found) == 3 * 47

    def test_another_process_with_another_hash_seed_gives_the_same_bytes(self):
        program = (
            "from tests.scoring.test_score_starter_studies import computed; import json; "
            "print(json.dumps(computed(), sort_keys=True))"
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


def test_thousands_of_studies_are_scored_in_a_second():
    """A tenth of what it does on a quiet machine, so that a slow one does not fail and a slip of kind does."""
    told = [facts(key) for key in starter()]
    began = process_time()
    for one in told * 20:
        score_study(one, rubric=RUBRIC, today=TODAY)
    assert len(told) * 20 / (process_time() - began) > 1000
