"""Each format, read back by the field's own library."""

import io
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import edfio
import numpy as np
import numpy.typing as npt
import pydicom
import pytest
import wfdb
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydicom.sr.codedict import codes
from pydicom.uid import AmbulatoryECGWaveformStorage

from core.chunk import INVALID_SAMPLE
from core.errors import Incorrect
from export.files.dicom import CODES, dicom, rhythm_text
from export.files.edf import LABELS, NO_SIGNAL, ascii_word, edf, rhythm_label
from export.files.wfdb_zip import wfdb_zip
from export.recording import AUTOMATED, BeatClass, Person, Recording
from tests.export.samples import PERSON, STARTED_AT, recording

Signal = npt.NDArray[np.float64]
LARGE = recording(400_000)
MIT = [("N", ""), ("Q", "abnormal"), ("?", ""), ("S", ""), ("V", ""), ("F", ""), ("Q", "")]


def expected_mv(made: Recording) -> Signal:
    mv = made.codes.astype(np.float64) * made.mv_per_lsb
    mv[made.codes == INVALID_SAMPLE] = np.nan
    return mv


def written(parts: Iterable[bytes], path: Path) -> Path:
    path.write_bytes(b"".join(parts))
    return path


def read_wfdb(made: Recording, folder: Path) -> tuple[wfdb.Record, wfdb.Annotation]:
    with zipfile.ZipFile(io.BytesIO(b"".join(wfdb_zip(made)))) as archive:
        archive.extractall(folder)
    (name,) = [path.stem for path in folder.glob("*.hea")]
    return wfdb.rdrecord(str(folder / name)), wfdb.rdann(str(folder / name), "atr")


@pytest.mark.parametrize("made", [recording(), LARGE, recording(999, 360.0, 1250)])
def test_wfdb_reads_it_back(made: Recording, tmp_path: Path) -> None:
    record, annotation = read_wfdb(made, tmp_path)
    assert np.array_equal(np.isnan(record.p_signal[:, 0]), made.codes == INVALID_SAMPLE)
    np.testing.assert_allclose(
        record.p_signal[:, 0], expected_mv(made), atol=made.mv_per_lsb / 100, equal_nan=True
    )
    assert (record.fs, record.units) == (made.rate_hz, ["mV"])
    assert record.base_datetime == STARTED_AT.replace(tzinfo=None)
    told = list(zip(annotation.sample, annotation.symbol, annotation.aux_note, strict=True))
    assert [(sample, symbol, note) for sample, symbol, note in told if symbol != "+"] == [
        (sample, *MIT[kind]) for sample, kind in zip(made.beats, made.classes, strict=True)
    ]
    n = len(made.codes)
    assert [(sample, note) for sample, symbol, note in told if symbol == "+"] == [
        (percent * n // 100, note)
        for percent, note in ((0, "(N"), (20, "(AFIB"), (30, "(VT"), (40, "(AFIB"), (60, "(NONE"),
                              (80, "(VT"), (85, "(NONE"))
    ]  # fmt: skip
    digital = wfdb.rdrecord(str(next(tmp_path.glob("*.hea")).with_suffix("")), physical=False)
    assert (digital.checksum[0] - digital.calc_checksum()[0]) % 65536 == 0


def test_wfdb_has_no_name_in_it() -> None:
    assert (
        "Nov"
        not in zipfile.ZipFile(io.BytesIO(b"".join(wfdb_zip(recording()))))
        .read(f"ecg_{recording().session_id.hex()}.hea")
        .decode()
    )


def test_wfdb_writes_beats_that_are_far_apart(tmp_path: Path) -> None:
    far = np.array([3, 1026, 2050, 90_000, 299_999], dtype=np.int64)
    made = replace(recording(300_000), beats=far, classes=np.zeros(5, np.uint8))
    _, annotation = read_wfdb(made, tmp_path)
    beats = [s for s, sign in zip(annotation.sample, annotation.symbol, strict=True) if sign == "N"]
    assert beats == far.tolist()


@pytest.mark.parametrize("made", [recording(), LARGE, recording(999, 360.0, 1250),
                                  recording(1000, 128.5)])  # fmt: skip
def test_edfio_reads_it_back(made: Recording, tmp_path: Path) -> None:
    read = edfio.read_edf(written(edf(made), tmp_path / "a.edf"))
    signal = read.get_signal("ECG")
    n = len(made.codes)
    valid = made.codes != INVALID_SAMPLE
    error = np.abs(signal.data[:n] - expected_mv(made))[valid]
    assert error.max() < made.mv_per_lsb
    assert (signal.data[:n][~valid] <= -32767 * made.mv_per_lsb).all()
    assert read.startdatetime == STARTED_AT.replace(tzinfo=None)
    assert signal.sampling_frequency == made.rate_hz
    beats = [a for a in read.annotations if a.text.startswith("Beat")]
    assert [round(a.onset * made.rate_hz) for a in beats] == made.beats.tolist()
    assert [a.text for a in beats] == [LABELS[BeatClass(kind)] for kind in made.classes]
    rhythms = [a for a in read.annotations if a.text.startswith("Rhythm")]
    for span, told in zip(made.rhythm, rhythms, strict=True):
        assert told.text == rhythm_label(span)
        assert round(told.onset * made.rate_hz) == span.first_sample
        assert round((told.duration or 0) * made.rate_hz) == span.stop_sample - span.first_sample
    assert rhythms[-1].text == "Rhythm: asystole, poor signal (automated, not confirmed)"
    gaps = [a for a in read.annotations if a.text == NO_SIGNAL]
    assert round(gaps[0].onset * made.rate_hz) == n // 2
    assert round(gaps[0].duration * made.rate_hz) == n // 10  # type: ignore[operator]


def test_edf_names_the_patient(tmp_path: Path) -> None:
    read = edfio.read_edf(written(edf(recording()), tmp_path / "a.edf"))
    assert read.patient.code == "MRN/4711"
    assert read.patient.name == "Novakova_Jana_Olga"
    assert (read.patient.sex, read.patient.birthdate) == ("F", PERSON.birth_date)


@given(st.text(), st.integers(1, 40))
def test_any_text_becomes_a_word_of_ascii(text: str, longest: int) -> None:
    word = ascii_word(text, longest)
    assert 1 <= len(word) <= longest
    assert word.isascii()
    assert " " not in word
    assert word.isprintable()


@pytest.mark.parametrize("made", [recording(), LARGE, recording(999, 360.0, 1250)])
def test_pydicom_reads_it_back(made: Recording, tmp_path: Path) -> None:
    read = pydicom.dcmread(written(dicom(made), tmp_path / "a.dcm"))
    (group,) = read.WaveformSequence
    valid = made.codes != INVALID_SAMPLE
    microvolts = read.waveform_array(0)[:, 0]
    error = np.abs(microvolts / 1000 - expected_mv(made))[valid]
    assert error.max() < made.mv_per_lsb
    padding = int.from_bytes(group.WaveformPaddingValue, "little", signed=True)
    assert np.array_equal(np.frombuffer(group.WaveformData, "<i2") == padding, ~valid)
    assert read.AcquisitionDateTime == "20260301120000.120000"
    told: dict[str, list[int]] = {}
    for item in read.WaveformAnnotationSequence:
        assert ("ConceptNameCodeSequence" in item) != ("UnformattedTextValue" in item)
        name = item.get("UnformattedTextValue") or item.ConceptNameCodeSequence[0].CodeValue
        assert name not in told
        told[name] = (np.atleast_1d(item.ReferencedSamplePositions) - 1).tolist()
    n = len(made.codes)
    assert told.pop(AUTOMATED) == [0, n - 1]
    for kind in BeatClass:
        name = CODES[kind][0] if kind in CODES else "R peak, not classified"
        assert told.pop(name, []) == made.beats[made.classes == kind].tolist()
    for text in {rhythm_text(span) for span in made.rhythm}:
        ends = [(s.first_sample, s.stop_sample - 1) for s in made.rhythm if rhythm_text(s) == text]
        assert told.pop(text) == [end for pair in ends for end in pair]
    assert not told


def test_the_codes_of_beats_are_those_of_dicom() -> None:
    listed = {
        getattr(codes.cid3335, name).value: getattr(codes.cid3335, name)
        for name in codes.cid3335.dir()
    }
    for value, meaning in CODES.values():
        assert (listed[value].scheme_designator, listed[value].meaning) == ("MDC", meaning)


def test_dicom_is_an_ambulatory_ecg_of_a_lead_that_is_not_known(tmp_path: Path) -> None:
    read = pydicom.dcmread(written(dicom(recording()), tmp_path / "a.dcm"))
    assert read.SOPClassUID == AmbulatoryECGWaveformStorage
    assert read.Modality == "ECG"
    assert str(read.PatientName) == "Nováková^Jana Olga"
    (group,) = read.WaveformSequence
    assert (group.NumberOfWaveformChannels, group.WaveformSampleInterpretation) == (1, "SS")
    (source,) = group.ChannelDefinitionSequence[0].ChannelSourceSequence
    assert (source.CodeValue, source.CodingSchemeDesignator) == ("2:0", "MDC")


def test_more_beats_than_one_dicom_annotation_takes(tmp_path: Path) -> None:
    beats = np.arange(0, 100_000, 5, dtype=np.int64)
    made = replace(recording(100_000), beats=beats, classes=np.zeros(len(beats), np.uint8))
    read = pydicom.dcmread(written(dicom(made), tmp_path / "a.dcm"))
    items = [i for i in read.WaveformAnnotationSequence if "ConceptNameCodeSequence" in i]
    assert len(items) == 2
    assert [p - 1 for item in items for p in item.ReferencedSamplePositions] == beats.tolist()


def test_the_same_recording_is_the_same_dicom_instance() -> None:
    first, again, other = (b"".join(dicom(recording(seed=seed))) for seed in (1, 1, 2))
    uids = [pydicom.dcmread(io.BytesIO(file)).SOPInstanceUID for file in (first, again, other)]
    assert first == again
    assert uids[0] == uids[1] != uids[2]


def test_a_rate_that_dicom_does_not_have() -> None:
    with pytest.raises(Incorrect):
        next(dicom(recording(rate_hz=1001)))


@settings(max_examples=15, deadline=timedelta(seconds=5))
@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80), st.integers(1, 2000))
@example("1", "n" * 32, "m" * 33, 100)
def test_nobody_s_name_is_an_obstacle(identifier: str, family: str, given_: str, n: int) -> None:
    made = replace(recording(n), person=Person(identifier, family, given_, None, "unknown"))
    for write in (wfdb_zip, edf, dicom):
        assert b"".join(write(made))
