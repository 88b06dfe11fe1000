"""Where results come from, as resources."""

from datetime import UTC, datetime

import pytest

from fhir.mapping.device import algorithm, algorithm_id
from fhir.mapping.flag import flag
from fhir.mapping.identity import Origin
from fhir.mapping.provenance import of_flag, of_report, of_strip
from fhir.mapping.strip import ecg_strip
from fhir.mapping.summary import summary
from fhir.search.indexing import index
from fhir.values import Json
from store.index import Token
from tests.conformance.checker import conformant
from tests.fhir.samples import (
    DEVICE,
    HOLTER,
    NOT_WORN,
    OPEN_ALERT,
    PATIENT,
    READABLE,
    SESSION,
    TOTALS,
    WORN,
    alarm_of,
    newest_of,
)

AT = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
SOFTWARE = {"reference": f"Device/{algorithm_id('1.0', 'baseline-1a2b3c')}"}


def agents(provenance: Json) -> dict[str, Json]:
    return {a["type"]["coding"][0]["code"]: a["who"] for a in provenance["agent"]}


@pytest.mark.parametrize("origin", [WORN, NOT_WORN])
def test_a_strips_provenance_names_software_recorder_and_signal(origin: Origin) -> None:
    made = ecg_strip(READABLE, origin)
    told = of_strip(READABLE, origin, [made], AT)
    conformant(told)
    assert told["target"] == [{"reference": f"Observation/{made['id']}"}]
    assert told["recorded"] == "2026-03-01T12:00:30.000Z"
    assert agents(told) == {"assembler": SOFTWARE, "informant": {"reference": f"Device/{DEVICE}"}}
    (source,) = told["entity"]
    assert source["what"]["identifier"]["value"] == (f"{DEVICE}/{SESSION.hex()}/samples/4488-5983")
    assert "chunks 24 to 31 " in source["what"]["display"]
    assert index(told).patient_id == origin.patient_id
    assert Token("target", f"Observation/{made['id']}") in index(told).tokens


def test_a_flags_provenance_names_what_it_rests_on() -> None:
    made = flag(alarm_of(OPEN_ALERT), newest_of(OPEN_ALERT))
    told = of_flag(made, WORN, WORN, ("1.0", "baseline-1a2b3c"), AT)
    conformant(told)
    (source,) = told["entity"]
    assert source["what"] == made["extension"][0]["valueReference"]
    assert agents(told)["assembler"] == SOFTWARE
    assert list(agents(of_flag(made, WORN, WORN, None, AT))) == ["informant"]


def test_a_reports_provenance_names_all_that_was_made() -> None:
    told = of_report(TOTALS, WORN, [summary(HOLTER, WORN, ended=True)], AT)
    conformant(told)
    assert told["entity"][0]["what"]["identifier"]["value"] == f"{DEVICE}/{SESSION.hex()}"
    assert index(told).patient_id == PATIENT


def test_the_softwares_device_carries_the_digest_of_its_weights() -> None:
    device = algorithm("1.0", "m", "ab" * 32)
    conformant(device)
    assert device["version"][-1]["value"] == "ab" * 32
    assert len(algorithm("1.0", "m")["version"]) == 2
