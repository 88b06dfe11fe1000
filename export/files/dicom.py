"""Recording -> DICOM Ambulatory ECG Waveform (PS3.3, A.34.5 and C.10.9; Part 10 file).

General ECG asks for 200 to 1000 Hz and, like 12-lead ECG, for a short recording; the ambulatory
one takes 50 to 1000 Hz and any length, in one multiplex group. Samples without a value are the
Waveform Padding Value. The lead is MDC 2:0, for its electrodes' places are not known.
"""

import struct
from collections.abc import Iterator
from datetime import UTC
from hashlib import sha256
from io import BytesIO
from uuid import UUID

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import UID, AmbulatoryECGWaveformStorage, ExplicitVRLittleEndian

from core.chunk import INVALID_SAMPLE
from core.ecg import RhythmSpan
from core.errors import Incorrect
from export.recording import AUTOMATED, BeatClass, Person, Recording, in_parts, little_endian

RATE_MIN_HZ, RATE_MAX_HZ = 50, 1000
BEATS_PER_ITEM = 16_000
"""Referenced Sample Positions are four bytes each, in an element of 65,534 at most."""
_Positions = npt.NDArray[np.int64]
NOT_CLASSIFIED = "R peak, not classified"
CODES = {
    BeatClass.NORMAL: ("10:8208", "Normal beat (sinus beat, normal conduction)"),
    BeatClass.ABNORMAL: ("10:8224", "Abnormal beat"),
    BeatClass.SUPRAVENTRICULAR: ("10:8256", "Supraventricular premature contraction"),
    BeatClass.VENTRICULAR: ("10:8336", "Ventricular premature contraction beat"),
    BeatClass.FUSION: ("10:8352", "Fusion of ventricular and normal beat"),
    BeatClass.UNKNOWN: ("10:8736", "Unclassifiable beat"),
}
"""Beats in MDC, as PS3.16 lists them: CID 3335, ECG Annotation."""
_SEXES = {"female": "F", "male": "M", "other": "O"}
_EMPTY_DATA = struct.pack("<HH2sHI", 0x5400, 0x1010, b"OW", 0, 0)
"""The head of Waveform Data without any: where the samples are put in."""


def dicom(recording: Recording) -> Iterator[bytes]:
    """The file in parts: what the library writes, and the samples at their place in it.

    Raises Incorrect for a rate outside of the IOD's.
    """
    if not RATE_MIN_HZ <= recording.rate_hz <= RATE_MAX_HZ:
        raise Incorrect(f"DICOM ambulatory ECG has no {recording.rate_hz:g} Hz")
    written = BytesIO()
    _dataset(recording).save_as(written, enforce_file_format=True)
    head, _, tail = written.getvalue().partition(_EMPTY_DATA)
    samples = little_endian(recording.codes)
    yield head + _EMPTY_DATA[:-4] + struct.pack("<I", len(samples))
    yield from in_parts(samples)
    yield tail


def _dataset(recording: Recording) -> FileDataset:
    digest = sha256(recording.codes.data)
    for array in (recording.beats, recording.classes):
        digest.update(array.data)
    digest.update(repr(recording.rhythm).encode())
    name = f"{recording.device_id}/{recording.session_id.hex()}".encode()
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = AmbulatoryECGWaveformStorage
    meta.MediaStorageSOPInstanceUID = _uid(digest.digest() + name)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID = _uid(b"study/" + name)
    dataset.SeriesInstanceUID = _uid(b"series/" + name)
    _identify(dataset, recording)
    _describe(dataset, recording.person)
    dataset.AcquisitionContextSequence = []
    dataset.WaveformSequence = [_multiplex_group(recording)]
    # Lengths left open, so that the samples can be put in afterwards.
    dataset["WaveformSequence"].is_undefined_length = True
    dataset.WaveformSequence[0].is_undefined_length_sequence_item = True
    annotations = list(_annotations(recording))
    if annotations:
        dataset.WaveformAnnotationSequence = annotations
    return dataset


def _identify(dataset: Dataset, recording: Recording) -> None:
    """General study, series and equipment, and waveform identification."""
    start = recording.started_at.astimezone(UTC)
    day, clock = f"{start:%Y%m%d}", f"{start:%H%M%S.%f}"
    dataset.TimezoneOffsetFromUTC = "+0000"
    dataset.Modality = "ECG"
    dataset.Manufacturer = "hisbundle"
    dataset.DeviceSerialNumber = str(recording.device_id)
    dataset.StudyDate = dataset.ContentDate = day
    dataset.StudyTime = dataset.ContentTime = clock
    dataset.AcquisitionDateTime = day + clock
    dataset.StudyDescription = "Continuous ECG, single lead"
    dataset.InstanceNumber = dataset.SeriesNumber = 1
    for name in ("AccessionNumber", "ReferringPhysicianName", "StudyID"):
        setattr(dataset, name, "")


def _describe(dataset: Dataset, person: Person) -> None:
    names = (
        part.translate({ord(c): " " for c in "^=\\"}) for part in (person.family, person.given)
    )
    dataset.PatientName = "^".join(names).strip("^")[
        :64
    ]  # PS3.5, table 6.2-1: of a component group
    dataset.PatientID = person.identifier[:64].replace("\\", " ")
    dataset.PatientBirthDate = f"{person.birth_date:%Y%m%d}" if person.birth_date else ""
    dataset.PatientSex = _SEXES.get(person.sex, "")


def _multiplex_group(recording: Recording) -> Dataset:
    group = Dataset()
    group.MultiplexGroupTimeOffset = "0"
    group.WaveformOriginality = "ORIGINAL"
    group.NumberOfWaveformChannels = 1
    group.NumberOfWaveformSamples = len(recording.codes)
    group.SamplingFrequency = f"{recording.rate_hz:g}"
    group.MultiplexGroupLabel = "ECG"
    group.ChannelDefinitionSequence = [_channel(recording)]
    group.WaveformBitsAllocated = 16
    group.WaveformSampleInterpretation = "SS"
    group.WaveformPaddingValue = INVALID_SAMPLE.to_bytes(2, "little", signed=True)
    group["WaveformPaddingValue"].VR = "OW"
    group.WaveformData = b""
    group["WaveformData"].VR = "OW"
    return group


def _channel(recording: Recording) -> Dataset:
    channel = Dataset()
    channel.ChannelLabel = "ECG"
    channel.ChannelSourceSequence = [_code("2:0", "MDC", "Unspecified lead")]
    channel.ChannelSensitivity = f"{recording.nv_per_lsb / 1000:g}"
    channel.ChannelSensitivityUnitsSequence = [_code("uV", "UCUM", "microvolt")]
    channel.ChannelSensitivityCorrectionFactor = "1"
    channel.ChannelBaseline = "0"
    channel.ChannelSampleSkew = "0"
    channel.WaveformBitsStored = 16
    return channel


def _annotations(recording: Recording) -> Iterator[Dataset]:
    """One annotation for many beats of a class, or episodes of a kind; positions count from 1.

    Text and code exclude each other (PS3.3, C.10.10), so how far to trust them is said apart.
    """
    if len(recording.beats) or recording.rhythm:
        item = _at(np.array([1, len(recording.codes)]), "SEGMENT")
        item.UnformattedTextValue = AUTOMATED
        yield item
    for kind in BeatClass:
        positions = recording.beats[recording.classes == kind] + 1
        for start in range(0, len(positions), BEATS_PER_ITEM):
            part = positions[start : start + BEATS_PER_ITEM]
            item = _at(part, "POINT" if len(part) == 1 else "MULTIPOINT")
            if kind in CODES:
                value, meaning = CODES[kind]
                item.ConceptNameCodeSequence = [_code(value, "MDC", meaning)]
            else:
                item.UnformattedTextValue = NOT_CLASSIFIED
            yield item
    yield from _episodes(recording)


def _episodes(recording: Recording) -> Iterator[Dataset]:
    """From the first to the last sample of each, as text: MDC has no code for all of them."""
    found: dict[str, list[tuple[int, int]]] = {}
    for span in recording.rhythm:
        place = (span.first_sample + 1, max(span.stop_sample, span.first_sample + 1))
        found.setdefault(rhythm_text(span), []).append(place)
    for text, places in found.items():
        for start in range(0, len(places), BEATS_PER_ITEM // 2):
            part = places[start : start + BEATS_PER_ITEM // 2]
            item = _at(np.array(part).ravel(), "SEGMENT" if len(part) == 1 else "MULTISEGMENT")
            item.UnformattedTextValue = text
            yield item


def rhythm_text(span: RhythmSpan) -> str:
    """What an episode is called."""
    doubt = "" if span.verified else ", poor signal"
    return f"Rhythm: {span.kind.value.replace('-', ' ')}{doubt}; automated, not confirmed"


def _at(positions: _Positions, range_type: str) -> Dataset:
    item = Dataset()
    item.ReferencedWaveformChannels = [1, 1]
    item.TemporalRangeType = range_type
    item.ReferencedSamplePositions = positions.astype(np.int64).tolist()
    return item


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def _uid(name: bytes) -> UID:
    """A UID made from a UUID (PS3.5, B.2) that is made from ``name``."""
    return UID(f"2.25.{UUID(bytes=sha256(name).digest()[:16], version=5).int}")
