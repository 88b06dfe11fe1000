"""ORU^R01 messages, read back by the library."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hl7
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir.hl7v2.fields import coded, day, identifier, name, text, time, unit
from fhir.hl7v2.message import Letterhead, control_id, oru_r01
from fhir.hl7v2.observations import observed
from fhir.values import Json

GOLDEN = Path(__file__).parents[1] / "golden"
HEAD = Letterhead("HIS", "Ward|3", "EHR", "Hospital & Sons", "https://ecg.test/fhir")
AT = datetime(2026, 3, 1, 13, 0, tzinfo=UTC)


def _golden(name_: str) -> Json:
    loaded: Json = orjson.loads((GOLDEN / f"{name_}.json").read_bytes())
    return loaded


def _message(report: Json, patient: Json, *observations: str, head: Letterhead = HEAD) -> Any:
    bodies = [_golden(f"observation-{each}") for each in observations]
    er7 = oru_r01(report, bodies, patient, head, version=2, at=AT)
    message = hl7.parse(er7)
    assert str(message) == er7
    assert hl7.ishl7(er7)
    return message


def test_a_report_with_its_values() -> None:
    report, patient = _golden("diagnosticreport-final"), _golden("patient")
    message = _message(report, patient, "summary", "heart-rate", "beats", "quality")
    msh, pid, obr = (message.segment(kind) for kind in ("MSH", "PID", "OBR"))
    assert [str(msh(n)) for n in (2, 3, 5, 9, 11, 12, 18)] == [
        "^~\\&", "HIS", "EHR", "ORU^R01^ORU_R01", "P", "2.5.1", "UNICODE UTF-8"
    ]  # fmt: skip
    assert [message.unescape(str(msh(n))) for n in (4, 6)] == ["Ward|3", "Hospital & Sons"]
    assert str(msh(7)) == "20260301130000+0000"
    assert str(msh(10)) == control_id(report["id"], 2)
    assert str(pid(3)) == "12345^^^&1.2.36.146.595.217.0.1&ISO^PI"
    assert str(pid(5)) == "Nováková^Jana^^^^^L"
    assert str(pid(7)) == "195807"
    assert str(obr(3)) == f"{report['id']}^HIS"
    assert str(obr(4)) == "18754-2^Holter monitor study^LN"
    assert [str(obr(n)) for n in (7, 8, 25)] == [
        "20260301120000.120+0000", "20260301120012.088+0000", "F"
    ]  # fmt: skip
    assert message.unescape(str(message.segment("NTE")(3))) == report["conclusion"]


def test_each_value_has_a_segment() -> None:
    message = _message(_golden("diagnosticreport-final"), {}, "summary", "heart-rate", "beats")
    rows = [[str(obx(n)) for n in (2, 3, 5, 6, 11)] for obx in message.segments("OBX")]
    assert ["NM", "8867-4^Heart rate^LN", "74.3", "/min^beats/minute^UCUM", "F"] in rows
    assert ["NM", "147240^MDC_ECG_TIME_PD_RR_GL^MDC", "807.4", "ms^ms^UCUM", "F"] in rows
    assert ["NM", "beats^Beats^99HIS", "2121", "", "F"] in rows
    beats = [row for row in rows if row[1].startswith("r-peak")]
    assert beats[0][0] == "TS"
    assert {row[4] for row in beats} == {"P"}
    link = rows[-1]
    assert link[0] == "RP"
    assert link[2].startswith("https://ecg.test/fhir/Binary/")
    assert link[2].endswith("-pdf^HIS^AP^PDF")
    numbers = [str(obx(1)) for obx in message.segments("OBX")]
    assert numbers == [str(n) for n in range(1, len(rows) + 1)]


STATUSES = {"partial": "P", "final": "F", "amended": "C", "entered-in-error": "X"}


@pytest.mark.parametrize(("status", "told"), STATUSES.items())
def test_the_status(status: str, told: str) -> None:
    message = _message(_golden("diagnosticreport-final") | {"status": status}, {})
    assert str(message.segment("OBR")(25)) == told


def test_without_an_address_there_is_no_link() -> None:
    message = _message(_golden("diagnosticreport-final"), {"id": "p1"}, head=Letterhead())
    assert "RP" not in str(message)
    assert str(message.segment("PID")(3)) == "p1^^^^PI"


def test_the_control_id_is_one_of_a_version() -> None:
    names = {control_id(f"r{n}", version) for n in range(50) for version in range(1, 50)}
    assert len(names) == 50 * 49
    assert all(len(name_) == 20 for name_ in names)
    assert control_id("r1", 1) == control_id("r1", 1)


@given(st.text(max_size=40))
def test_any_text_comes_back(words: str) -> None:
    """What the receiver reads is what was written, but for control characters and line ends."""
    report = _golden("diagnosticreport-final") | {"conclusion": f"A{words}"}
    patient = {"name": [{"family": f"A{words}"}], "identifier": [{"value": f"A{words}"}]}
    message = _message(report, patient)
    shown = "".join(
        " " if c in "\x7f" or "\x80" <= c <= "\x9f" or (c < " " and c not in "\r\n") else c
        for c in f"A{words}"
    )
    lines = shown.replace("\r\n", "\r").replace("\n", "\r")
    assert message.unescape(str(message.segment("NTE")(3))) == lines
    assert message.unescape(str(message.segment("PID")(5)(0)(0))).strip() == lines.strip()
    assert message.unescape(str(message.segment("PID")(3)(0)(0))) == lines
    assert [str(s(0)) for s in message] == ["MSH", "PID", "OBR", "NTE", "OBX"]


def test_fields() -> None:
    assert text("a|b^c&d~e\\f\r\ng\nh\ti") == r"a\F\b\S\c\T\d\R\e\E\f\.br\g\.br\h i"
    assert time("2026-03-01T12:00:00.120+05:30") == "20260301120000.120+0530"
    assert [time(t) for t in ("2026-03-01", "2026-03", "")] == ["20260301", "202603", ""]
    assert [day(d) for d in ("1958-07-04", "1958", "soon")] == ["19580704", "1958", ""]
    assert coded({"text": "a|b"}) == r"^a\F\b"
    two = [{"system": "http://loinc.org", "code": "1"}, {"code": "x", "display": "X"}]
    assert coded({"coding": two, "text": "t"}) == "1^t^LN^x^X^99HIS"
    assert unit({"unit": "beats"}) == "^beats"
    assert unit({"code": "ms"}) == "ms^ms^UCUM"
    typed = {"coding": [{"code": "MR"}]}
    assert identifier({"value": "1", "system": "http://a.test", "type": typed}) == (
        "1^^^&http://a.test&URI^MR"
    )
    assert name({"text": "Jana N."}) == "Jana N.^^^^^^L"
    assert name({"family": "N", "given": ["J", "K", "L"], "prefix": ["Dr"]}) == "N^J^K L^^Dr^^L"
    assert name({}) == ""


def test_values_of_every_kind() -> None:
    code = {"text": "c"}
    values: list[tuple[Json, str, str]] = [
        ({"valueString": "a|b"}, "TX", r"a\F\b"),
        ({"valueBoolean": True}, "CE", "Y^Yes^HL70136"),
        ({"valueCodeableConcept": {"text": "x"}}, "CE", "^x"),
    ]
    for value, kind, told in values:
        (fields,) = observed({"status": "final", "code": code} | value, 1)
        assert (fields[2], fields[5]) == (kind, told)
    for value in ({}, {"valueQuantity": {}}, {"valueSampledData": {"data": "1 2"}}):
        assert not list(observed({"status": "final", "code": code} | value, 1))
