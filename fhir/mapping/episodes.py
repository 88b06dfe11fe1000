"""A session's episodes by kind -> Observation: how many, how long, how fast."""

from core.holter.summary import Episodes, Holter
from fhir import codes
from fhir.codes import concept
from fhir.mapping.identity import Origin
from fhir.mapping.prose import FAST, listed
from fhir.mapping.summary import measured, totalled
from fhir.values import Json, component

KIND = "episodes"


def episodes(found: Holter, origin: Origin, *, ended: bool) -> Json:
    """What was found of each kind; a kind without a component was looked for and not found."""
    text = listed(found) or "No episodes but sinus rhythm."
    told = [part for one in found.episodes for part in _kind(one)]
    return totalled(KIND, concept(codes.EPISODES), text, told, found, origin, ended=ended)


def _kind(one: Episodes) -> list[Json]:
    kind = one.kind.value
    longest = one.longest[0].duration_s
    fastest = one.fastest.rate_per_min if one.fastest and one.kind in FAST else None
    return [
        component(codes.EPISODE_COUNT[kind], valueInteger=one.count),
        *measured(
            (codes.EPISODE_SHARE[kind], one.percent, codes.PERCENT, 3),
            (codes.EPISODE_LONGEST[kind], longest, codes.SECOND, 3),
            (codes.EPISODE_FASTEST[kind], fastest, codes.PER_MINUTE, 1),
        ),
    ]
