"""The library's models, where strangers' resources are parsed (https://hl7.org/fhir/R4).

The library knows R4B and not R4; for the resource types of this service their elements are the
same. It does not enforce codes, reference types or invariants. Models are imported at their
first use, which takes about a second.
"""

from typing import Any

from pydantic import ValidationError

from core.errors import Incorrect
from fhir.resources.R4B import get_fhir_model_class

_SHOWN = 5


def check_form(resource: dict[str, Any], type_: str) -> None:
    """Check elements, data types and cardinalities of a resource of one type.

    Raises Incorrect, naming the elements that are wrong. The resource is not changed: what a
    client sent keeps its numbers and dates as they were written.
    """
    if resource.get("resourceType") != type_:
        raise Incorrect(f"resourceType must be {type_}")
    try:
        get_fhir_model_class(type_).model_validate(resource)
    except ValidationError as error:
        raise Incorrect(_message(type_, error)) from None


def _message(type_: str, error: ValidationError) -> str:
    issues = error.errors(include_url=False, include_input=False, include_context=False)
    told = [f"{'.'.join(map(str, (type_, *issue['loc'])))}: {issue['msg']}" for issue in issues]
    return "; ".join(told[:_SHOWN]) + ("; ..." if len(told) > _SHOWN else "")
