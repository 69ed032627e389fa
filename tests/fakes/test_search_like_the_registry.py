from __future__ import annotations

import json

import pytest

from tests.fakes.ctgov import FakeRegistry
from tests.fakes.essie import EssieError, Searchable, read_query
from tests.records import altered, real, record, transcribed

EV_TRIAL = "NCT07376512"


def found(query: str, *, area: str = "BasicSearch", raw: bytes | None = None) -> bool:
    document = json.loads(raw or record(EV_TRIAL))
    return read_query(query, area=area)(Searchable(document, again=lambda: document))


@pytest.mark.parametrize(
    "query",
    [
        "vesicle",
        "VESICLES",  # forms of a word, in any case
        "vesicles lung",
        '"extracellular vesicle"',
        '"anti-PD-1/PD-L1"',
        "zebra OR vesicle",
        "vesicle AND lung AND dijon",
        "vesicle NOT zebra",
        "NOT zebra",
        "(zebra OR vesicle) AND (lung OR liver)",
        "zebra AND lung OR vesicle",  # AND binds more closely
        "AREA[BriefTitle]vesicle",
        'AREA[BriefTitle]("extracellular vesicle" AND plasma)',
        "AREA[OverallStatus]NOT_YET_RECRUITING",
        "AREA[LastUpdatePostDate]RANGE[2026-01-29,MAX]",
        "AREA[LastUpdatePostDate]RANGE[MIN,2026-01]",
        "AREA[EnrollmentCount]RANGE[100,378]",
        "AREA[Phase]MISSING",
        "AREA[NCTId]NCT07376512",
        r"\AND OR vesicle",
    ],
)
def test_a_query_that_finds_the_trial(query: str) -> None:
    assert found(query)


@pytest.mark.parametrize(
    "query",
    [
        "zebra",
        "vesic",  # whole words
        '"vesicle extracellular"',
        "vesicle NOT lung",
        "vesicle zebra",
        "AREA[BriefTitle]dijon",
        "AREA[LastUpdatePostDate]RANGE[2026-01-30,MAX]",
        "AREA[EnrollmentCount]RANGE[MIN,377]",
        "AREA[BriefTitle]MISSING",
        '"therapy inclusion"',  # a phrase does not run from one field into the next
    ],
)
def test_a_query_that_does_not(query: str) -> None:
    assert not found(query)


def test_detailed_descriptions_need_an_area_of_their_own() -> None:
    only_there = altered(
        record("NCT00576225"), {"protocolSection.descriptionModule.detailedDescription": "We use exosomes."}
    )

    assert not found("exosome", raw=only_there)
    assert found("AREA[DetailedDescription]exosome", raw=only_there)


def test_eligibility_is_not_in_the_basic_search_either() -> None:
    only_there = altered(record("NCT00576225"), {"protocolSection.eligibilityModule.eligibilityCriteria": "exosomes"})

    assert not found("exosome", raw=only_there)
    assert found("AREA[EligibilitySearch]exosome", raw=only_there)


def test_a_biomarker_study_is_not_found_by_its_intervention() -> None:
    trial = altered(
        record(EV_TRIAL),
        {
            "protocolSection.identificationModule.briefTitle": "A",
            "protocolSection.identificationModule.officialTitle": "B",
            "protocolSection.armsInterventionsModule": {},
        },
    )

    assert not found("vesicles", area="InterventionSearch", raw=trial)
    assert found("vesicles", raw=trial)


@pytest.mark.parametrize("query", ["(a", "a)", "AND", "a OR", "NOT", '"a', "AREA[X]a", "RANGE[1,2]", "[a]", "TILT[a]b"])
def test_what_is_no_query(query: str) -> None:
    with pytest.raises(EssieError):
        read_query(query, area="BasicSearch")


def test_an_empty_query_asks_for_everything() -> None:
    assert found("")
    assert found(" ")


def ask(registry: FakeRegistry, **params: str) -> list[str]:
    query = "&".join(f"{name.replace('_', '.')}={value}" for name, value in params.items())
    status, _, body = registry.answer("/api/v2/studies", query + "&pageSize=1000")
    assert status == 200
    studies = json.loads(b"".join(body))["studies"]
    return [one["protocolSection"]["identificationModule"]["nctId"] for one in studies]


@pytest.fixture(scope="module")
def registry():
    registry = FakeRegistry(real() + transcribed())
    yield registry
    registry.stop()


def test_several_queries_must_all_hold(registry) -> None:
    both = ask(registry, query_cond="lung+cancer", query_term="exosome")

    assert "NCT04529915" in both
    assert set(both) == set(ask(registry, query_cond="lung+cancer")) & set(ask(registry, query_term="exosome"))


def test_filters_narrow(registry) -> None:
    recruiting = ask(registry, query_cond="lung", filter_overallStatus="RECRUITING|NOT_YET_RECRUITING")

    assert EV_TRIAL in recruiting
    assert len(recruiting) < len(ask(registry, query_cond="lung"))


def test_filters_are_ignored_beside_numbers_alone(registry) -> None:
    assert ask(registry, query_term=f"{EV_TRIAL},NCT04529915", filter_overallStatus="WITHDRAWN") == ask(
        registry, query_id=f"{EV_TRIAL}+NCT04529915"
    )


def test_ids_are_filtered_by_number(registry) -> None:
    assert set(ask(registry, filter_ids=f"{EV_TRIAL}|nct4529915")) == {EV_TRIAL, "NCT04529915"}


def test_the_order_is_none_that_anybody_could_use(registry) -> None:
    everything = ask(registry, query_cond="lung")

    assert everything != sorted(everything)
    assert everything == ask(registry, query_cond="lung")
