"""The Subscriptions whose events are counted, read anew in each turn and parsed once a version."""

from dataclasses import dataclass
from datetime import datetime

import orjson

from core.errors import HisbundleError
from fhir.subscriptions.wanted import Wanted, wanted
from store import resources
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


class Standing:
    """Reads what is asked for; what has not changed is not parsed again."""

    def __init__(self) -> None:
        self._parsed: dict[str, tuple[int, Wanted | str]] = {}
        self._states: dict[str, State] = {}

    async def read(self, tx: Transaction) -> list[Counted]:
        """All that count, by id."""
        states = await state.counting(tx)
        self._states = {each.id: each for each in states}
        keys = [("Subscription", id_) for id_ in self._states]
        documents = await resources.read_many(tx, keys) if keys else []
        self._parsed = {each.id: (each.version, self._parse(each)) for each in documents}
        return [
            Counted(each, asked)
            for each in states
            if isinstance(asked := self._parsed.get(each.id, (0, ""))[1], Wanted)
        ]

    def _parse(self, document: Document) -> Wanted | str:
        version, known = self._parsed.get(document.id, (0, ""))
        if version == document.version:
            return known
        try:
            return wanted(orjson.loads(document.body))
        except HisbundleError as error:
            return str(error)

    def broken(self) -> list[tuple[str, str]]:
        """Those, not yet in error, that cannot be acted on: id and reason."""
        return [
            (id_, reason)
            for id_, (_, reason) in sorted(self._parsed.items())
            if isinstance(reason, str) and self._states[id_].status is not Status.ERROR
        ]
