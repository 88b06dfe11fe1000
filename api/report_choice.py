"""Which strips a report shows: of each kind of episode the longest and fastest, extremes, alerts.

Bounded whatever the session: EXCERPTS_MAX strips of 10 s, three to a page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.alerts import Alert
from core.ecg import SAMPLES_PER_STRIP, RhythmKind
from core.holter.digest import Extreme
from core.holter.episodes import Telling
from core.holter.summary import Episodes, Holter
from fhir import codes
from fhir.mapping.prose import FAST, graver_first, span

EXCERPTS_MAX = 27
ALERTS_MAX = 6
LONGEST_SHOWN = 2
BEFORE_S = 2.0
"""What is shown of the time before an onset."""
_NOT_SHOWN = frozenset({RhythmKind.SINUS, RhythmKind.NOISE})
_UNVERIFIED = "not verified: poor signal"


@dataclass(frozen=True, slots=True)
class Choice:
    """10 s from ``first_sample`` of the session on; ``marked`` are samples of the session."""

    first_sample: int
    title: str
    told: str
    marked: tuple[int, int] | None = None
    remarks: tuple[str, ...] = ()


def choices(found: Holter, alerts: Sequence[Alert]) -> list[Choice]:
    """The strips in the order of the pages; the first strip where there is nothing to choose.

    Extremes come first in the choice, and last on paper but for a session without episodes.
    """
    extremes = list(_extremes(found))
    alarmed = [_alert(alert) for alert in alerts[:ALERTS_MAX]]
    room = EXCERPTS_MAX - len(extremes) - len(alarmed)
    episodes = [choice for one in graver_first(found) for choice in _episodes(one, found.rate_hz)]
    chosen = [*episodes[:room], *alarmed, *extremes]
    return _once(chosen) or [Choice(found.first_sample, "First strip", "")]


def _episodes(one: Episodes, rate_hz: float) -> Iterator[Choice]:
    if one.kind in _NOT_SHOWN:
        return
    for number, episode in enumerate(one.longest[:LONGEST_SHOWN]):
        rank = ("longest", "second longest")[number] if one.count > 1 else "the only one"
        yield _episode(one, episode, rank, rate_hz)
    if one.kind in FAST and one.fastest is not None and one.fastest not in one.longest[:2]:
        yield _episode(one, one.fastest, "fastest", rate_hz)


def _episode(one: Episodes, episode: Telling, rank: str, rate_hz: float) -> Choice:
    name = codes.EPISODE_NAMES[one.kind.value].capitalize()
    facts = [span(episode.duration_s)]
    facts += [f"{episode.beats} beats"] if episode.beats > 1 else []
    if episode.rate_per_min is not None:
        facts.append(f"{episode.rate_per_min:.0f}/min")
    number = f"{rank} of {one.count}" if one.count > 1 else rank
    return Choice(
        first_sample=max(episode.first_sample - round(BEFORE_S * rate_hz), 0),
        title=name,
        told=f"{number}: {', '.join(facts)}",
        marked=(episode.first_sample, episode.stop_sample),
        remarks=() if episode.verified else (_UNVERIFIED,),
    )


def _extremes(found: Holter) -> Iterator[Choice]:
    longest = found.longest_rr_ms
    if longest is not None:
        samples = round(longest.value * found.rate_hz / 1000)
        before = max(longest.sample - round(3 * found.rate_hz), 0)
        marked = (longest.sample, longest.sample + samples)
        yield Choice(before, "Longest RR interval", f"{longest.value / 1000:.2f} s", marked)
    for extreme, title in (
        (found.lowest_rate, "Lowest heart rate"),
        (found.highest_rate, "Highest heart rate"),
    ):
        if extreme is not None:
            yield _rate(extreme, title)


def _rate(extreme: Extreme, title: str) -> Choice:
    return Choice(extreme.sample, title, f"{extreme.value:.0f}/min over the strip of 12 s")


def _alert(alert: Alert) -> Choice:
    told = codes.FLAGS[alert.kind.value][0].display
    return Choice(alert.strip_index * SAMPLES_PER_STRIP, f"Alert: {told.lower()}", alert.evidence)


def _once(chosen: Sequence[Choice]) -> list[Choice]:
    """What shows the same stretch under one title."""
    found: dict[int, Choice] = {}
    for choice in chosen:
        known = found.get(choice.first_sample)
        if known is None:
            found[choice.first_sample] = choice
        else:
            found[choice.first_sample] = Choice(
                choice.first_sample,
                f"{known.title}; {choice.title[0].lower()}{choice.title[1:]}",
                "; ".join(filter(None, (known.told, choice.told))),
                known.marked or choice.marked,
                tuple(dict.fromkeys(known.remarks + choice.remarks)),
            )
    return list(found.values())
