"""Every code and unit that our resources carry, once, with where each was seen in use.

LOINC, SNOMED CT and ISO/IEEE 11073-10101 (MDC) are licensed terminologies: codes and displays
only. What they lack stands in a code system of our own, with its definition in its row.
"""

from fhir.alert_codes import ACKNOWLEDGE as ACKNOWLEDGE
from fhir.alert_codes import ALERT_MESSAGE as ALERT_MESSAGE
from fhir.alert_codes import FLAGS as FLAGS
from fhir.alert_codes import MEDIA as MEDIA
from fhir.alert_codes import PRIORITIES as PRIORITIES
from fhir.alert_codes import REQUEST_PRIORITIES as REQUEST_PRIORITIES
from fhir.coding import BASE as BASE
from fhir.coding import LOCAL as LOCAL
from fhir.coding import LOINC as LOINC
from fhir.coding import MDC as MDC
from fhir.coding import SNOMED as SNOMED
from fhir.coding import UCUM as UCUM
from fhir.coding import Code as Code
from fhir.coding import Unit as Unit
from fhir.coding import concept as concept
from fhir.coding import local as _local
from fhir.limit_codes import ALARM_LIMITS as ALARM_LIMITS
from fhir.limit_codes import ALARM_OFF as ALARM_OFF
from fhir.limit_codes import LIMIT_ABNORMAL as LIMIT_ABNORMAL
from fhir.limit_codes import LIMIT_EXTREME_RATE as LIMIT_EXTREME_RATE
from fhir.limit_codes import LIMIT_PAUSE as LIMIT_PAUSE
from fhir.limit_codes import MDC_HEART_RATE as MDC_HEART_RATE
from fhir.rhythm_codes import EPISODE_COUNT as EPISODE_COUNT
from fhir.rhythm_codes import EPISODE_FASTEST as EPISODE_FASTEST
from fhir.rhythm_codes import EPISODE_LONGEST as EPISODE_LONGEST
from fhir.rhythm_codes import EPISODE_NAMES as EPISODE_NAMES
from fhir.rhythm_codes import EPISODE_SHARE as EPISODE_SHARE
from fhir.rhythm_codes import EPISODES as EPISODES
from fhir.rhythm_codes import HEART_RHYTHM as HEART_RHYTHM
from fhir.rhythm_codes import NO_RHYTHM as NO_RHYTHM
from fhir.rhythm_codes import QRS_DURATION as QRS_DURATION
from fhir.rhythm_codes import QT_INTERVAL as QT_INTERVAL
from fhir.rhythm_codes import QTC_INTERVAL as QTC_INTERVAL
from fhir.rhythm_codes import RHYTHMS as RHYTHMS
from fhir.rhythm_codes import UNVERIFIED as UNVERIFIED

BEAT_PROBABILITY = f"{BASE}/StructureDefinition/beat-probability"
"""Extension of a beat's component: the network's probability (decimal, 0 to 1) of abnormal."""
BEAT_CLASS = f"{BASE}/StructureDefinition/beat-class"
"""Extension of a beat's component: its class after ANSI/AAMI EC57 (code: N, S, V, F or Q)."""

DEVICE_SID = f"{BASE}/sid/device"
"""Identifier system of recorders; the value is the device's UUID."""
ALGORITHM_SID = f"{BASE}/sid/algorithm"
"""Identifier system of analysis software; ``<pipeline version>/<model id>``."""
RESULT_SID = f"{BASE}/sid/result"
"""Identifier system of results; ``<device>/<session>/<kind>/<number>``."""
SIGNAL_SID = f"{BASE}/sid/signal"
"""Identifier system of stretches of signal; ``<device>/<session>/samples/<first>-<last>``."""

_HL7 = "http://terminology.hl7.org/CodeSystem"

HEART_RATE_PROFILE = "http://hl7.org/fhir/StructureDefinition/heartrate"
PROVENANCE_PATIENT = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Provenance.patient"
"""R5's Provenance.patient, as R4 writes it (http://hl7.org/fhir/R5/versions.html#extensions)."""
FLAG_DETAIL = "http://hl7.org/fhir/StructureDefinition/flag-detail"
FLAG_PRIORITY = "http://hl7.org/fhir/StructureDefinition/flag-priority"
ALARM = f"{BASE}/StructureDefinition/alarm"
"""Extension of a Flag: where the alert is in its life, and what it rests on."""


# The signal
ECG_POTENTIAL = Code(MDC, "131328", "MDC_ECG_ELEC_POTL", "HL7 PoCD ECGSampleArrayObservation")
EKG_STUDY = Code(LOINC, "11524-6", "EKG study", "HL7 R4 c80-doc-typecodes; gematik ISiK EKG")
HOLTER_STUDY = Code(LOINC, "18754-2", "Holter monitor study", "HL7 R4 c80-doc-typecodes")

# Heart rate and RR intervals
HEART_RATE = Code(LOINC, "8867-4", "Heart rate", "HL7 R4 heartrate profile, fixed")
RR_MEAN = Code(MDC, "147240", "MDC_ECG_TIME_PD_RR_GL", "MII Kardiologie, EKG_Annotation")
SDNN = Code(
    LOINC, "80404-7", "R-R interval.standard deviation (Heart rate variability)",
    "HealthKitOnFHIR",
)  # fmt: skip
RR_MIN = _local("rr-min", "Shortest RR interval", "Shortest RR interval of the strip.")
RR_MAX = _local("rr-max", "Longest RR interval", "Longest RR interval of the strip.")
RMSSD = _local(
    "rmssd", "RMSSD of RR intervals",
    "Root mean square of successive RR differences (doi:10.1161/01.CIR.93.5.1043).",
)  # fmt: skip
RATE_MEAN = _local("heart-rate-mean", "Mean heart rate", "Mean of the strips' heart rates.")
RATE_MIN = _local("heart-rate-min", "Lowest heart rate", "Lowest heart rate of any strip.")
RATE_MAX = _local("heart-rate-max", "Highest heart rate", "Highest heart rate of any strip.")

# Beats
BEAT_CLASSIFICATION = _local(
    "beat-classification", "Beat classification",
    "Each beat of a strip, normal or abnormal by a neural network; no rhythm, no diagnosis.",
)  # fmt: skip
R_PEAK = _local("r-peak", "R peak", "Time of the R peak of one beat.")
BEATS = _local("beats", "Beats", "R peaks found.")
CLASSIFIED_BEATS = _local("classified-beats", "Classified beats", "Beats that were classified.")
FALLBACK_STRIPS = _local(
    "fallback-strips", "Strips classified by the reserve engine",
    "Strips whose beats another engine classified, for the configured one could not be asked.",
)  # fmt: skip
ABNORMAL_BEATS = _local(
    "abnormal-beats", "Abnormal beats",
    "Classified beats whose probability of being abnormal reaches the model's threshold.",
)  # fmt: skip
NO_ABNORMAL_BEATS = _local(
    "no-abnormal-beats", "No abnormal beats", "No classified beat reaches the model's threshold."
)
MEAN_PROBABILITY = _local(
    "mean-beat-probability", "Mean probability of abnormal",
    "Mean over the classified beats of the probability of being abnormal.",
)  # fmt: skip

# Signal quality and spectrum
SIGNAL_QUALITY = _local(
    "signal-quality", "ECG signal quality", "How far a strip can be trusted: 0 to 100 %."
)
SECONDS_QUALITY = _local(
    "quality-by-second", "Signal quality by second",
    "How far each whole second of the strip can be trusted, in order: 0 to 100 %.",
)  # fmt: skip
READABLE = _local("readable", "Readable", "Whether rate and beats were read from the strip.")
MISSING_SAMPLES = _local(
    "missing-samples",
    "Missing samples",
    "Samples without a value: never received, or electrodes off.",
)
UNREADABLE = {
    "lead-off": _local("lead-off", "Lead off", "An electrode has no contact."),
    "flat": _local("flat", "Flat line", "The signal does not move."),
    "saturated": _local("saturated", "Saturated", "The signal leaves the converter's range."),
    "gap": _local("gap", "Gap", "Samples are missing."),
    "noise": _local("noise", "Noise", "Noise hides the heartbeat."),
    "few-beats": _local(
        "few-beats", "Too few beats to judge", "Fewer than three whole heartbeats to compare."
    ),
    "clock-jump": _local("clock-jump", "Clock jump", "The device's clock was set in between."),
    "no-beats": _local(
        "no-beats", "No heartbeat", "Electrodes connected, and no heartbeat for 3 s or more."
    ),
    "disorganised": _local(
        "disorganised",
        "Disorganised",
        "Nothing repeats, and the movement is in the band of ventricular fibrillation (2-10 Hz):"
        " either that, or the electrodes move.",
    ),
}
DOMINANT_FREQUENCY = _local(
    "dominant-frequency", "Dominant frequency", "Frequency of greatest spectral power."
)
POWER_LOW = _local("power-low", "Power at 0.5-5 Hz", "Where P and T waves have theirs.")
POWER_QRS = _local("power-qrs", "Power at 5-15 Hz", "Where the QRS complex has most of its power.")
POWER_HIGH = _local("power-high", "Power at 15-40 Hz", "QRS edges, and muscle noise.")

POWER_SPECTRUM = _local(
    "power-spectrum", "ECG power spectral density",
    "Power density over frequency of one strip, by Welch's method (doi:10.1109/TAU.1967.1161901).",
)  # fmt: skip

# A session's totals
CHUNKS_STORED = _local("chunks-stored", "Chunks stored", "Chunks of the session received.")
ANALYSED_TIME = _local("analysed-time", "Analysed time", "Length of the signal analysed.")
READABLE_TIME = _local("readable-time", "Readable time", "Length of the signal in readable strips.")

MISSING_TIME = _local("missing-time", "Time without signal", "Never received, or electrodes off.")
LEAD_OFF_TIME = _local(
    "lead-off-time", "Time without signal, electrodes off",
    "Time without a value in strips where an electrode was off.",
)  # fmt: skip
QUALITY_MEAN = _local("quality-mean", "Mean signal quality", "Mean score of the strips' quality.")
VENTRICULAR_BEATS = _local(
    "ventricular-beats", "Ventricular ectopic beats", "Beats of class V (ANSI/AAMI EC57)."
)
VPC_COUNT = Code(MDC, "148065", "MDC_ECG_V_P_C_CNT", "ISO/IEEE 11073-10101, as monitors send it")
SUPRAVENTRICULAR_BEATS = _local(
    "supraventricular-beats", "Supraventricular ectopic beats",
    "Beats of class S (ANSI/AAMI EC57).",
)  # fmt: skip
FUSION_BEATS = _local("fusion-beats", "Fusion beats", "Beats of class F (ANSI/AAMI EC57).")
VENTRICULAR_BURDEN = _local(
    "ventricular-burden", "Ventricular ectopic burden (PVC burden)",
    "Share of beats of class V among the beats that have a class.",
)  # fmt: skip
SUPRAVENTRICULAR_BURDEN = _local(
    "supraventricular-burden", "Supraventricular ectopic burden",
    "Share of beats of class S among the beats that have a class.",
)  # fmt: skip
LONGEST_RR = _local(
    "longest-rr", "Longest RR interval", "Longest RR interval between two beats of readable signal."
)
RR_PAUSES = _local("rr-pauses", "RR intervals of 2 s or more", "In readable signal.")
SDANN = _local(
    "sdann", "SDANN", "Standard deviation of the mean NN intervals of all segments of 5 min."
)
SDNN_INDEX = _local(
    "sdnn-index", "SDNN index", "Mean of the standard deviations of NN of all segments of 5 min."
)
LF_POWER = _local(
    "lf-power", "LF power of NN intervals",
    "Power at 0.04-0.15 Hz, median of windows of 5 min (doi:10.1161/01.CIR.93.5.1043).",
)  # fmt: skip
HF_POWER = _local(
    "hf-power", "HF power of NN intervals",
    "Power at 0.15-0.40 Hz, median of windows of 5 min (doi:10.1161/01.CIR.93.5.1043).",
)  # fmt: skip
LF_HF = _local("lf-hf", "LF/HF ratio", "Ratio of LF to HF power, median of windows of 5 min.")
SPECTRA = _local("hrv-windows", "HRV windows", "Windows of 5 min behind LF and HF power.")
QTC_MIN = _local("qtc-min", "Shortest QTc interval", "Shortest QTc interval of any strip.")
QTC_MAX = _local("qtc-max", "Longest QTc interval", "Longest QTc interval of any strip.")
QTC_STRIPS = _local("qtc-strips", "Strips with a QTc interval", "Strips in which QTc was measured.")
PNN50 = _local("pnn50", "pNN50", "Share of successive NN intervals that differ by more than 50 ms.")

# Devices
ECG_DEVICE = Code(MDC, "69798", "MDC_DEV_ECG_VMD", "HL7 PoCD; MII Kardiologie")
ANALYSIS_SOFTWARE = _local("ecg-analysis-software", "ECG analysis software", "Software device.")

# Provenance
ASSEMBLER = Code(f"{_HL7}/provenance-participant-type", "assembler", "Assembler", "HL7 R4")
INFORMANT = Code(f"{_HL7}/provenance-participant-type", "informant", "Informant", "HL7 R4")
DATA_CREATE = Code(
    f"{_HL7}/v3-DataOperation", "CREATE", "create", "HL7 R4 provenance-activity-type"
)

# Files
WFDB_RECORD = _local("wfdb", "WFDB record", "Zip of .hea, .dat (format 16) and .atr (MIT format).")
EDF_PLUS = _local("edf-plus", "EDF+", "EDF+C with beats, rhythms and gaps as annotations.")
DICOM_ECG = _local(
    "dicom-ambulatory-ecg", "DICOM ambulatory ECG",
    "Ambulatory ECG Waveform Storage, 1.2.840.10008.5.1.4.1.1.9.1.3.",
)  # fmt: skip

# Categories and other bindings of HL7
PROCEDURE = Code(f"{_HL7}/observation-category", "procedure", "Procedure", "HL7 R4")
VITAL_SIGNS = Code(f"{_HL7}/observation-category", "vital-signs", "Vital Signs", "HL7 R4")
ELECTROCARDIAC = Code(f"{_HL7}/v2-0074", "EC", "Electrocardiac (e.g., EKG,  EEC, Holter)", "HL7 R4")
CARDIOLOGY = Code(LOINC, "LP29708-2", "Cardiology", "US Core cardiology report")
NORMAL = Code(f"{_HL7}/v3-ObservationInterpretation", "N", "Normal", "HL7 R4")
ABNORMAL = Code(f"{_HL7}/v3-ObservationInterpretation", "A", "Abnormal", "HL7 R4")
RATE_INTERPRETATIONS = {
    code: Code(f"{_HL7}/v3-ObservationInterpretation", code, display, "HL7 R4")
    for code, display in (
        ("HH", "Critical high"),
        ("H", "High"),
        ("L", "Low"),
        ("LL", "Critical low"),
    )
}
ERROR = Code(f"{_HL7}/data-absent-reason", "error", "Error", "HL7 R4")
NOT_PERFORMED = Code(f"{_HL7}/data-absent-reason", "not-performed", "Not Performed", "HL7 R4")
CLINICAL = Code(f"{_HL7}/flag-category", "clinical", "Clinical", "HL7 R4")
SAFETY = Code(f"{_HL7}/flag-category", "safety", "Safety", "HL7 R4")

# Units
PER_MINUTE = Unit("/min", "beats/minute")
MILLIVOLT = Unit("mV", "mV")
SQUARE_MILLIVOLT = Unit("mV2", "mV²")
SQUARE_MILLIVOLT_PER_HERTZ = Unit("mV2/Hz", "mV²/Hz")
MILLISECOND = Unit("ms", "ms")
SQUARE_MILLISECOND = Unit("ms2", "ms²")
SECOND = Unit("s", "s")
HERTZ = Unit("Hz", "Hz")
PERCENT = Unit("%", "%")
ONE = Unit("1", "1")
