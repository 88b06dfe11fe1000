"""Search parameters: what one is, and short ways to declare the usual ones.

Source: https://hl7.org/fhir/R4/search.html and its registry of parameters.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from core.errors import Incorrect
from fhir.search import values as extract
from fhir.search.quantities import AmountValues, quantities
from fhir.search.values import Codings, DateValue, Json, References, TokenValues

R4 = "http://hl7.org/fhir/SearchParameter"


class UnknownParameter(Incorrect):
    """A parameter, or a modifier of one, that the type does not have."""


class Kind(StrEnum):
    """Types of search parameters (https://hl7.org/fhir/R4/valueset-search-param-type.html)."""

    TOKEN = "token"  # noqa: S105 (a kind of parameter)
    REFERENCE = "reference"
    STRING = "string"
    DATE = "date"
    QUANTITY = "quantity"
    URI = "uri"


class Interaction(StrEnum):
    """What a client may do (https://hl7.org/fhir/R4/valueset-type-restful-interaction.html)."""

    READ = "read"
    VREAD = "vread"
    HISTORY_INSTANCE = "history-instance"
    HISTORY_TYPE = "history-type"
    SEARCH_TYPE = "search-type"
    CREATE = "create"
    UPDATE = "update"
    PATCH = "patch"
    DELETE = "delete"


READS = (
    Interaction.READ,
    Interaction.VREAD,
    Interaction.HISTORY_INSTANCE,
    Interaction.HISTORY_TYPE,
    Interaction.SEARCH_TYPE,
)


_MODIFIERS = {
    Kind.TOKEN: ("missing", "not"),
    Kind.REFERENCE: ("missing",),
    Kind.STRING: ("missing", "exact", "contains"),
    Kind.DATE: ("missing",),
    Kind.QUANTITY: ("missing",),
    Kind.URI: ("missing",),
}


@dataclass(frozen=True, slots=True)
class SearchParam:
    """One search parameter of one type.

    Token, reference, string and uri parameters give ``values``, date parameters ``dates`` and
    quantity parameters ``amounts``. ``of`` names the parameters whose values this one searches
    (itself, unless it combines others). References to the patient whose data a resource is
    have no values: they have a column of their own, and so has the first date of a type. ``leads``
    is said of its values (store.index). ``defined`` is the name in R4's registry, or a canonical
    of our own. ``targets`` are the types that a reference may be to, the usual one first.
    """

    name: str
    kind: Kind
    documentation: str
    defined: str
    values: TokenValues | None = None
    dates: DateValue | None = None
    amounts: AmountValues | None = None
    targets: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    leads: bool = True

    @property
    def canonical(self) -> str:
        """The URL of the parameter's definition."""
        return self.defined if "://" in self.defined else f"{R4}/{self.defined}"

    @property
    def sources(self) -> tuple[str, ...]:
        """The parameters under whose names the values are stored."""
        return self.of or (self.name,)

    @property
    def is_of_patient(self) -> bool:
        """Whether it may refer to the patient whose data a resource is."""
        if self.kind is not Kind.REFERENCE:
            return False
        return self.values is None or (isinstance(self.values, References) and self.values.others)

    @property
    def modifiers(self) -> tuple[str, ...]:
        """What may follow its name after a colon, but for types (``targets``)."""
        more = [
            *(["text", "in"] if isinstance(self.values, Codings) else []),
            *(["identifier"] if self.kind is Kind.REFERENCE else []),
        ]
        return (*_MODIFIERS[self.kind], *more)

    def references(self, body: Json, kind: "ResourceType") -> Iterator[str]:
        """What a resource of ``kind`` refers to by this parameter, as ``Type/id``."""
        if isinstance(self.values, References):
            yield from self.values.every(body)
        elif self.values is not None:
            yield from (code for _, code in self.values(body))
        elif kind.patient is not None and self.kind is Kind.REFERENCE:
            yield from extract.references(kind.patient).every(body)


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One resource type: how it is found and ordered. ``default_sort`` as in ``_sort``."""

    name: str
    documentation: str
    params: Mapping[str, SearchParam]
    patient: str | None
    default_sort: str
    interactions: tuple[Interaction, ...] = READS

    @property
    def date(self) -> SearchParam | None:
        """The date parameter by which the type is ordered, if it has one: the first."""
        return next((p for p in self.params.values() if p.kind is Kind.DATE), None)

    def stored(self, param: SearchParam) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The parameters whose values ``param`` searches: those that lead, those that filter."""
        leading = tuple(name for name in param.sources if self.params[name].leads)
        return leading, tuple(name for name in param.sources if not self.params[name].leads)

    def is_worded(self, name: str) -> bool:
        """Whether the values of a parameter have words for a reader."""
        return isinstance(self.params[name].values, Codings)

    def wording(self, name: str) -> str:
        """The parameter under which the wordings of ``name`` are stored: the first of its path."""
        values = self.params[name].values
        return next(p.name for p in self.params.values() if p.values == values)

    @property
    def sort_keys(self) -> tuple[str, ...]:
        """What ``_sort`` accepts: all but what combines parameters or only filters."""
        found = (p.name for p in self.params.values() if p.leads and not p.of)
        return ("_id", "_lastUpdated", *found)


def resource_type(
    name: str, documentation: str, patient: str | None, sort: str, *found_by: SearchParam
) -> ResourceType:
    """A resource type with its parameters by name."""
    return ResourceType(name, documentation, {p.name: p for p in found_by}, patient, sort)


def coded(name: str, path: str, system: str, documentation: str, defined: str) -> SearchParam:
    """A token parameter of a plain code, whose ``system`` its binding implies."""
    return token(name, extract.codes(path, system), documentation, defined)


def token(
    name: str, values: TokenValues | None, documentation: str, defined: str, *of: str
) -> SearchParam:
    """A token parameter; ``of`` names those that it combines."""
    return SearchParam(name, Kind.TOKEN, documentation, defined, values, of=of)


def reference(
    name: str, path: str | None, documentation: str, defined: str, *targets: str
) -> SearchParam:
    """A reference parameter; without ``path``, the reference to the patient.

    A ``path`` may be several, with a | between them.
    """
    values = extract.references(*path.split("|")) if path else None
    return SearchParam(name, Kind.REFERENCE, documentation, defined, values, targets=targets)


def string(name: str, documentation: str, defined: str, *paths: str) -> SearchParam:
    """A string parameter: the beginning of any of ``paths``."""
    return SearchParam(name, Kind.STRING, documentation, defined, extract.texts(*paths))


def date(name: str, documentation: str, defined: str, *paths: str) -> SearchParam:
    """A date parameter: the first of ``paths`` that a resource has."""
    return SearchParam(name, Kind.DATE, documentation, defined, dates=extract.dates(*paths))


def quantity(name: str, documentation: str, defined: str, *paths: str) -> SearchParam:
    """A quantity parameter: any Quantity at one of ``paths``."""
    amounts = quantities(*paths)
    return SearchParam(name, Kind.QUANTITY, documentation, defined, amounts=amounts)


def uri(name: str, documentation: str, defined: str, *paths: str) -> SearchParam:
    """A uri parameter: any URI at one of ``paths``."""
    return SearchParam(name, Kind.URI, documentation, defined, extract.uris(*paths))


def boolean(name: str, path: str, documentation: str, defined: str) -> SearchParam:
    """A token parameter of ``true`` or ``false``."""
    return token(name, extract.booleans(path), documentation, defined)


def filtering(param: SearchParam) -> SearchParam:
    """The same parameter, as one whose values are shared by so many that they lead no search."""
    return replace(param, leads=False)


def identifier(owner: str, standard: str) -> SearchParam:
    """The parameter ``identifier``, by its standard's name."""
    return token(
        "identifier",
        extract.identifiers("identifier"),
        f"Business identifier of the {owner}, as system|value.",
        standard,
    )


def patient(standard: str) -> SearchParam:
    """The parameter ``patient``, by its standard's name."""
    return reference("patient", None, "The patient, as id or Patient/id.", standard, "Patient")


def subject(standard: str) -> SearchParam:
    """The parameter ``subject``: a patient, or a device that nobody wears."""
    documentation = "The subject, as Patient/id (or id), or as Device/id."
    values = extract.other_subjects("subject")
    return SearchParam(
        "subject", Kind.REFERENCE, documentation, standard, values, targets=("Patient", "Device")
    )
