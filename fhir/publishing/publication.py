"""What is published of a finding: which Observations, and how each is revised."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.ecg import StripFinding
from core.limits import UNLIMITED, Limits
from fhir.mapping.beats import beats
from fhir.mapping.heart_rate import heart_rate
from fhir.mapping.identity import Origin
from fhir.mapping.quality import quality
from fhir.mapping.rhythm import rhythm
from fhir.mapping.strip import ecg_strip, render
from fhir.publishing.revision import revised
from fhir.values import Json


@dataclass(frozen=True, slots=True)
class Publication:
    """One resource of a finding.

    ``worthwhile`` is False where it says only that there is no value: then it is published to
    take back what was said before, and otherwise not at all. ``confirmed`` is False for what
    stays preliminary through all its versions.
    """

    body: Json
    render: Json | None = None
    worthwhile: bool = True
    confirmed: bool = True

    def after(
        self, fresh: Json, before: Json | None, clinical: tuple[str, ...] = ()
    ) -> Json | None:
        """``fresh``, the body, as the version after the stored one (None: there is none), or None.

        ``clinical`` names the elements that a clinician has set.
        """
        if before is None and not self.worthwhile:
            return None
        return revised(fresh, before, replaces=self.confirmed, clinical=clinical)


def publications(
    finding: StripFinding, origin: Origin, session: int, limits: Limits = UNLIMITED
) -> Iterator[Publication]:
    """The Observations of a finding; ``session`` is the store's row, ``limits`` the patient's."""
    yield Publication(ecg_strip(finding, origin), render(finding, session))
    yield Publication(quality(finding, origin))
    if origin.patient_id is not None:  # the vital-signs profile is about patients
        body = heart_rate(finding, origin, limits)
        yield Publication(body, worthwhile=finding.rate is not None)
    read = bool(finding.beats) or finding.quality.readable
    yield Publication(beats(finding, origin), worthwhile=read, confirmed=False)
    said = bool(finding.rhythm) or finding.intervals is not None
    yield Publication(rhythm(finding, origin), worthwhile=said, confirmed=False)
