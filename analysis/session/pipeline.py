"""The chunks of one session, in order, to findings and alerts.

Everything is decided chunk by chunk, so it makes no difference how many chunks a turn brings,
or whether the state was stored and loaded in between. The network is asked for each beat once that
is complete. A strip is read once it is due (``line``). The strip that is still running is looked
at with every chunk (``looks``): where it shows what is urgent, it is told at once, as far as it has
come.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from analysis.alarms.assess import assess, assess_running, ended
from analysis.alarms.policy import AlertPolicy
from analysis.alarms.state import AlertState
from analysis.alarms.urgent import New, is_urgent
from analysis.rhythm.session import StripRules
from analysis.session.five_minutes import FiveMinutes
from analysis.session.line import Line
from analysis.session.looks import Look
from analysis.session.measure import Recent, is_due, trace
from analysis.session.strips import Draft, attributed, read_strip
from analysis.session.verdicts import Model, Verdicts
from analysis.signal.likeness import BeatMemory
from core.alerts import Alert
from core.chunk import SAMPLES_PER_CHUNK, ChunkBody
from core.ecg import SAMPLES_PER_STRIP, Beat, StripFinding
from core.limits import Limits, Wearer, in_force, worn_by


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a turn found out: strips in order (again, if they were partial), alerts that changed."""

    findings: tuple[StripFinding, ...]
    alerts: tuple[Alert, ...]


class SessionPipeline:
    """One session's analysis: ``push`` chunks, classify ``crops``, ``resolve``, store the state.

    ``next_seq`` is the first chunk not taken in yet; ``refused`` counts chunks whose samples
    could not be placed or read. ``is_short``: the last chunk was not full, as the last one of a
    recording. ``owed``: intervals are due that no strip could give yet. ``wearers`` of the device
    have alarm limits; they are told at each turn and no part of the state.
    """

    def __init__(self, model: Model, policy: AlertPolicy | None = None) -> None:
        self.next_seq = 0
        self.refused = 0
        self.is_short = False
        self.model = model
        self.policy = policy or AlertPolicy()
        self.line = Line()
        self.memory = BeatMemory()
        self.alert_state = AlertState()
        self.wearers: tuple[Wearer, ...] = ()
        self.rules = StripRules()
        self.recent, self.five_minutes = Recent(), FiveMinutes()
        self.owed = False
        self.verdicts = Verdicts()
        self._drafts: list[Draft | Look] = []
        self._goes_on: SessionPipeline | None = None

    def push(self, seq: int, body: ChunkBody | None, received_us: int) -> None:
        """Take the next chunk; ``None`` stands for one that could not be opened.

        A number that was passed already is ignored, one that is skipped counts as lost.
        ``received_us``: time of reception in microseconds since 1970 UTC.
        """
        if seq < self.next_seq:
            return
        if seq > self.next_seq:
            self.line.break_off()
        self.next_seq = seq + 1
        self.is_short = body is not None and body.n_valid < SAMPLES_PER_CHUNK
        if body is None or not self.line.takes(body):
            self.refused += 1
            self.line.break_off()
        elif body.n_valid:
            self.line.take(body, received_us)
        before = self.verdicts.last
        self.verdicts.ask(self.line.segments)
        self._read_strips()
        if self.line.tallies and (self.line.watch.news or self.verdicts.last > before):
            self._look(before)
        self.line.watch.news = False

    @property
    def crops(self) -> npt.NDArray[np.float32]:
        """The beats to be classified, float32[n, BEAT_VALUES], for ``resolve``."""
        return self.verdicts.rows

    def resolve(self, probabilities: npt.NDArray[np.float32], by: Model | None = None) -> Outcome:
        """Complete the strips read since the last time, and see to those that run.

        ``probabilities`` is float32[n, 5] of CLASSES (analysis.classifier), for the n ``crops``;
        ``by`` is who gave them (unset: the model of the pipeline).
        """
        self.verdicts.tell(probabilities, by or self.model)
        if self._goes_on is not None:
            self.rules = copy.deepcopy(self._goes_on.rules)
            self.recent = copy.deepcopy(self._goes_on.recent)
            self.five_minutes = copy.deepcopy(self._goes_on.five_minutes)
        told = [self._looked(d) if isinstance(d, Look) else self._told(d) for d in self._drafts]
        self._drafts = []
        return Outcome(
            tuple(finding for part in told for finding in part.findings),
            tuple(alert for part in told for alert in part.alerts),
        )

    def _told(self, draft: Draft) -> Outcome:
        """A strip that is read, or at the session's end what there is of it."""
        finding = self._classified(draft, self.verdicts.last)
        finding = replace(finding, rhythm=self.rules.tell(finding, draft.sights, draft.live))
        finding = self._measured(draft, finding)
        self.verdicts.forget(finding.first_sample + finding.n_samples)
        if self._goes_on is not None:
            return Outcome((finding,), ())
        limits = in_force(self.wearers, finding)
        self.alert_state, changed = assess(
            self.policy, self.alert_state, finding, draft.leads_off, limits=limits
        )
        return Outcome((finding,), changed)

    def _looked(self, look: Look) -> Outcome:
        """What a look at the unread strips brings: mostly nothing."""
        if not (look.is_asked or self._is_urgent(look)):
            return Outcome((), ())
        rules, memory = copy.deepcopy(self.rules), copy.copy(look.memory)
        found: list[tuple[StripFinding, Limits]] = []
        for reading in look.readings:
            draft = read_strip(reading, self.model, memory)
            finding = self._classified(draft, look.known_to)
            finding = replace(finding, rhythm=rules.tell(finding, draft.sights, draft.live))
            found.append((finding, in_force(self.wearers, finding)))
        self.alert_state, alerts = assess_running(self.policy, self.alert_state, found)
        return Outcome((finding,) if look.is_asked or alerts else (), alerts)

    def _is_urgent(self, look: Look) -> bool:
        beats, by = (
            self._judged(look.peaks, look.known_to),
            self.verdicts.by(look.peaks, self.model),
        )
        place, counts = look.readings[-1].place, look.readings[-1].counts
        lasts = timedelta(seconds=counts.n_samples / place.rate_hz)
        started = place.started
        limits = worn_by(self.wearers, started.moment, lasts, synced=started.synced)
        ventricular = self.rules.tracker.ectopy.in_a_row
        new = New(beats, look.before, place.rate_hz, by.abnormal_from, ventricular)
        return is_urgent(self.policy, self.alert_state, new, limits)

    def _classified(self, draft: Draft, known_to: int) -> StripFinding:
        """The finding with what the network said of its beats, up to the one at ``known_to``."""
        finding = draft.finding
        if not finding.quality.readable:
            return finding
        peaks = [beat.sample_index for beat in finding.beats]
        named = attributed(finding, self.verdicts.by(peaks, self.model))
        return replace(named, beats=self._judged(peaks, known_to))

    def _judged(self, peaks: Sequence[int], known_to: int) -> tuple[Beat, ...]:
        return self.verdicts.of(peaks, known_to)

    def ended(self) -> "SessionPipeline":
        """A copy for which the session ends here: its crops and outcome are of the last strips.

        They are partial and raise no alert. This pipeline goes on as if nothing had been asked;
        resolve it before the copy, whose rhythms go on from its own.
        """
        copied = copy.deepcopy(self)
        copied._drafts, copied._goes_on = [], self
        copied.line.break_off()
        for strip_index in copied.line.tallies:
            copied._read(strip_index)
        return copied

    def _measured(self, draft: Draft, finding: StripFinding) -> StripFinding:
        """The finding with what is due of intervals and variability."""
        self.recent.see(finding)
        finding = replace(finding, hrv=self.five_minutes.see(finding))
        if draft.trace is None:
            return finding
        return replace(finding, intervals=self.recent.measure(draft.trace))

    def ended_alerts(self) -> tuple[Alert, ...]:
        """The open alerts as they stand if the session ends here: closed with it."""
        end = self.line.end.moment
        return tuple(ended(alert, end) for alert in self.alert_state.open)

    def _read_strips(self) -> None:
        for strip_index in list(self.line.tallies):
            if not self.line.is_due((strip_index + 1) * SAMPLES_PER_STRIP):
                break
            self._read(strip_index)
            self.line.forget(strip_index)

    def _look(self, before: int) -> None:
        """Keep how the unread strips stand, to be looked at once their beats are judged."""
        readings = tuple(self.line.read(tally) for tally in self.line.tallies.values())
        memory, known_to = copy.copy(self.memory), self.verdicts.last
        self._drafts.append(Look(readings, memory, known_to, before, self.line.watch.news))

    def _read(self, strip_index: int) -> None:
        reading = self.line.read(self.line.tallies[strip_index])
        first, n_samples = reading.place.first_sample, reading.counts.n_samples
        self.verdicts.ask(self.line.segments, first + SAMPLES_PER_STRIP)
        draft = read_strip(reading, self.model, self.memory)
        self.owed = self.owed or is_due(first, first + n_samples, reading.place.rate_hz)
        self._drafts.append(self._with_trace(draft, first + n_samples))

    def _with_trace(self, draft: Draft, stop: int) -> Draft:
        """What intervals are measured in; where there is nothing readable, the next strip's."""
        if not (self.owed and draft.finding.quality.readable):
            return draft
        signal = trace(self.line.segments, stop)
        self.owed = signal is None
        return replace(draft, trace=signal)
