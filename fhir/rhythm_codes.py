"""Codes of rhythms: episodes of a session, and what a strip shows.

Our own code for each, and SNOMED CT's where it means no more.
"""

from fhir.alert_codes import ASYSTOLE, FLAGS, VENTRICULAR_TACHYCARDIA
from fhir.coding import LOINC, MDC, SNOMED, Code
from fhir.coding import local as _local

# Episodes of a session
EPISODES = _local("episodes", "Rhythm episodes", "Episodes of a session, counted by kind.")
EPISODE_NAMES: dict[str, str] = {
    "sinus": "sinus rhythm",
    "bradycardia": "bradycardia",
    "tachycardia": "tachycardia",
    "pause": "pause",
    "asystole": "asystole",
    "bigeminy": "ventricular bigeminy",
    "trigeminy": "ventricular trigeminy",
    "couplet": "ventricular couplet",
    "ventricular-run": "ventricular run",
    "ventricular-tachycardia": "ventricular tachycardia",
    "ventricular-fibrillation": "ventricular fibrillation or flutter",
    "supraventricular-run": "supraventricular run",
    "atrial-fibrillation": "suspected atrial fibrillation or flutter",
    "paced": "paced rhythm",
    "noise": "noise",
}
"""Kinds of rhythm in words."""
EPISODE_COUNT, EPISODE_SHARE, EPISODE_LONGEST, EPISODE_FASTEST = (
    {
        kind: _local(f"{kind}-{figure}", f"{display}: {name}", f"{definition}: {name}.")
        for kind, name in EPISODE_NAMES.items()
    }
    for figure, display, definition in (
        ("episodes", "Episodes", "Number of episodes"),
        ("burden", "Share of time", "Share of the analysed time in episodes"),
        ("longest", "Longest episode", "Duration of the longest episode"),
        ("fastest", "Fastest episode", "Mean heart rate of the fastest episode"),
    )
)

# Rhythms: our own code, and SNOMED CT's where it means no more
HEART_RHYTHM = Code(LOINC, "8884-9", "Heart rate rhythm", "HL7 terminology, R4 examples")
RHYTHMS: dict[str, tuple[Code, ...]] = {
    "sinus": (_local("sinus", "Sinus rhythm", "Regular beats with a steady P wave."),),
    "bradycardia": (
        _local("bradycardia", "Bradycardia", "Below 50 per minute over 5 beats."),
        FLAGS["bradycardia"][1],
    ),
    "tachycardia": (
        _local("tachycardia", "Tachycardia", "Above 100 per minute over 17 beats."),
        FLAGS["tachycardia"][1],
    ),
    "pause": (_local("pause", "Pause", "No beat for 3 s or more."),),
    "asystole": (
        _local("asystole", "Asystole", "No beat for 4 s or more."),
        ASYSTOLE,
    ),
    "bigeminy": (
        _local("bigeminy", "Ventricular bigeminy", "Every second beat is ventricular."),
        Code(SNOMED, "11157007", "Ventricular bigeminy", "PhysioNet Challenge 2021"),
    ),
    "trigeminy": (
        _local("trigeminy", "Ventricular trigeminy", "Every third beat is ventricular."),
    ),
    "couplet": (_local("couplet", "Ventricular couplet", "Two ventricular beats in a row."),),
    "ventricular-run": (
        _local("ventricular-run", "Ventricular run", "Three ventricular beats in a row, or more."),
    ),
    "ventricular-tachycardia": (
        _local("ventricular-tachycardia", "Ventricular tachycardia",
               "Five ventricular beats in a row or more, above 100 per minute."),
        VENTRICULAR_TACHYCARDIA,
    ),
    "ventricular-fibrillation": (
        _local("ventricular-fibrillation", "Ventricular fibrillation or flutter",
               "The waves of ventricular fibrillation or flutter for 4 s or more."),
    ),
    "supraventricular-run": (
        _local("supraventricular-run", "Supraventricular run",
               "Three supraventricular premature beats in a row, or more."),
    ),
    "atrial-fibrillation": (
        _local("atrial-fibrillation", "Suspected atrial fibrillation or flutter",
               "Irregular beats without a steady P wave for 30 s or more."),
    ),
    "paced": (_local("paced", "Paced rhythm", "Ten beats in a row of the class of paced beats."),),
    "noise": (_local("noise-rhythm", "Not readable for noise", "Noise hides the rhythm."),),
}  # fmt: skip
NO_RHYTHM = _local("no-rhythm", "No rhythm told", "No rhythm meets its definition in this strip.")
UNVERIFIED = _local("unverified", "Not verified", "The signal's quality does not bear it out.")

# Intervals: LOINC's code of an ECG as a whole, and MDC's global one as DICOM lists it
QRS_DURATION = (
    Code(LOINC, "8633-0", "QRS duration", "LOINC, class EKG.MEAS"),
    Code(MDC, "147228", "MDC_ECG_TIME_PD_QRS_GL", "DICOM PS3.16, CID 3228 (2:16156)"),
)
QT_INTERVAL = (
    Code(LOINC, "8634-8", "Q-T interval", "LOINC, class EKG.MEAS"),
    Code(MDC, "147232", "MDC_ECG_TIME_PD_QT_GL", "DICOM PS3.16, CID 3228 (2:16160)"),
)
QTC_INTERVAL = (
    Code(LOINC, "8636-3", "Q-T interval corrected", "LOINC, class EKG.MEAS"),
    Code(MDC, "146964", "MDC_ECG_TIME_PD_QTcF", "DICOM PS3.16, CID 3227 (2:15892)"),
)
