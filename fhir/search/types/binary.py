"""Binary: how it is found (https://hl7.org/fhir/R4/binary.html#search)."""

from fhir.search.params import Interaction, ResourceType

BINARY = ResourceType(
    "Binary",
    "A report or a strip on ECG paper, or a report's signal as a file, made when it is asked for."
    " Its id is that of the DiagnosticReport or Observation, which the token must allow to read"
    " too, and -pdf, -svg, -wfdb, -edf or -dicom. Answered as its own media type, or as FHIR"
    " JSON where Accept asks for that.",
    {},
    None,
    "_id",
    (Interaction.READ,),
)
