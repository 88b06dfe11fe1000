"""How people and places are found: names, addresses, telephone numbers.

Source: https://hl7.org/fhir/R4/searchparameter-registry.html, parameters individual-*
"""

from collections.abc import Iterator

from fhir.search import params
from fhir.search import values as extract
from fhir.search.params import SearchParam

_PARTS = (
    ("city", "city", "City"),
    ("country", "country", "Country"),
    ("postalcode", "postalCode", "Postal code"),
    ("state", "state", "State"),
)


def telecoms() -> Iterator[SearchParam]:
    """Parameters of the telephone numbers and addresses of a person, in any use."""
    for name, system in (("telecom", None), ("phone", "phone"), ("email", "email")):
        values = extract.contacts("telecom", system=system)
        text = "Value of any contact." if system is None else f"Value of a contact by {system}."
        yield params.token(name, values, text, f"individual-{name}")


def addresses(prefix: str) -> Iterator[SearchParam]:
    """Parameters of ``address``; their standard's names begin with ``prefix``."""
    own = [f"address.{part}" for part in ("line", "city", "district", "state", "postalCode")]
    text = "Beginning of any part of an address, case ignored."
    yield params.string(
        "address", text, f"{prefix}-address", *own, "address.country", "address.text"
    )
    for name, element, title in _PARTS:
        text = f"{title}: its beginning, case ignored."
        standard = f"{prefix}-address-{name}"
        yield params.string(f"address-{name}", text, standard, f"address.{element}")
    use = "http://hl7.org/fhir/address-use"
    standard = f"{prefix}-address-use"
    yield params.coded("address-use", "address.use", use, "home, work and others.", standard)


def names(defined: str) -> Iterator[SearchParam]:
    """Parameters of the names of a person; ``defined`` is the standard's name of ``name``."""
    parts = [f"name.{part}" for part in ("family", "given", "text", "prefix", "suffix")]
    yield params.string("name", "Beginning of any part of the name, case ignored.", defined, *parts)
    for name in ("family", "given"):
        text = f"Beginning of a {name} name, case ignored."
        yield params.string(name, text, f"individual-{name}", f"name.{name}")


def gender() -> SearchParam:
    """The parameter ``gender`` of a person."""
    system = "http://hl7.org/fhir/administrative-gender"
    return params.coded("gender", "gender", system, "Administrative gender.", "individual-gender")
