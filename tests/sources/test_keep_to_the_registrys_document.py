"""The condensed schema is the registry's document, and the structs that are read agree with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from tests.records import OPENAPI
from tracker import terms
from tracker.sources import ctgov_schema, ctgov_study
from tracker.sources.ctgov_schema import attribute, schema


def condensed(document: dict[str, Any]) -> dict[str, Any]:
    """The schemas reachable from Study: fields with the names of their types, or values."""
    schemas = document["components"]["schemas"]
    shapes: dict[str, Any] = {}

    def name_of(given: dict[str, Any]) -> str:
        if "$ref" in given:
            name = given["$ref"].rsplit("/", 1)[1]
            target = schemas[name]
            if target.get("type") == "object":
                walk(name)
                return name
            if "enum" in target:
                shapes[name] = target["enum"]
                return name
            return name_of(target)
        return f"[{name_of(given['items'])}]" if given["type"] == "array" else given["type"]

    def walk(name: str) -> None:
        if name not in shapes:
            shapes[name] = {}
            shapes[name] = {field: name_of(of) for field, of in schemas[name]["properties"].items()}

    walk("Study")
    return shapes


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return yaml.safe_load(OPENAPI.read_text(encoding="utf-8"))


def test_the_condensed_schema_is_the_document(document: dict[str, Any]) -> None:
    assert schema().version == document["info"]["version"] == "2.0.5"
    assert schema().shapes == condensed(document)


def test_the_condensed_schema_is_kept_in_order() -> None:
    text = Path(ctgov_schema.__file__).with_name("ctgov_schema.json").read_text(encoding="utf-8")
    shapes = json.loads(text)["schemas"]

    assert list(shapes) == sorted(shapes)


# which schema each struct reads a part of
STRUCTS = {
    "Study": "Study",
    "Protocol": "ProtocolSection",
    "Identification": "IdentificationModule",
    "OrgStudyId": "OrgStudyIdInfo",
    "SecondaryId": "SecondaryIdInfo",
    "StatusModule": "StatusModule",
    "TypedDate": "PartialDateStruct",
    "SponsorCollaborators": "SponsorCollaboratorsModule",
    "Agency": "Sponsor",
    "Description": "DescriptionModule",
    "Conditions": "ConditionsModule",
    "Design": "DesignModule",
    "DesignInfo": "DesignInfo",
    "MaskingInfo": "MaskingBlock",
    "BioSpec": "BioSpec",
    "EnrollmentInfo": "EnrollmentInfo",
    "ArmsInterventions": "ArmsInterventionsModule",
    "ArmGroup": "ArmGroup",
    "Intervention": "Intervention",
    "Outcomes": "OutcomesModule",
    "Outcome": "Outcome",
    "Eligibility": "EligibilityModule",
    "ContactsLocations": "ContactsLocationsModule",
    "Location": "Location",
    "References": "ReferencesModule",
    "Reference": "Reference",
    "IpdSharingStatement": "IpdSharingStatementModule",
    "DocumentSection": "DocumentSection",
    "LargeDocuments": "LargeDocumentModule",
    "LargeDocument": "LargeDoc",
    "Derived": "DerivedSection",
    "MiscInfo": "MiscInfoModule",
    "Browse": "BrowseModule",
    "Mesh": "Mesh",
}


def test_every_struct_is_compared() -> None:
    made = {name for name, of in vars(ctgov_study).items() if isinstance(of, type) and issubclass(of, msgspec.Struct)}

    assert made - {"Struct", "Part"} == set(STRUCTS)


@pytest.mark.parametrize("name", STRUCTS)
def test_a_struct_reads_fields_that_the_registry_describes(name: str) -> None:
    described = schema().shapes[STRUCTS[name]]
    assert isinstance(described, dict)

    for field in msgspec.structs.fields(getattr(ctgov_study, name)):
        assert field.encode_name in described
        # the strict struct stands in for this one, so both must call the field the same
        assert attribute(field.encode_name) == field.name
        assert described_type(described[field.encode_name]) == python_type(field.type)


def described_type(kind: str) -> str:
    if kind.startswith("["):
        return f"[{described_type(kind[1:-1])}]"
    shape = schema().shapes.get(kind)
    if isinstance(shape, list):
        return "string"
    return STRUCT_OF.get(kind, kind) if isinstance(shape, dict) else kind


STRUCT_OF = {schema_name: struct for struct, schema_name in STRUCTS.items()} | {"DateStruct": "TypedDate"}


def python_type(given: Any) -> str:
    kind = msgspec.inspect.type_info(given)
    if isinstance(kind, msgspec.inspect.UnionType):
        kind = next(one for one in kind.types if not isinstance(one, msgspec.inspect.NoneType))
    if isinstance(kind, msgspec.inspect.ListType):
        return f"[{python_type(kind.item_type.cls if isinstance(kind.item_type, msgspec.inspect.StructType) else str)}]"
    if isinstance(kind, msgspec.inspect.StructType):
        return kind.cls.__name__
    return {"StrType": "string", "IntType": "integer", "BoolType": "boolean"}[type(kind).__name__]


@pytest.mark.parametrize(
    ("vocabulary", "name"),
    [
        (terms.Status, "Status"),
        (terms.StudyType, "StudyType"),
        (terms.Phase, "Phase"),
        (terms.Allocation, "DesignAllocation"),
        (terms.Masking, "DesignMasking"),
        (terms.PrimaryPurpose, "PrimaryPurpose"),
        (terms.InterventionModel, "InterventionalAssignment"),
        (terms.ObservationalModel, "ObservationalModel"),
        (terms.TimePerspective, "DesignTimePerspective"),
        (terms.SamplingMethod, "SamplingMethod"),
        (terms.ArmType, "ArmGroupType"),
        (terms.InterventionType, "InterventionType"),
        (terms.ValueType, "DateType"),
        (terms.ValueType, "EnrollmentType"),
        (terms.ReferenceType, "ReferenceType"),
        (terms.IpdSharing, "IpdSharing"),
        (terms.SponsorClass, "AgencyClass"),
    ],
)
def test_our_vocabularies_of_the_registry_are_its_enums(vocabulary: type[terms.Term], name: str) -> None:
    assert {member.value for member in vocabulary} == set(schema().shapes[name])
