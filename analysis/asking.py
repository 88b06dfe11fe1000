"""Who classifies a batch of beats: the configured engine, or the reserve while it is away."""

import structlog
from prometheus_client import Counter

from analysis.classifier import Beats, Classifier, Probabilities
from analysis.session.verdicts import Model
from core.errors import Unavailable

FALLBACKS = Counter(
    "hisbundle_classifier_fallbacks", "Batches that the reserve engine classified, by why", ["why"]
)

log = structlog.get_logger(__name__)


def ask(
    classifier: Classifier, reserve: Classifier | None, beats: Beats
) -> tuple[Probabilities, Model]:
    """The probabilities of ``beats`` (as Classifier.predict gives them), and who gave them.

    No beats are a matter for the reserve, which is at hand: nothing is sent for them. Raises what
    the classifier raises; Unavailable only where there is no reserve.
    """
    if reserve is None:
        return classifier.predict(beats), Model(classifier.model_id, classifier.threshold)
    if not len(beats):
        return reserve.predict(beats), Model(classifier.model_id, classifier.threshold)
    try:
        return classifier.predict(beats), Model(classifier.model_id, classifier.threshold)
    except Unavailable as error:
        why = str(error)
    FALLBACKS.labels(why).inc()
    log.warning("classifier.fallback", engine=classifier.model_id, why=why, beats=len(beats))
    return reserve.predict(beats), Model(reserve.model_id, reserve.threshold, why)
