"""The figures of a report in words: findings, tables, episodes and alerts."""

from collections.abc import Sequence
from datetime import UTC, datetime

from api.results import Result, on_paper
from core.alerts import Alert
from core.ecg import RhythmKind
from core.holter.digest import Extreme
from core.holter.summary import Episodes, Holter
from core.holter.variability import Spectra
from export.paper.sheet import EpisodeRow, Report, Rows
from fhir import codes
from fhir.mapping.prose import FAST, graver_first, span, statements

_STATUSES = {"partial": "Partial report: the recording goes on", "final": "Final report"}
_KINDS_MAX = 9


def report_words(
    result: Result, found: Holter, alerts: Sequence[Alert], remarks: tuple[str, ...]
) -> Report:
    """All that a report's first pages say. What a clinician has concluded stands in their words."""
    body = result.body
    start, end = (datetime.fromisoformat(body["effectivePeriod"][k]) for k in ("start", "end"))
    own = statements(found, ended=body["status"] != "partial")
    concluded = str(body.get("conclusion", ""))
    ordered = graver_first(found)
    return Report(
        title="Holter report, single-lead ECG",
        patient=on_paper(result.patient),
        period=f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC",
        device=result.device,
        status=_STATUSES.get(body["status"], f"Report, {body['status']}"),
        findings=tuple(own) if concluded == " ".join(own) else tuple(concluded.splitlines()),
        tables=(("Heart rate", _rates(found)), ("Beats", _beats(found)),
                ("Recording", _recording(found))),
        episodes=tuple(_episodes(one) for one in ordered),
        alerts=tuple(_alert(alert) for alert in alerts),
        minutes=found.minutes,
        rates=found.rates,
        rr=found.rr,
        kinds=tuple((one.kind.value, _name(one)) for one in ordered
                    if one.kind is not RhythmKind.SINUS)[:_KINDS_MAX],
        remarks=remarks,
    )  # fmt: skip


def _rates(found: Holter) -> Rows:
    totals, varies = found.totals, found.variability
    mean = totals.rate_mean_per_min
    longest = found.longest_rr_ms
    rows = [
        ("Mean heart rate", "not read" if mean is None else f"{mean:.0f}/min"),
        ("Lowest heart rate", _extreme(found.lowest_rate)),
        ("Highest heart rate", _extreme(found.highest_rate)),
        ("Longest RR interval", f"{longest.value / 1000:.2f} s, {_at(longest.at)}"
         if longest else "not measured"),
        ("RR intervals of 2 s or more", str(found.sums.rr_pauses) if longest else "not measured"),
        ("SDNN / SDANN", _pair(*(varies.sdnn_ms, varies.sdann_ms) if varies else ())),
        ("RMSSD / SDNN index", _pair(*(varies.rmssd_ms, varies.sdnn_index_ms) if varies else ())),
        ("pNN50", "not measured" if varies is None or varies.pnn50_percent is None
         else f"{varies.pnn50_percent:.1f} %"),
        ("LF / HF, medians of 5 min", _powers(found.spectra)),
    ]  # fmt: skip
    return tuple(rows)


def _powers(spectra: Spectra | None) -> str:
    if spectra is None:
        return "not measured"
    ratio = "" if spectra.lf_hf is None else f", ratio {spectra.lf_hf:.1f}"
    return f"{spectra.lf_ms2:.0f} / {spectra.hf_ms2:.0f} ms²{ratio} ({spectra.windows})"


def _pair(*values_ms: float | None) -> str:
    told = ["-" if ms is None else f"{ms:.0f}" for ms in values_ms]
    return f"{' / '.join(told)} ms" if told else "not measured"


def _extreme(extreme: Extreme | None) -> str:
    return "not read" if extreme is None else f"{extreme.value:.0f}/min, {_at(extreme.at)}"


def _beats(found: Holter) -> Rows:
    sums, totals = found.sums, found.totals
    rows = [("Beats found", f"{totals.beats}")]
    if not sums.named:
        rows += [
            ("Classified", f"{totals.classified_beats}"),
            ("Abnormal to the algorithm", _share(totals.abnormal_beats, totals.classified_beats)),
        ]
    else:
        rows += [
            ("Normal (N)", _share(sums.normal, sums.named)),
            ("Ventricular (V), burden", _share(sums.ventricular, sums.named)),
            ("Supraventricular (S), burden", _share(sums.supraventricular, sums.named)),
            ("Fusion (F)", _share(sums.fusion, sums.named)),
            ("Unknown (Q)", _share(sums.unknown, sums.named)),
            ("Not classified", f"{sums.beats - sums.named}"),
        ]
    return (*rows, *_intervals(found))


def _intervals(found: Holter) -> Rows:
    """Medians, and QTc's range with the number of strips behind it."""
    spreads, qtc = (found.qrs, found.qt, found.qtc), found.qtc
    told = ["-" if spread is None else f"{spread.median_ms}" for spread in spreads]
    return (
        ("QRS / QT / QTc, medians", f"{' / '.join(told)} ms" if any(spreads) else "not measured"),
        ("QTc, range", f"{qtc.lowest_ms} to {qtc.highest_ms} ms in {qtc.strips} strips"
         if qtc else "not measured"),
    )  # fmt: skip


def _recording(found: Holter) -> Rows:
    totals, sums = found.totals, found.sums
    refused = sorted(found.refused_s, key=lambda one: -one[1])
    rows = [
        ("Analysed", span(totals.analysed_s)),
        ("Readable", _part(totals.readable_s, totals.analysed_s)),
        ("Without signal", _part(sums.missing_s, totals.analysed_s)),
        ("of which electrodes off", _part(sums.lead_off_s, totals.analysed_s)),
        ("Mean signal quality", f"{found.quality_percent:.0f} %"),
    ]
    for reason, seconds in refused[:2]:
        name = codes.UNREADABLE[reason].display
        rows.append((f"Strips with: {name.lower()}", span(seconds)))
    if sums.fallback_strips:
        rows.append(("Strips by the local engine instead", f"{sums.fallback_strips}"))
    return tuple(rows)


def _share(part: int, whole: int) -> str:
    return f"{part} ({100 * part / whole:.2f} %)" if whole else f"{part}"


def _part(part_s: float, whole_s: float) -> str:
    share = 100 * part_s / whole_s if whole_s else 0.0
    return f"{span(part_s)} ({share:.1f} %)"


def _episodes(one: Episodes) -> EpisodeRow:
    longest = one.longest[0]
    fast = one.fastest if one.kind in FAST else None
    rate = fast.rate_per_min if fast else None
    return EpisodeRow(
        kind=_name(one).capitalize(),
        count=f"{one.count}",
        total=span(one.duration_s),
        share=f"{one.percent:.2f} %",
        longest=span(longest.duration_s),
        fastest="" if rate is None else f"{rate:.0f}/min",
        began=f"{longest.onset.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        unverified=f"{one.unverified}" if one.unverified else "",
    )


def _name(one: Episodes) -> str:
    return codes.EPISODE_NAMES[one.kind.value]


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%d %b %H:%M}"


def _alert(alert: Alert) -> tuple[str, str, str]:
    until = f" to {alert.closed_at:%H:%M:%S} UTC" if alert.closed_at else " UTC, still open"
    when = f"{alert.opened_at:%Y-%m-%d %H:%M:%S}{until}"
    return codes.FLAGS[alert.kind.value][0].display, when, alert.evidence
