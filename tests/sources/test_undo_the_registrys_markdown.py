from __future__ import annotations

import re

import pytest

from tests.records import altered, real, record
from tracker.sources.ctgov_records import read_record
from tracker.sources.ctgov_text import plain
from tracker.terms import Origin


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (r"Age \>= 18 years", "Age >= 18 years"),
        (r"\[18F\]FDG \*\*PET\*\*", "[18F]FDG **PET**"),
        (r"1\. first", "1. first"),
        (r"PD\-L1 \~ 50 \^ 2 \_x\_", "PD-L1 ~ 50 ^ 2 _x_"),
        (r"a\\>b", r"a\>b"),  # one backslash was meant
        (r"C:\temp and \alpha", r"C:\temp and \alpha"),  # before letters a backslash is a backslash
        ("p &lt; 0.05 &amp; n &gt; 3", "p < 0.05 & n > 3"),
        ("it&#39;s 5&#x2264;6", "it's 5≤6"),
        ("R&D, AT&T, a&b;c, 5 &lt 6", "R&D, AT&T, a&b;c, 5 &lt 6"),  # without a semicolon, or unknown: left
        (r"\&lt;", "&lt;"),  # the escape says: an ampersand, not an entity
        ("&amp;lt;", "&lt;"),  # undone once, not twice
        ("lung&nbsp;cancer and lung\u00a0cancer", "lung cancer and lung cancer"),
        ("&#0;&#xD800;", "\ufffd\ufffd"),
        ("plain", "plain"),
        ("", ""),
        ("ends in \\", "ends in \\"),
    ],
)
def test_undo(given: str, meant: str) -> None:
    assert plain(given) == meant


def test_no_escape_is_left_in_real_records() -> None:
    escaped = [raw for raw in real() if re.search(rb"\\\\[\[\]<>*^.&~_-]", raw)]
    assert len(escaped) > len(real()) / 2  # most records carry some, so the test tests something

    for raw in escaped:
        for field, text in read_record(raw, origin=Origin.REGISTRY).passages:
            assert not re.search(r"\\[!-/:-@\[-`{-~]", text), field


def test_columns_are_as_plain_as_passages() -> None:
    raw = altered(
        record("NCT07376512"),
        {
            "protocolSection.identificationModule.briefTitle": r"EVs in NSCLC \>= stage II",
            "protocolSection.conditionsModule.conditions": [r"Lung \[NSCLC\]"],
            "protocolSection.contactsLocationsModule.locations": [
                {"facility": r"A \& B Hospital", "country": "France"}
            ],
            "protocolSection.sponsorCollaboratorsModule.leadSponsor.name": "Smith &amp; Sons",
            "protocolSection.statusModule.whyStopped": r"slow accrual \(n\<10\)",
        },
    )

    trial = read_record(raw, origin=Origin.REGISTRY)

    assert trial.brief_title == "EVs in NSCLC >= stage II"
    assert trial.conditions == ["Lung [NSCLC]"]
    assert trial.sites is not None
    assert trial.sites[0]["facility"] == "A & B Hospital"
    assert trial.lead_sponsor == "Smith & Sons"
    assert trial.why_stopped == "slow accrual (n<10)"
    assert dict(trial.passages)["conditions.0"] == "Lung [NSCLC]"


def test_the_stored_record_keeps_the_registrys_own_writing() -> None:
    raw = altered(record("NCT07376512"), {"protocolSection.identificationModule.briefTitle": r"EVs \> 3"})

    assert rb'"briefTitle":"EVs \\> 3"' in read_record(raw, origin=Origin.REGISTRY).raw
