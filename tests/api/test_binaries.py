"""Paper and files over FHIR, read back as a client would."""

import io
import time
import zipfile
from base64 import b64decode
from pathlib import Path

import edfio
import hl7
import numpy as np
import pydicom
import pytest
import wfdb

from core.chunk import INVALID_SAMPLE
from core.keyring import KeyRing
from core.local_vault import LocalVault
from fhir.xml.reader import from_xml
from store import devices
from store.database import Database
from tests.api.conftest import Scoped
from tests.api.exhibits import NV, PATIENT, RATE_HZ, STARTED_AT, Exhibit, exhibit
from tests.api.support import Client
from tests.conformance.checker import conformant

FORMS = {
    "pdf": ("application/pdf", b"%PDF-"),
    "svg": ("image/svg+xml", b"<svg "),
    "wfdb": ("application/zip", b"PK"),
    "edf": ("application/edf", b"0       "),
    "dicom": ("application/dicom", bytes(128) + b"DICM"),
    "hl7": ("x-application/hl7-v2+er7", b"MSH|^~\\&|HISBUNDLE|"),
}


@pytest.fixture
async def shown(database: Database, vault: LocalVault) -> Exhibit:
    return await exhibit(database, vault)


def _beats(shown: Exhibit) -> list[int]:
    return [beat.sample_index for finding in shown.findings for beat in finding.beats]


async def test_the_report_says_where_its_paper_is(client: Client, shown: Exhibit) -> None:
    report = (await client.get(f"DiagnosticReport/{shown.report['id']}")).json()
    for attachment in report["presentedForm"]:
        assert "data" not in attachment
        answer = await client.get(attachment["url"])
        assert answer.headers["content-type"].startswith(attachment["contentType"])
        assert attachment["title"]
        assert attachment["creation"] == report["issued"]


async def test_documents_are_found_by_patient_and_type(client: Client, shown: Exhibit) -> None:
    report = shown.report["id"]
    for query in ("type=18754-2", "type=http://loinc.org|11524-6", "status=current",
                  f"related=DiagnosticReport/{report}", "period=2026-03-01"):  # fmt: skip
        found = (await client.get(f"DocumentReference?patient={PATIENT['id']}&{query}")).json()
        documents = [entry["resource"] for entry in found["entry"]]
        assert len(documents) == 4
    for document in documents:
        conformant(document)
        assert document["context"]["related"] == [
            {"reference": f"DiagnosticReport/{shown.report['id']}"}
        ]
        attachment = document["content"][0]["attachment"]
        answer = await client.get(attachment["url"])
        assert answer.headers["content-type"] == attachment["contentType"]
    assert await client.ids("DocumentReference?contenttype=application/edf")
    assert not await client.ids("DocumentReference?patient=somebody")


@pytest.mark.parametrize("form", FORMS)
async def test_each_form_raw_and_as_fhir(client: Client, shown: Exhibit, form: str) -> None:
    path = f"Binary/{shown.report['id']}-{form}"
    media_type, magic = FORMS[form]
    for accept in (media_type, "*/*", f"{media_type}, application/fhir+json;q=0.5"):
        raw = await client.get(path, headers={"Accept": accept})
        assert raw.headers["content-type"].startswith(media_type)
        assert raw.content.startswith(magic)
        assert raw.headers["etag"]
    wrapped = (await client.get(path, headers={"Accept": "application/fhir+json"})).json()
    assert wrapped["contentType"] == media_type
    assert b64decode(wrapped["data"]) == raw.content
    assert wrapped["securityContext"] == {"reference": f"DiagnosticReport/{shown.report['id']}"}
    for accept, query in (("application/fhir+xml", ""), (media_type, "?_format=xml")):
        xml = await client.get(f"{path}{query}", headers={"Accept": accept})
        assert from_xml(xml.content) == wrapped
    await client.get(path, 406, headers={"Accept": "text/html"})


async def test_a_strip_goes_on_paper(client: Client, shown: Exhibit) -> None:
    strip = shown.strips[0]["id"]
    drawn = (await client.get(f"Binary/{strip}-svg")).text
    for words in ("Nováková, Jana 王芳", "MRN-4711", "1958-07-04", "2026-03-01 12:00:00 UTC",
                  "75 /min", "lead off", "not received", "25 mm/s    10 mm/mV", "125 Hz",
                  "not a diagnosis", "page 1 of 1", str(shown.device.id)):  # fmt: skip
        assert (words in drawn) or words == "not received", words
    assert drawn.count(">A</text>") == 5
    assert (await client.get(f"Binary/{strip}-pdf")).content.startswith(b"%PDF-")
    assert "not received" in (await client.get(f"Binary/{shown.strips[1]['id']}-svg")).text


async def test_the_report_s_svg_is_the_first_strips_of_the_pdf(
    client: Client, shown: Exhibit
) -> None:
    drawn = (await client.get(f"Binary/{shown.report['id']}-svg")).text
    assert "Alert: fast heart rate" in drawn
    assert "lowest heart rate" in drawn
    assert "page 4 of 4" in drawn


async def test_a_report_of_many_strips_is_quick(
    client: Client, database: Database, vault: LocalVault
) -> None:
    shown = await exhibit(database, vault, strips=40)
    await client.get(f"Binary/{shown.report['id']}-pdf")
    began = time.monotonic()
    await client.get(f"Binary/{shown.report['id']}-pdf")
    assert time.monotonic() - began < 10


async def test_the_files_hold_the_session(client: Client, shown: Exhibit, tmp_path: Path) -> None:
    base = f"Binary/{shown.report['id']}"
    missing = shown.codes == INVALID_SAMPLE
    expected = np.where(missing, np.nan, shown.codes * (NV / 1e6))
    with zipfile.ZipFile(io.BytesIO((await client.get(f"{base}-wfdb")).content)) as archive:
        archive.extractall(tmp_path)
    name = str(next(tmp_path.glob("*.hea")).with_suffix(""))
    record, annotation = wfdb.rdrecord(name), wfdb.rdann(name, "atr")
    np.testing.assert_allclose(record.p_signal[:, 0], expected, atol=NV / 1e6, equal_nan=True)
    assert annotation.sample.tolist() == _beats(shown)
    assert record.base_datetime == STARTED_AT.replace(tzinfo=None)
    (tmp_path / "a.edf").write_bytes((await client.get(f"{base}-edf")).content)
    read = edfio.read_edf(tmp_path / "a.edf")
    signal = read.get_signal("ECG").data[: len(expected)]
    assert np.abs(signal - expected)[~missing].max() < NV / 1e6
    assert read.startdatetime == STARTED_AT.replace(tzinfo=None)
    onsets = [a.onset for a in read.annotations if a.text.startswith("Beat")]
    assert [round(onset * RATE_HZ) for onset in onsets] == _beats(shown)
    dicom = pydicom.dcmread(io.BytesIO((await client.get(f"{base}-dicom")).content))
    np.testing.assert_allclose(dicom.waveform_array(0)[:, 0] / 1000, shown.codes * (NV / 1e6))
    assert dicom.PatientID == "MRN-4711"
    positions = [p - 1 for i in dicom.WaveformAnnotationSequence
                 for p in i.ReferencedSamplePositions
                 if "POINT" in i.TemporalRangeType]  # fmt: skip
    assert sorted(positions) == _beats(shown)


async def test_the_report_as_hl7_v2(client: Client, shown: Exhibit) -> None:
    report = shown.report
    message = hl7.parse((await client.get(f"Binary/{report['id']}-hl7")).content.decode())
    assert str(message.segment("OBR")(3)) == f"{report['id']}^HISBUNDLE"
    assert str(message.segment("PID")(3)).startswith("MRN-4711^")
    assert "王芳" in str(message.segment("PID")(5))
    values = {str(obx(3)(0)(0)): str(obx(5)) for obx in message.segments("OBX")}
    assert values["beats"] == str(len(_beats(shown)))
    await client.get(f"Binary/{shown.strips[0]['id']}-hl7", 404)


async def test_a_binary_needs_both_scopes(with_scopes: Scoped, shown: Exhibit) -> None:
    report, strip = f"Binary/{shown.report['id']}-pdf", f"Binary/{shown.strips[0]['id']}-pdf"
    await with_scopes("system/Binary.r").get(report, 403)
    await with_scopes("system/DiagnosticReport.r", "system/Observation.r").get(report, 403)
    of_reports = with_scopes("system/Binary.r", "system/DiagnosticReport.r")
    await of_reports.get(report)
    await of_reports.get(strip, 404)
    of_strips = with_scopes("system/Binary.r", "system/Observation.r")
    await of_strips.get(strip)
    await of_strips.get(report, 404)


async def test_what_there_is_no_binary_of(client: Client, shown: Exhibit) -> None:
    strip = shown.strips[0]["id"]
    for name in ("x", "x-pdf", "-pdf", f"{strip}-edf", f"{strip}-exe", strip,
                 f"{shown.report['result'][0]['reference'].partition('/')[2]}-pdf"):  # fmt: skip
        await client.get(f"Binary/{name}", 404)


async def test_without_the_key_only_the_totals_are_left(
    client: Client, shown: Exhibit, database: Database, keyring: KeyRing
) -> None:
    async with database.transaction() as tx:
        await devices.revoke_key(tx, shown.device.id, 1)
    keyring.forget(shown.device.id)
    drawn = (await client.get(f"Binary/{shown.report['id']}-svg")).text
    assert "can no longer be opened" in drawn
    await client.get(f"Binary/{shown.strips[0]['id']}-pdf", 404)
    await client.get(f"Binary/{shown.report['id']}-edf", 404)


async def test_more_than_a_day_is_too_costly(
    client: Client, shown: Exhibit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.recordings.LONGEST_S", 20)
    answer = await client.get(f"Binary/{shown.report['id']}-edf", 413)
    assert answer.json()["issue"][0]["code"] == "too-costly"
    monkeypatch.undo()
    monkeypatch.setattr("api.binaries.JSON_MAX_BYTES", 100)
    path = f"Binary/{shown.report['id']}-edf"
    await client.get(path, 413, headers={"Accept": "application/fhir+json"})
    await client.get(path)
