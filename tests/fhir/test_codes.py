"""The table of codes."""

from core.ecg import RhythmKind
from fhir import codes
from fhir.codes import Code, Unit
from tests.conformance.rules import UNITS

TABLE = [value for value in vars(codes).values() if isinstance(value, Code)]
TABLE += [*codes.UNREADABLE.values(), *(code for flag in codes.FLAGS.values() for code in flag)]
TABLE += [
    code
    for figure in (codes.EPISODE_COUNT, codes.EPISODE_SHARE, codes.EPISODE_LONGEST,
                   codes.EPISODE_FASTEST)
    for code in figure.values()
]  # fmt: skip
RHYTHMS = [code for kind in codes.RHYTHMS.values() for code in kind if code not in TABLE]
TABLE += RHYTHMS


def test_every_code_tells_where_it_comes_from() -> None:
    assert all(code.source and code.display and code.system for code in TABLE)


def test_no_code_stands_twice() -> None:
    assert len({(code.system, code.code) for code in TABLE}) == len(TABLE)


def test_every_unit_is_one_that_the_checks_know() -> None:
    units = {value.code for value in vars(codes).values() if isinstance(value, Unit)}
    assert units <= UNITS


def test_every_kind_of_rhythm_has_a_name() -> None:
    assert set(codes.EPISODE_NAMES) == {kind.value for kind in RhythmKind}
