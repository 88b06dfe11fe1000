"""AAMI classes of the reference annotations (ANSI/AAMI EC57)."""

AAMI_CLASS = {
    **dict.fromkeys("NLRej", "N"),
    **dict.fromkeys("AaJS", "S"),
    **dict.fromkeys("VE", "V"),
    "F": "F",
    **dict.fromkeys("/fQ", "Q"),
}
"""WFDB beat code (https://physionet.org/physiotools/wag/annot-5.htm) to AAMI class; the codes
that are missing here do not mark a beat."""
