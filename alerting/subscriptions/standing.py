"""The Subscriptions whose events are counted, read anew in each turn and parsed once a version."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from core.errors import HisbundleError
from fhir.subscriptions.wanted import Wanted, wanted
from store import resources
from store.criteria import PatientClause
from store.database import Transaction
from store.resources import Document
from store.subscriptions import state
from store.subscriptions.state import State, Status


@dataclass(frozen=True, slots=True)
class Counted:
    """A Subscription, and what it asks for."""

    state: State
    wanted: Wanted

    @property
    def id(self) -> str:
        """The resource's id."""
        return self.state.id

    def counts(self, stamp: datetime) -> bool:
        """Whether what was written then is for it."""
        ends = self.state.ends
        return self.state.since < stamp and (ends is None or stamp <= ends)


@dataclass(slots=True)
class _OfType:
    """Who asks for a type: for certain patients, or for anybody's."""

    by_patient: dict[str, list[Counted]] = field(default_factory=dict)
    of_any: list[Counted] = field(default_factory=list)

    def add(self, one: Counted, type_: str) -> None:
        clauses = one.wanted.types[type_]
        first = next((c for c in clauses if isinstance(c, PatientClause)), None)
        if first is None:
            self.of_any.append(one)
        else:
            for patient in dict.fromkeys(first.ids):
                self.by_patient.setdefault(patient, []).append(one)


class Interest:
    """Who may want a version, found without looking at everybody."""

    def __init__(self, counted: list[Counted]) -> None:
        self._types: dict[str, _OfType] = {}
        for one in counted:
            for type_ in one.wanted.types:
                self._types.setdefault(type_, _OfType()).add(one, type_)

    @property
    def types(self) -> list[str]:
        """The types that anybody wants."""
        return sorted(self._types)

    def of(self, version: Document) -> Iterator[Counted]:
        """Those for which a version of this type and patient, written then, may count."""
        own = self._types.get(version.type)
        if own is None:
            return
        theirs = own.by_patient.get(version.patient_id or "", [])
        for one in (*own.of_any, *theirs):
            if one.counts(version.last_updated):
                yield one


class Standing:
    """Reads what is asked for; what has not changed is neither read nor parsed again."""

    def __init__(self) -> None:
        self._parsed: dict[str, tuple[int, Wanted | str]] = {}
        self._states: Mapping[str, State] = {}

    async def read(self, tx: Transaction) -> Interest:
        """All that count."""
        found = await state.counting(tx)
        self._states = {each.id: each for each, _ in found}
        known = self._parsed
        self._parsed = {
            each.id: known[each.id]
            for each, version in found
            if each.id in known and known[each.id][0] == version
        }
        new = [("Subscription", id_) for id_ in self._states if id_ not in self._parsed]
        for document in await resources.read_many(tx, new) if new else []:
            self._parsed[document.id] = (document.version, _parse(document))
        return Interest(
            [
                Counted(each, asked)
                for each, _ in found
                if isinstance(asked := self._parsed.get(each.id, (0, ""))[1], Wanted)
            ]
        )

    def broken(self) -> list[tuple[str, str]]:
        """Those, not yet in error, that cannot be acted on: id and reason."""
        return [
            (id_, reason)
            for id_, (_, reason) in sorted(self._parsed.items())
            if isinstance(reason, str) and self._states[id_].status is not Status.ERROR
        ]


def _parse(document: Document) -> Wanted | str:
    try:
        return wanted(orjson.loads(document.body))
    except HisbundleError as error:
        return str(error)
