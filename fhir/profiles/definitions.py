"""SearchParameters and OperationDefinitions of our own.

https://hl7.org/fhir/R4/searchparameter.html, https://hl7.org/fhir/R4/operationdefinition.html
"""

from dataclasses import dataclass
from typing import Any

from fhir.codes import BASE
from fhir.profiles.artefact import artefact
from fhir.search.registry import TYPES
from fhir.values import Json


def search_parameters() -> list[Json]:
    """The parameters that R4 lacks: those declared under our own canonical."""
    return [
        _untitled(
            "SearchParameter",
            param.canonical.rpartition("/")[2],
            f"{kind.name} by {param.name}",
            param.documentation,
            code=param.name,
            base=[kind.name],
            type=str(param.kind),
            expression=f"{kind.name}.{param.name}",
            multipleOr=True,
            multipleAnd=True,
        )
        for kind in TYPES.values()
        for param in kind.params.values()
        if param.canonical.startswith(BASE)
    ]


def _untitled(type_: str, id_: str, title: str, description: str, **elements: Any) -> Json:
    """Of all of them SearchParameter alone has no title."""
    made = artefact(type_, id_, title, f"{title}. {description}", **elements)
    return {name: value for name, value in made.items() if name != "title"}


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation on one instance that R4 does not define; it takes no parameters."""

    name: str
    type: str
    title: str
    description: str
    returns: str


OPERATIONS = (
    Operation(
        "spectrum",
        "Observation",
        "Power spectrum of an ECG strip",
        "Welch's power density of the longest unbroken run of the strip, as an Observation whose"
        " SampledData runs over frequency. It is computed when asked for, and not stored.",
        "Observation",
    ),
    Operation(
        "document",
        "DiagnosticReport",
        "A report as a document",
        "A Bundle of type document: a Composition, the report, and all that these refer to.",
        "Bundle",
    ),
)


def operation_definitions() -> list[Json]:
    """The operations that are ours."""
    return [
        artefact(
            "OperationDefinition",
            f"{operation.type}-{operation.name}",
            operation.title,
            operation.description,
            kind="operation",
            affectsState=False,
            code=operation.name,
            resource=[operation.type],
            system=False,
            type=False,
            instance=True,
            parameter=[
                {"name": "return", "use": "out", "min": 1, "max": "1", "type": operation.returns}
            ],
        )
        for operation in OPERATIONS
    ]
