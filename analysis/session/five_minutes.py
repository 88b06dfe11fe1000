"""Heart rate variability of each five minutes of a session, told with the strip that ends them.

Windows lie on the session's sample index, as strips do, so that results do not depend on how
chunks were batched (Task Force 1996, doi:10.1161/01.CIR.93.5.1043: five minutes for the spectrum).
"""

from dataclasses import dataclass, field

from analysis.rhythm.hrv import SPECTRUM_S, hrv
from core.ecg import Hrv, StripFinding


@dataclass(slots=True)
class FiveMinutes:
    """The beats of the window that is running, by sample index, and whether each is clean.

    One beat in 0.2 s at the most, so some 1,500.
    """

    beats: list[tuple[int, bool]] = field(default_factory=list)

    def see(self, finding: StripFinding) -> Hrv | None:
        """Take the next strip's beats; the variability of the window that ends in it, if one does.

        Of a strip from which samples are missing no beat is clean: some may not have been found.
        """
        length = round(SPECTRUM_S * finding.rate_hz)
        begin = finding.first_sample // length * length
        clean = finding.quality.readable and finding.n_missing == 0
        told = [(beat.sample_index, clean and finding.is_normal(beat)) for beat in finding.beats]
        kept = [beat for beat in (*self.beats, *told) if beat[0] >= begin]
        if finding.first_sample + finding.n_samples < begin + length:
            self.beats = kept
            return None
        self.beats = [beat for beat in kept if beat[0] >= begin + length]
        inside = kept[: len(kept) - len(self.beats)]
        return hrv([at / finding.rate_hz for at, _ in inside], [normal for _, normal in inside])
