"""Subgroups of records by what their headers say: lead, and the patient's sex and age.

The first comment line of a MIT-BIH header begins with age and sex, -1 for an unknown age
(https://physionet.org/physiotools/wag/header-5.htm).
"""

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

import wfdb

from model.evaluation.source import Source

UNKNOWN = "not stated"
_PERSON = re.compile(r"\s*(-?\d+)\s+([MF])\b")
_AGES = ((50, "under 50"), (70, "50 to 69"), (math.inf, "70 or older"))

Groups = dict[str, dict[str, list[str]]]


def traits(source: Source) -> dict[str, str]:
    """Lead, sex and age group of a record, as its header has them."""
    header = wfdb.rdheader(str(source.path))
    person = next((m for line in header.comments if (m := _PERSON.match(line))), None)
    age = -1 if person is None else int(person[1])
    return {
        "lead": header.sig_name[0] if header.sig_name else UNKNOWN,
        "sex": UNKNOWN if person is None else {"M": "men", "F": "women"}[person[2]],
        "age": UNKNOWN
        if age < 0
        else next((name for below, name in _AGES if age < below), UNKNOWN),
    }


def subgroups(known: Mapping[str, Mapping[str, str]]) -> Groups:
    """Names of the records of each value of each trait; ``known`` are the traits by record."""
    groups: Groups = defaultdict(lambda: defaultdict(list))
    for name, told in known.items():
        for trait, value in told.items():
            groups[trait][value].append(name)
    return {trait: dict(sorted(values.items())) for trait, values in groups.items()}


def grouped(sources: Sequence[Source]) -> Groups:
    """The subgroups of these records."""
    return subgroups({source.name: traits(source) for source in sources})
