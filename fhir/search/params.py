"""Search parameters: what one is, and short ways to declare the usual ones.

Source: https://hl7.org/fhir/R4/search.html and its registry of parameters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from fhir.search import values as extract
from fhir.search.values import DateValue, TokenValues

R4 = "http://hl7.org/fhir/SearchParameter"


class Kind(StrEnum):
    """Types of search parameters (https://hl7.org/fhir/R4/valueset-search-param-type.html)."""

    TOKEN = "token"  # noqa: S105 (a kind of parameter)
    REFERENCE = "reference"
    STRING = "string"
    DATE = "date"


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
    Interaction.SEARCH_TYPE,
)


WRITES = (Interaction.CREATE, Interaction.UPDATE, Interaction.PATCH, Interaction.DELETE)


@dataclass(frozen=True, slots=True)
class SearchParam:
    """One search parameter of one type.

    Token, reference and string parameters give ``values``; ``of`` names the parameters whose
    values this one searches (itself, unless it combines others). References to patients have
    no values: they have a column of their own. A date parameter gives ``dates``, the one range
    by which a type is ordered and searched. ``leads`` is said of its values (store.index).
    ``defined`` is the name in R4's registry, or a canonical of our own.
    """

    name: str
    kind: Kind
    documentation: str
    defined: str
    values: TokenValues | None = None
    dates: DateValue | None = None
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
        """The date parameter, if the type has one."""
        return next((p for p in self.params.values() if p.kind is Kind.DATE), None)

    @property
    def sort_keys(self) -> tuple[str, ...]:
        """What ``_sort`` accepts."""
        return ("_id", "_lastUpdated") + ((self.date.name,) if self.date else ())


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
    """A reference parameter; without ``path``, the reference to the patient."""
    values = extract.references(path) if path else None
    return SearchParam(name, Kind.REFERENCE, documentation, defined, values, targets=targets)


def string(name: str, documentation: str, defined: str, *paths: str) -> SearchParam:
    """A string parameter: the beginning of any of ``paths``."""
    return SearchParam(name, Kind.STRING, documentation, defined, extract.texts(*paths))


def date(name: str, documentation: str, defined: str, *paths: str) -> SearchParam:
    """A date parameter: the first of ``paths`` that a resource has."""
    return SearchParam(name, Kind.DATE, documentation, defined, dates=extract.dates(*paths))


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
