import re

import pytest

from fhir import codes
from fhir.profiles.catalogue import TYPES, catalogue, look_up
from fhir.profiles.terminology import local_codes
from fhir.values import Json
from tests.conformance.checker import conformant

EVERY = [resource for found in catalogue().values() for resource in found.values()]


@pytest.mark.parametrize("resource", EVERY, ids=lambda r: f"{r['resourceType']}-{r['id']}")
def test_each_is_valid_and_has_a_url_of_its_own(resource: Json) -> None:
    conformant(resource)
    assert resource["url"] == f"{codes.BASE}/{resource['resourceType']}/{resource['id']}"
    assert re.fullmatch(r"[A-Z][A-Za-z0-9_]{0,254}", resource["name"])


def test_canonicals_in_use_are_defined() -> None:
    assert codes.LOCAL in {r["url"] for r in EVERY}
    assert {codes.BEAT_PROBABILITY, codes.BEAT_CLASS} <= {r["url"] for r in EVERY}


def test_every_local_code_has_a_definition() -> None:
    (system,) = catalogue()["CodeSystem"].values()
    assert system["count"] == len(local_codes()) == len(system["concept"])
    assert {"alert-tachycardia", "lead-off", "wfdb", "r-peak"} <= {
        c["code"] for c in system["concept"]
    }
    assert all(len(concept["definition"]) > 3 for concept in system["concept"])


def test_they_are_found_by_url_version_and_name() -> None:
    (system,) = look_up("CodeSystem", {"url": codes.LOCAL})
    every = {"url": codes.LOCAL, "version": system["version"], "name": "x,ec", "_id": "ecg"}
    assert look_up("CodeSystem", every) == [system]
    assert look_up("CodeSystem", {"url": codes.LOCAL, "version": "0"}) == []
    assert len(look_up("StructureDefinition", {})) == 14
    assert all(look_up(type_, {}) for type_ in TYPES)
