"""What US Core's heart rate profile wants to see, in the heart rates that the service makes.

Source: https://hl7.org/fhir/us/core/STU7/StructureDefinition-us-core-heart-rate.html
"""

from fhir.codes import HEART_RATE, UCUM, VITAL_SIGNS
from fhir.mapping.heart_rate import heart_rate
from fhir.mapping.provenance import of_report
from fhir.mapping.report import report
from tests.fhir.samples import HOLTER, READABLE, STARTED_AT, TOTALS, UNREADABLE, WORN


def test_a_heart_rate_has_all_that_its_profile_marks() -> None:
    made = heart_rate(READABLE, WORN)
    assert made["status"] in ("final", "preliminary", "amended")
    assert made["effectiveDateTime"]
    (category,) = made["category"]
    assert category["coding"][0].items() >= VITAL_SIGNS.coding.items()
    assert made["code"]["coding"][0]["code"] == HEART_RATE.code
    assert made["subject"]["reference"].startswith("Patient/")
    value = made["valueQuantity"]
    assert (value["system"], value["code"]) == (UCUM, "/min")
    assert value["unit"]
    assert value["value"] > 0


def test_one_without_a_value_says_why() -> None:
    made = heart_rate(UNREADABLE, WORN)
    assert "valueQuantity" not in made
    assert made["dataAbsentReason"]["coding"][0]["code"]


def test_a_report_says_what_it_is_and_when() -> None:
    for ended in (False, True):
        made = report(HOLTER, WORN, STARTED_AT, ended=ended)
        codes = {coding["code"] for category in made["category"] for coding in category["coding"]}
        assert "LP29708-2" in codes
        assert made["effectivePeriod"]["start"]
        assert made["issued"]


def test_provenance_says_what_was_done() -> None:
    made = of_report(TOTALS, WORN, [], STARTED_AT)
    assert made["activity"]["coding"][0]["code"] == "CREATE"
