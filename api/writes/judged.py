"""What a client sends, held against the rules of its type: the one place where that is done."""

from core.errors import Incorrect, Invalid
from fhir.codes import ALGORITHM_SID, DEVICE_SID, RESULT_SID
from fhir.search.indexing import draft
from fhir.search.values import elements
from fhir.validation import checked
from fhir.values import Json, unversioned
from store.resources import Draft

_OWN_SYSTEMS = frozenset({DEVICE_SID, ALGORITHM_SID, RESULT_SID})
_SUBSCRIPTION = frozenset({"requested", "off"})


def judged(sent: Json, type_: str) -> Json:
    """The resource to store, but for its id; what clients say of versions is left out.

    Raises Incorrect for another type than the address says, Invalid for what breaks a rule.
    """
    if sent.get("resourceType") != type_:
        raise Incorrect(f"resourceType: this address takes {type_}")
    checked(sent, type_)
    if type_ == "Subscription" and sent.get("status") not in _SUBSCRIPTION:
        raise Invalid("Subscription.status: a client says requested or off")
    return unversioned(sent)


def indexed(body: Json) -> Draft:
    """A judged resource with what it is found by. Raises Invalid where that cannot be told."""
    try:
        return draft(body)
    except Incorrect as error:
        raise Invalid(f"{body['resourceType']}: {error}") from None
    except (AttributeError, TypeError, ValueError) as error:
        raise Invalid(f"{body['resourceType']}: an element is not of its type") from error


def check_names(sent: Json, before: Json) -> None:
    """Raises Invalid for an identifier that only this service gives, unless it is there already."""
    foreign = _own_names(sent) - _own_names(before)
    if foreign:
        system = min(foreign)[0]
        raise Invalid(f"{sent['resourceType']}.identifier: {system} is given by this server only")


def _own_names(resource: Json) -> set[tuple[str, str]]:
    found = [*elements(resource, "identifier"), *elements(resource, "masterIdentifier")]
    return {
        (name["system"], str(name.get("value")))
        for name in found
        if isinstance(name, dict) and name.get("system") in _OWN_SYSTEMS
    }
