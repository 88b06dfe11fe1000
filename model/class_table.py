"""A report by class as a table, in percent."""

from collections.abc import Mapping
from typing import Any


def class_table(title: str, report: Mapping[str, Any]) -> str:
    """Se, +P, F1, AUC of each class; accuracy, abnormal AUC, ECE; VEB and SVEB by record."""
    lines = [f"\n{title:<28}{'Se':>8}{'+P':>8}{'F1':>8}{'AUC':>8}"]
    gross = report["gross"]
    for name, shares in gross["classes"].items():
        cells = [shares["se"], shares["p"], shares["f1"], report["auc"][name]]
        lines.append(f"{name:<28}" + "".join(map(_percent, cells)))
    lines.append(
        f"accuracy{_percent(gross['accuracy'])}, abnormal AUC{_percent(report['abnormal_auc'])}, "
        f"ECE {report['calibration']['ece']:.4f}"
    )
    lines.append(f"\n{'record':<8}{'acc':>8}{'V Se':>8}{'V +P':>8}{'S Se':>8}{'S +P':>8}")
    for name, scores in report["by_record"].items():
        of = scores["classes"]
        cells = [scores["accuracy"], of["V"]["se"], of["V"]["p"], of["S"]["se"], of["S"]["p"]]
        lines.append(f"{name:<8}" + "".join(map(_percent, cells)))
    return "\n".join(lines)


def _percent(share: float | None) -> str:
    return f"{'-':>8}" if share is None else f"{100 * share:8.2f}"
