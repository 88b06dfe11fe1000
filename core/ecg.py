"""What the stages tell each other: beats, strips, findings. Frozen, units in names."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from core.chunk import SAMPLES_PER_CHUNK

CHUNKS_PER_STRIP = 8
SAMPLES_PER_STRIP = CHUNKS_PER_STRIP * SAMPLES_PER_CHUNK
"""A strip is 1,496 samples, 11.968 s at 125 Hz, on a fixed grid of the session's sample index."""


class RefusalReason(StrEnum):
    """Why a strip, or part of it, cannot be read; the last two may be the heart's doing.

    NO_BEATS: connected, no fault, and no beat for three seconds or more: perhaps asystole.
    DISORGANISED: nothing repeats, and the movement is in the band of ventricular fibrillation.
    """

    LEAD_OFF = "lead-off"
    FLAT = "flat"
    SATURATED = "saturated"
    GAP = "gap"
    NOISE = "noise"
    FEW_BEATS = "few-beats"
    CLOCK_JUMP = "clock-jump"
    NO_BEATS = "no-beats"
    DISORGANISED = "disorganised"


class BeatClass(StrEnum):
    """The five classes of ANSI/AAMI EC57."""

    NORMAL = "N"
    SUPRAVENTRICULAR = "S"
    VENTRICULAR = "V"
    FUSION = "F"
    UNKNOWN = "Q"


@dataclass(frozen=True, slots=True)
class Beat:
    """One heartbeat: its R peak, and what the network said of it.

    ``sample_index`` counts from the session's start at the device's rate; ``abnormal_probability``
    and ``beat_class`` are None where the beat could not be classified (no following beat, or
    unreadable signal), the class also where the network tells none.
    """

    sample_index: int
    abnormal_probability: float | None
    beat_class: BeatClass | None = None


class RhythmKind(StrEnum):
    """What a stretch of beats, or of no beats, amounts to."""

    SINUS = "sinus"
    BRADYCARDIA = "bradycardia"
    TACHYCARDIA = "tachycardia"
    PAUSE = "pause"
    ASYSTOLE = "asystole"
    BIGEMINY = "bigeminy"
    TRIGEMINY = "trigeminy"
    COUPLET = "couplet"
    VENTRICULAR_RUN = "ventricular-run"
    VENTRICULAR_TACHYCARDIA = "ventricular-tachycardia"
    VENTRICULAR_FIBRILLATION = "ventricular-fibrillation"
    SUPRAVENTRICULAR_RUN = "supraventricular-run"
    ATRIAL_FIBRILLATION = "atrial-fibrillation"
    PACED = "paced"
    NOISE = "noise"


@dataclass(frozen=True, slots=True)
class RhythmSpan:
    """A stretch of one rhythm, from ``first_sample`` to before ``stop_sample`` of the session.

    Spans of different kinds may overlap. ``verified`` is False where the signal's quality does
    not bear it out. ``rate_per_min`` is None where no beats tell of one.
    """

    kind: RhythmKind
    first_sample: int
    stop_sample: int
    beats: int
    rate_per_min: float | None
    verified: bool


@dataclass(frozen=True, slots=True)
class Intervals:
    """Medians over a strip's clean normal beats, by the delineation ``method``."""

    qrs_ms: float | None
    qt_ms: float | None
    qtc_ms: float | None
    method: str


@dataclass(frozen=True, slots=True)
class Hrv:
    """Variability of the intervals between clean normal beats (Task Force 1996, as Rate's).

    Time domain in ms, ``pnn50`` 0 to 1; powers in ms2, None where a spectrum cannot be had.
    """

    intervals: int
    mean_nn_ms: float
    sdnn_ms: float
    rmssd_ms: float
    pnn50: float
    vlf_ms2: float | None = None
    lf_ms2: float | None = None
    hf_ms2: float | None = None

    @property
    def lf_hf(self) -> float | None:
        """Ratio of LF to HF power."""
        return self.lf_ms2 / self.hf_ms2 if self.lf_ms2 is not None and self.hf_ms2 else None


@dataclass(frozen=True, slots=True)
class Rate:
    """Heart rate and RR statistics of a strip (Task Force 1996, doi:10.1161/01.CIR.93.5.1043)."""

    heart_rate_per_min: float
    rr_mean_ms: float
    rr_min_ms: float
    rr_max_ms: float
    sdnn_ms: float
    rmssd_ms: float


@dataclass(frozen=True, slots=True)
class Quality:
    """How far a strip can be trusted: 0 (not at all) to 1, and why not.

    ``seconds`` are the scores of its whole seconds, in order.
    """

    score: float
    readable: bool
    reasons: tuple[RefusalReason, ...]
    seconds: tuple[float, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether the signal can be trusted, beats or none: a standstill in it is borne out.

        True of a readable strip, and of one that is refused for want of beats alone though it is
        quiet beside the patient's earlier beats.
        """
        return self.readable or (self.score > 0 and self.reasons == (RefusalReason.NO_BEATS,))


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Welch power spectrum of a strip (doi:10.1109/TAU.1967.1161901), summed up."""

    dominant_hz: float
    power_low: float
    power_qrs: float
    power_high: float


@dataclass(frozen=True, slots=True)
class StripFinding:
    """All that analysis says of one strip of a session.

    ``first_sample`` and ``n_samples`` place it on the session's sample index (``n_samples``
    is smaller than SAMPLES_PER_STRIP at a session's end); ``n_missing`` of them have no value:
    never received, or leads off. ``started_at`` is the time of ``first_sample``. A beat counts
    as abnormal from probability ``abnormal_from`` on, the threshold of the model. ``rhythm`` holds
    the spans that overlap the strip, whole: one that goes on is told again in the next strip, with
    the same start. ``fallback`` says why another engine than the configured one was asked.
    ``hrv`` is that of the five minutes that end in the strip.
    """

    strip_index: int
    first_sample: int
    n_samples: int
    n_missing: int
    started_at: datetime
    clock_synced: bool
    rate_hz: float
    quality: Quality
    rate: Rate | None
    spectrum: Spectrum | None
    beats: tuple[Beat, ...]
    model_id: str
    pipeline_version: str
    abnormal_from: float = 0.5
    rhythm: tuple[RhythmSpan, ...] = ()
    intervals: Intervals | None = None
    fallback: str | None = None
    hrv: Hrv | None = None

    def is_normal(self, beat: Beat) -> bool:
        """Whether one of its beats is of class N, or where no class was told, not abnormal."""
        if beat.beat_class is not None:
            return beat.beat_class is BeatClass.NORMAL
        probability = beat.abnormal_probability
        return probability is not None and probability < self.abnormal_from


@dataclass(frozen=True, slots=True)
class SessionTotals:
    """What the findings of a session come to; the rates are None where no strip has one."""

    started_at: datetime
    ended_at: datetime
    strips: int
    analysed_s: float
    readable_s: float
    missing_samples: int
    chunks_stored: int
    beats: int
    classified_beats: int
    abnormal_beats: int
    rate_mean_per_min: float | None
    rate_min_per_min: float | None
    rate_max_per_min: float | None
    pipeline_version: str
    model_id: str


@dataclass(frozen=True, slots=True)
class SessionKey:
    """A monitoring session as the store and the wire know it."""

    row: int
    device_id: UUID
    key_epoch: int
    session_id: bytes
