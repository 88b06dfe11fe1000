"""Recordings as files of the field: WFDB, EDF+, DICOM."""
