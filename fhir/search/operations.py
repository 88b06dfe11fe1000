"""Operations that this server has, for its CapabilityStatement; their routes are in ``api``.

Source: https://hl7.org/fhir/R4/operations.html
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: ``name`` without its ``$``, and the canonical of its OperationDefinition.

    ``types`` are those on whose types or instances it is invoked; "" stands for the system.
    """

    name: str
    definition: str
    documentation: str
    types: tuple[str, ...]


OPERATIONS: tuple[Operation, ...] = ()


def operations(type_: str) -> tuple[Operation, ...]:
    """Those of one resource type, or of the system where ``type_`` is empty."""
    return tuple(operation for operation in OPERATIONS if type_ in operation.types)
