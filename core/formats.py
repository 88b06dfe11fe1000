"""The forms that a recording leaves in: paper for people, files for other programs.

A rendering's Binary has the id of the resource behind it and the form's name after a dash.
"""

from enum import StrEnum

from core.errors import NotFound


class Format(StrEnum):
    """A form by its name in a Binary's id."""

    PDF = "pdf"
    SVG = "svg"
    WFDB = "wfdb"
    EDF = "edf"
    DICOM = "dicom"
    HL7 = "hl7"

    @property
    def content_type(self) -> str:
        """The media type. EDF has none that is registered; viewers know this one."""
        return _CONTENT_TYPES[self]

    @property
    def file_name(self) -> str:
        """How the name of such a file ends."""
        return _FILE_NAMES[self]


PAPER = (Format.PDF, Format.SVG)
FILES = (Format.WFDB, Format.EDF, Format.DICOM)
MESSAGES = (Format.HL7,)

_CONTENT_TYPES = {
    Format.PDF: "application/pdf",
    Format.SVG: "image/svg+xml",
    Format.WFDB: "application/zip",
    Format.EDF: "application/edf",
    Format.DICOM: "application/dicom",
    Format.HL7: "x-application/hl7-v2+er7",
}
_FILE_NAMES = {
    Format.PDF: ".pdf",
    Format.SVG: ".svg",
    Format.WFDB: ".wfdb.zip",
    Format.EDF: ".edf",
    Format.DICOM: ".dcm",
    Format.HL7: ".hl7",
}


def binary_id(resource_id: str, form: Format) -> str:
    """The id of the Binary that shows a resource in this form."""
    return f"{resource_id}-{form.value}"


def parse_binary_id(name: str) -> tuple[str, Format]:
    """The resource's id and the form. Raises NotFound."""
    resource_id, _, form = name.rpartition("-")
    if not resource_id or form not in set(Format):
        raise NotFound(f"there is no Binary/{name[:64]}")
    return resource_id, Format(form)
