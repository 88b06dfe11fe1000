"""Recording -> EDF+C with annotations (https://www.edfplus.info/specs/edfplus.html).

EDF has no value for "no value": such samples lie at the digital minimum, and an annotation with
a duration says so. The last data record is filled up in the same way.
"""

import unicodedata
from collections.abc import Iterator
from datetime import UTC
from fractions import Fraction
from io import BytesIO
from typing import Literal

import numpy as np
from edfio import Edf, EdfAnnotation, EdfSignal, Patient
from edfio import Recording as Origin

from core.chunk import INVALID_SAMPLE
from core.ecg import RhythmSpan
from export.recording import BeatClass, Person, Recording, in_parts, spans

NO_SIGNAL = "No signal"
_NOT_CONFIRMED = "(automated, not confirmed)"
LABELS = {
    BeatClass.NORMAL: "Beat N",
    BeatClass.ABNORMAL: f"Beat A {_NOT_CONFIRMED}",
    BeatClass.UNCLASSIFIED: "Beat ?",
    BeatClass.SUPRAVENTRICULAR: f"Beat S {_NOT_CONFIRMED}",
    BeatClass.VENTRICULAR: f"Beat V {_NOT_CONFIRMED}",
    BeatClass.FUSION: f"Beat F {_NOT_CONFIRMED}",
    BeatClass.UNKNOWN: f"Beat Q {_NOT_CONFIRMED}",
}
_SEXES: dict[str, Literal["F", "M"]] = {"female": "F", "male": "M"}
_NAME_MAX = 24


class _Parts(BytesIO):
    """Keeps what is written as it is, without a copy."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[bytes] = []

    def write(self, content: object) -> int:
        """Take bytes in."""
        assert isinstance(content, bytes)  # noqa: S101 (what the library writes)
        self.parts.append(content)
        return len(content)


def edf(recording: Recording) -> Iterator[bytes]:
    """The file in parts."""
    written = _Parts()
    _compose(recording).write(written)
    while written.parts:
        yield from in_parts(memoryview(written.parts.pop(0)))


def _compose(recording: Recording) -> Edf:
    start = recording.started_at.astimezone(UTC)
    codes = _whole_records(recording)
    gain = recording.mv_per_lsb
    signal = EdfSignal.from_digital(
        codes,
        recording.rate_hz,
        label="ECG",
        transducer_type="Electrodes, positions not known",
        physical_dimension="mV",
        physical_range=(INVALID_SAMPLE * gain, 32767 * gain),
        digital_range=(INVALID_SAMPLE, 32767),
    )
    return Edf(
        [signal],
        patient=_patient(recording.person),
        recording=Origin(
            startdate=start.date(), equipment_code=ascii_word(str(recording.device_id), 40)
        ),
        starttime=start.time(),
        annotations=[
            *_beats(recording),
            *_rhythm(recording),
            *_gaps(recording, codes == INVALID_SAMPLE),
        ],
    )


def _whole_records(recording: Recording) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """The codes, filled up to whole data records."""
    rate = Fraction(recording.rate_hz).limit_denominator(100)
    missing = -len(recording.codes) % rate.numerator
    if not missing:
        return recording.codes
    return np.pad(recording.codes, (0, missing), constant_values=INVALID_SAMPLE)


def _patient(person: Person) -> Patient:
    return Patient(
        code=ascii_word(person.identifier, 20),
        sex=_SEXES.get(person.sex, "X"),
        birthdate=person.birth_date,
        name=ascii_word(f"{person.family} {person.given}".strip(), _NAME_MAX),
    )


def ascii_word(text: str, longest: int) -> str:
    """``text`` as a subfield: ASCII, accents dropped, no spaces; X where nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    printable = "".join(c for c in plain if c.isprintable())
    return "_".join(printable.split())[:longest] or "X"


def _beats(recording: Recording) -> Iterator[EdfAnnotation]:
    for sample, kind in zip(recording.beats.tolist(), recording.classes.tolist(), strict=True):
        yield EdfAnnotation(sample / recording.rate_hz, None, LABELS[BeatClass(kind)])


def _rhythm(recording: Recording) -> Iterator[EdfAnnotation]:
    rate = recording.rate_hz
    for span in recording.rhythm:
        seconds = (span.stop_sample - span.first_sample) / rate
        yield EdfAnnotation(span.first_sample / rate, seconds, rhythm_label(span))


def rhythm_label(span: RhythmSpan) -> str:
    """What an episode is called."""
    doubt = "" if span.verified else ", poor signal"
    return f"Rhythm: {span.kind.value.replace('-', ' ')}{doubt} {_NOT_CONFIRMED}"


def _gaps(
    recording: Recording, missing: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> Iterator[EdfAnnotation]:
    rate = recording.rate_hz
    for start, stop in spans(missing):
        yield EdfAnnotation(start / rate, (stop - start) / rate, NO_SIGNAL)
