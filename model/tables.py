"""What a training run prints: scores in percent, one line per split, and the alert evidence."""

from collections.abc import Sequence

from model.evaluate import Scores
from model.evidence import Evidence

COLUMNS = ("accuracy", "precision", "recall", "specificity", "f1", "auc")
TITLE_WIDTH = 24


def score_table_head() -> str:
    """The head of the table of scores."""
    counts = "".join(f"{name:>7}" for name in ("TP", "FP", "FN", "TN"))
    return f"{'split, %':<{TITLE_WIDTH}}" + "".join(f"{c:>12}" for c in COLUMNS) + counts


def score_row(title: str, scores: Scores) -> str:
    """One line of it."""
    ratios = (getattr(scores, column) for column in COLUMNS)
    counts = (
        scores.true_positives,
        scores.false_positives,
        scores.false_negatives,
        scores.true_negatives,
    )
    return (
        f"{title:<{TITLE_WIDTH}}"
        + "".join(f"{'-':>12}" if ratio is None else f"{100 * ratio:12.2f}" for ratio in ratios)
        + "".join(f"{count:7}" for count in counts)
    )


def evidence_table(patients: str, rows: Sequence[Evidence]) -> str:
    """Alert onsets on the named patients for each rule k of n."""
    title = f"alerts, {patients}"
    head = f"{title:<{TITLE_WIDTH}}{'true onsets':>14}{'false onsets':>14}{'false/h':>10}"
    lines = [
        f"{f'{row.k} of {row.n} beats':<{TITLE_WIDTH}}{row.true_onsets:>14}{row.false_onsets:>14}"
        f"{row.false_onsets / row.hours:>10.1f}"
        for row in rows
    ]
    return "\n".join([head, *lines])
