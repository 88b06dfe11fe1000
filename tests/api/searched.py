"""Two patients and what there is of them, to be searched."""

from fhir.values import Json
from tests.api.support import flag, heart_rate, patient, strip

STORED: list[Json] = [
    patient("p1", name=[{"family": "Öztürk", "given": ["Ayşe"]}], birthDate="1970-05-17"),
    patient("p2", name=[{"text": "Jane  Doe"}]),
    *(heart_rate(f"hr{n}", minute=n) for n in range(5)),
    heart_rate("other", person="p2", minute=2),
    strip("s0", minute=0.5),
    strip("s1", minute=1.5),
    flag("f1", "p1", "active", "2026-03-01T12:00:00Z"),
    flag("f2", "p1", "inactive", "2026-02-01T12:00:00Z", "2026-02-01T13:00:00Z"),
]
