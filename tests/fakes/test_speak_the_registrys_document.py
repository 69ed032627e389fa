"""The fake is held to the registry's own document, so that what passes here has a chance there."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from functools import cache
from typing import Any
from urllib.parse import urlencode

import jsonschema
import pytest
from openapi_schema_validator import OAS30Validator
from referencing import Registry as Schemas
from referencing import Resource
from referencing.jsonschema import DRAFT4

from tests.fakes import faults
from tests.fakes.ctgov import FakeRegistry
from tests.fakes.ctgov_document import openapi
from tests.records import altered, real, record, transcribed


@pytest.fixture(scope="module")
def served():
    with FakeRegistry(real()) as registry:
        yield registry


@pytest.fixture
def fake():
    with FakeRegistry(real()[:30]) as registry:
        yield registry


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def get(registry: FakeRegistry, path: str, **params: str) -> tuple[int, str, bytes, Any]:
    """Status, content type, body and headers, without following redirects."""
    url = registry.url + path + (f"?{urlencode(params)}" if params else "")
    try:
        with urllib.request.build_opener(_StayHere).open(url, timeout=10) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read(), answer.headers
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.headers.get_content_type(), answer.read(), answer.headers


@cache
def validator(name: str) -> OAS30Validator:
    """A validator of one of the document's schemas."""
    document = Resource.from_contents(openapi(), default_specification=DRAFT4)
    schemas = Schemas().with_resource("urn:ctgov", document)
    return OAS30Validator({"$ref": f"urn:ctgov#/components/schemas/{name}"}, registry=schemas)


def test_the_validator_sees_what_is_wrong() -> None:
    for broken in (
        {"studies": [{"protocolSection": {"statusModule": {"overallStatus": "PAUSED"}}}]},
        {"studies": [{"protocolSection": {"designModule": {"enrollmentInfo": {"count": "many"}}}}]},
        {"studies": [{"protocolSection": {"identificationModule": {"nctId": "NCT1"}}}]},
        {"total": 1},
    ):
        with pytest.raises(jsonschema.ValidationError):
            validator("PagedStudies").validate(broken)


def test_every_answer_fits_its_schema(served) -> None:
    for path, schema, params in (
        ("/version", "Version", {}),
        ("/studies/metadata", "FieldNodeList", {}),
        ("/studies/enums", "EnumInfoList", {}),
        ("/studies/NCT00576225", "Study", {}),
        ("/studies", "PagedStudies", {"pageSize": "1000", "countTotal": "true"}),
        ("/studies", "PagedStudies", {"query.cond": "zebra"}),
    ):
        status, kind, body, _ = get(served, path, **params)
        assert (status, kind) == (200, "application/json"), path
        validator(schema).validate(json.loads(body))


def test_all_real_records_are_served_as_they_are(served) -> None:
    page = json.loads(get(served, "/studies", pageSize="1000", countTotal="true")[2])

    assert page["totalCount"] == len(page["studies"]) == 184
    by_number = {one["protocolSection"]["identificationModule"]["nctId"]: one for one in page["studies"]}
    for raw in real():
        given = json.loads(raw)
        given["derivedSection"]["miscInfoModule"]["versionHolder"] = "2026-08-07"
        assert by_number[given["protocolSection"]["identificationModule"]["nctId"]] == given


def test_every_study_stands_on_a_line_of_its_own(served) -> None:
    lines = get(served, "/studies", pageSize="5")[2].splitlines()

    assert [json.loads(line.rstrip(b","))["hasResults"] for line in lines[1:-1]]
    assert len(lines) == 7


def test_transcribed_records_are_served_with_a_data_version() -> None:
    with FakeRegistry(transcribed()) as registry:
        study = json.loads(get(registry, "/studies/NCT02310451")[2])

    assert study["derivedSection"]["miscInfoModule"]["versionHolder"] == "2026-08-07"
    validator("Study").validate(study)


# --- parameters ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "params", "words"),
    [
        ("/studies", {"query.recrs": "x"}, "`query.recrs` is unknown parameter"),
        ("/studies", {"filter.phase": "PHASE3"}, "`filter.phase` is unknown parameter"),
        ("/studies", {"pagesize": "5"}, "`pagesize` is unknown parameter"),
        ("/version", {"pageSize": "5"}, "`pageSize` is unknown parameter"),
        ("/studies/NCT00576225", {"pageSize": "5"}, "`pageSize` is unknown parameter"),
        ("/studies", {"pageSize": "-1"}, "Incorrect format of `pageSize`"),
        ("/studies", {"pageSize": "ten"}, "Incorrect format of `pageSize`"),
        ("/studies", {"pageSize": ""}, "Incorrect format of `pageSize`"),
        ("/studies", {"countTotal": "True"}, "Incorrect format of `countTotal`"),
        ("/studies", {"format": "xml"}, "Incorrect format of `format`"),
        ("/studies", {"filter.overallStatus": "OPEN"}, "Incorrect format of `filter.overallStatus`"),
        ("/studies", {"filter.ids": "NCT00576225,NCT"}, "Incorrect format of `filter.ids`"),
        ("/studies", {"filter.ids": "NCT00576225|NCT99999999"}, "NCT99999999 not found"),
        ("/studies", {"pageToken": "abracadabra"}, "Incorrect format of `pageToken`"),
        ("/studies", {"query.cond": "(lung"}, "Error parsing query in `query.cond`: missing ')'"),
        ("/studies", {"query.cond": "lung)"}, "Error parsing query in `query.cond`: mismatched input ')'"),
        ("/studies", {"query.cond": "lung AND"}, "mismatched input '<EOF>'"),
        ("/studies", {"query.cond": "OR lung"}, "mismatched input 'OR'"),
        ("/studies", {"query.cond": '"lung'}, "no viable alternative"),
        ("/studies", {"query.cond": "[lung]"}, "no viable alternative"),
        ("/studies", {"query.cond": "()"}, "mismatched input ')'"),
        ("/studies", {"query.term": "AREA[NoSuchField]x"}, "Unknown search area 'NoSuchField'"),
        ("/studies", {"query.term": "AREA[BriefTitle]"}, "mismatched input '<EOF>'"),
        ("/studies", {"filter.advanced": "AREA[LastUpdatePostDate]RANGE[2026-01-01]"}, "needs two ends"),
        ("/studies", {"filter.advanced": "AREA[LastUpdatePostDate]RANGE[today,MAX]"}, "not dates"),
        ("/studies", {"filter.advanced": "AREA[BriefTitle]RANGE[a,b]"}, "neither a date nor a number"),
        ("/studies", {"filter.advanced": "RANGE[2026-01-01,MAX]"}, "needs two ends and one date"),
        ("/studies/NCT", {}, "invalid NCT number"),
        ("/studies/NCT00000000", {}, "invalid NCT number"),
        ("/studies/NCT123456789", {}, "invalid NCT number"),
    ],
)
def test_a_wrong_question_is_a_400_in_plain_text(served, path, params, words) -> None:
    status, kind, body, _ = get(served, path, **params)

    assert (status, kind) == (400, "text/plain")
    assert words in body.decode()


def test_a_parameter_given_twice_is_a_400(served) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{served.url}/studies?pageSize=1&pageSize=2", timeout=10)
    with caught.value as answer:
        assert answer.code == 400


@pytest.mark.parametrize(
    "params", [{"format": "csv"}, {"fields": "NCTId"}, {"sort": "@relevance"}, {"query.patient": "x"}]
)
def test_what_the_fake_does_not_model_it_says(served, params) -> None:
    assert get(served, "/studies", **params)[0] == 501


@pytest.mark.parametrize(("asked", "given"), [(None, 10), ("0", 10), ("3", 3), ("99999", 30)])
def test_the_size_of_a_page(fake, asked, given) -> None:
    params = {"pageSize": asked} if asked else {}

    assert len(json.loads(get(fake, "/studies", **params)[2])["studies"]) == given


def test_no_page_is_larger_than_a_thousand() -> None:
    number = "protocolSection.identificationModule.nctId"
    many = (altered(record("NCT02310451"), {number: f"NCT{at:08d}"}) for at in range(1, 1011))
    with FakeRegistry(many) as registry:
        page = json.loads(get(registry, "/studies", pageSize="5000")[2])

    assert len(page["studies"]) == 1000
    assert page["nextPageToken"]


def test_the_total_is_counted_when_asked_and_on_the_first_page(fake) -> None:
    assert "totalCount" not in json.loads(get(fake, "/studies")[2])
    first = json.loads(get(fake, "/studies", countTotal="true")[2])
    second = json.loads(get(fake, "/studies", countTotal="true", pageToken=first["nextPageToken"])[2])

    assert first["totalCount"] == 30
    assert "totalCount" not in second


def test_a_token_takes_another_page_size_but_no_other_question(fake) -> None:
    token = json.loads(get(fake, "/studies", **{"query.cond": "lung", "pageSize": "5"})[2])["nextPageToken"]

    assert get(fake, "/studies", **{"query.cond": "lung", "pageSize": "7", "pageToken": token})[0] == 200
    assert get(fake, "/studies", **{"query.cond": "cancer", "pageSize": "5", "pageToken": token})[0] == 400
    assert get(fake, "/studies", pageToken=token)[0] == 400


def test_a_token_dies_with_the_refresh(fake) -> None:
    token = json.loads(get(fake, "/studies")[2])["nextPageToken"]
    fake.advance()

    assert get(fake, "/studies", pageToken=token)[0] == 400


# --- single studies and aliases ------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["NCT00576225", "nct00576225", "NCT576225", "NCT0000576225"])
def test_a_number_may_be_written_in_many_ways(fake, given) -> None:
    assert (
        json.loads(get(fake, f"/studies/{given}")[2])["protocolSection"]["identificationModule"]["nctId"]
        == "NCT00576225"
    )


def test_an_alias_redirects(fake) -> None:
    fake.alias("NCT00777179", "NCT00576225")

    status, _, _, headers = get(fake, "/studies/NCT00777179", format="json")

    assert status == 301
    assert headers["Location"] == "/api/v2/studies/NCT00576225?format=json"
    assert "NCT00777179" not in fake.numbers


def test_no_such_study(fake) -> None:
    status, kind, body, _ = get(fake, "/studies/NCT99999999")

    assert (status, kind, body) == (404, "text/plain", b"NCT number NCT99999999 not found")


def test_the_classic_interface_is_gone(fake) -> None:
    request = f"http://127.0.0.1:{fake.port}/api/query/full_studies"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    with caught.value as answer:
        assert (answer.code, answer.headers.get_content_type()) == (404, "text/html")


# --- data that changes ---------------------------------------------------------------------------------------------


def test_a_changed_record_is_posted_on_the_day_of_the_data(fake) -> None:
    fake.advance("2026-09-01T09:00:00")
    fake.change("NCT00576225", {"protocolSection.statusModule.overallStatus": "COMPLETED"})

    since = json.loads(get(fake, "/studies", **{"filter.advanced": "AREA[LastUpdatePostDate]RANGE[2026-08-30,MAX]"})[2])

    (study,) = since["studies"]
    assert study["protocolSection"]["statusModule"]["overallStatus"] == "COMPLETED"
    assert study["derivedSection"]["miscInfoModule"]["versionHolder"] == "2026-09-01"


def test_the_refresh_is_a_day_on_unless_told(fake) -> None:
    assert fake.advance() == "2026-08-08T09:00:05"
    assert json.loads(get(fake, "/version")[2])["dataTimestamp"] == "2026-08-08T09:00:05"


def test_a_removed_record_is_in_no_answer(fake) -> None:
    fake.remove("NCT00576225")

    assert get(fake, "/studies/NCT00576225")[0] == 404
    assert json.loads(get(fake, "/studies", countTotal="true")[2])["totalCount"] == 29


def test_it_is_told_what_to_do_over_http_when_run_by_hand(fake) -> None:
    def tell(act: dict[str, Any]) -> int:
        body = json.dumps(act).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{fake.port}/_control", data=body, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code

    assert tell({"advance": None, "remove": "NCT00576225"}) == 200
    assert tell({"misbehave": {"kind": "status", "code": 503, "on": "/version"}}) == 200
    assert tell({"explode": 1}) == 400
    assert fake.data_timestamp == "2026-08-08T09:00:05"
    assert get(fake, "/version")[0] == 503
    assert get(fake, "/version")[0] == 200


# --- faults --------------------------------------------------------------------------------------------------------


def test_a_fault_is_used_up(fake) -> None:
    fake.misbehave(faults.status(503), times=2)

    assert [get(fake, "/studies")[0] for _ in range(3)] == [503, 503, 200]


def test_a_fault_waits_for_its_turn_and_its_path(fake) -> None:
    fake.misbehave(faults.stops_after_pages(2))

    assert get(fake, "/version")[0] == 200
    assert [get(fake, "/studies")[0] for _ in range(4)] == [200, 200, 503, 503]
    fake.behave()
    assert get(fake, "/studies")[0] == 200


def test_an_empty_answer_for_a_while(fake) -> None:
    fake.misbehave(faults.empty())

    assert json.loads(get(fake, "/studies")[2]) == {"totalCount": 0, "studies": []}
    assert len(json.loads(get(fake, "/studies")[2])["studies"]) == 10


def test_fields_dropped_from_all_records(fake) -> None:
    fake.misbehave(faults.without_fields("protocolSection.conditionsModule", "protocolSection.outcomesModule"))

    studies = json.loads(get(fake, "/studies")[2])["studies"]

    assert len(studies) == 10
    assert not any({"conditionsModule", "outcomesModule"} & set(one["protocolSection"]) for one in studies)


def test_one_garbled_record_in_a_page(fake) -> None:
    fake.misbehave(faults.garbled_record("NCT00576225", raw=b'{"oops": 1}'))

    studies = json.loads(get(fake, "/studies", pageSize="30")[2])["studies"]

    assert studies.count({"oops": 1}) == 1
    assert len(studies) == 30
