"""Our declarations against HL7's: search parameters, summaries, mandatory elements."""

import pytest

from fhir.search.elements import ALWAYS, ELEMENTS, Elements
from fhir.search.params import ResourceType
from fhir.search.registry import TYPES
from tests.conformance.definitions import definitions

ROOT = ALWAYS - {"resourceType"}


@pytest.mark.parametrize("kind", TYPES.values(), ids=list(TYPES))
def test_parameters_are_those_of_r4(kind: ResourceType) -> None:
    standard = definitions()["parameters"].get(kind.name, {})
    for param in kind.params.values():
        if not param.canonical.startswith("http://hl7.org/fhir/SearchParameter/"):
            assert param.name not in standard, "HL7 has one"
            continue
        theirs = standard[param.name]
        assert (param.canonical, str(param.kind)) == (theirs["url"], theirs["type"]), param.name
        assert set(param.targets) <= set(theirs["targets"]), param.name


def test_references_lead_to_all_that_is_here() -> None:
    """But for what is no type of ours, every target of the standard counts."""
    for kind in TYPES.values():
        standard = definitions()["parameters"].get(kind.name, {})
        for param in kind.params.values():
            if param.targets:
                theirs = set(standard[param.name]["targets"]) & set(TYPES)
                # A Binary is made when it is read; none is referred to but by its address.
                assert theirs - set(param.targets) <= {"Binary"}, (kind.name, param.name)


@pytest.mark.parametrize(("name", "ours"), ELEMENTS.items(), ids=list(ELEMENTS))
def test_summaries_are_those_of_r4(name: str, ours: Elements) -> None:
    children = definitions()["elements"][name]["children"]
    assert ours.all == {*children, "resourceType"}
    assert ours.summary | ROOT == {n for n, child in children.items() if child["summary"]}
    marked = {n for n, c in children.items() if c["min"] > 0 or c["modifier"]}
    assert ours.kept | {"implicitRules"} >= marked
    assert ours.kept - {"modifierExtension"} <= marked


def test_every_type_has_a_summary() -> None:
    assert set(TYPES) - {"Binary"} <= set(ELEMENTS)


US_CORE = {
    "Patient": "_id identifier name birthdate gender family given death-date",
    "Practitioner": "_id identifier name",
    "PractitionerRole": "practitioner specialty",
    "Organization": "name address",
    "Location": "name address address-city address-state address-postalcode",
    "Encounter": "_id identifier patient date class type status location discharge-disposition",
    "CareTeam": "patient status role",
    "Device": "patient type status",
    "Goal": "patient lifecycle-status target-date description start-date",
    "ServiceRequest": "_id patient category code authored status",
    "Observation": "patient category code date status _lastUpdated",
    "DiagnosticReport": "patient category code date status _lastUpdated",
    "DocumentReference": "_id patient category date type status period",
}


def test_us_core_has_what_it_asks_for() -> None:
    """SHALL and SHOULD of US Core 6.1 and 7.0, CapabilityStatement us-core-server."""
    for name, wanted in US_CORE.items():
        assert set(wanted.split()) <= {*TYPES[name].params, "_id", "_lastUpdated"}, name
