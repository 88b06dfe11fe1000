"""What the CapabilityStatement says of bulk exports.

https://hl7.org/fhir/uv/bulkdata/CapabilityStatement-bulk-data.html
"""

from fhir.values import Json

_IG = "http://hl7.org/fhir/uv/bulkdata"
INSTANTIATES = f"{_IG}/CapabilityStatement/bulk-data"
_EXPORT = (
    "Asynchronous: Prefer: respond-async; ask at Content-Location. Parameters: _outputFormat,"
    " _since, _type, _typeFilter; by POST also patient (not of the system)."
)
SYSTEM: Json = {
    "name": "export",
    "definition": f"{_IG}/OperationDefinition/export",
    "documentation": _EXPORT,
}
BY_TYPE: dict[str, Json] = {
    "Patient": SYSTEM | {"definition": f"{_IG}/OperationDefinition/patient-export"},
    "Group": SYSTEM | {"definition": f"{_IG}/OperationDefinition/group-export"},
}


def with_exports(statement: Json) -> Json:
    """The CapabilityStatement with the export operations in it."""
    told = [_with_operations(rest) for rest in statement["rest"]]
    named = [*statement.get("instantiates", []), INSTANTIATES]
    return statement | {"instantiates": named, "rest": told}


def _with_operations(rest: Json) -> Json:
    resources = [
        _with(resource, BY_TYPE[resource["type"]]) if resource["type"] in BY_TYPE else resource
        for resource in rest["resource"]
    ]
    return _with(rest | {"resource": resources}, SYSTEM)


def _with(node: Json, operation: Json) -> Json:
    return node | {"operation": [*node.get("operation", []), operation]}
