"""Which engine classifies the beats, and which one stands in for it."""

from typing import TYPE_CHECKING

import numpy as np

from analysis.beats import BEAT_VALUES
from analysis.classifier import DEFAULT_ARTEFACT, Card, Classifier, load_classifier, read_card
from analysis.remote.names import remote_id
from core.errors import Incorrect
from core.settings import ClassifierKind, Settings

if TYPE_CHECKING:
    from analysis.remote.sagemaker import SageMakerClassifier


def engines(settings: Settings) -> tuple[Classifier, Classifier | None]:
    """The configured engine, and the local one as its reserve if that is another.

    Blocks: it reads the artefact and looks for credentials. Raises Incorrect if the artefact
    cannot be served (load_classifier), or if AWS cannot be asked with these settings. Whether
    the endpoint is there is no matter of the start: until it is, the reserve answers.
    """
    local = load_classifier()
    if settings.classifier is ClassifierKind.LOCAL:
        return local, None
    return on_sagemaker(settings, local), local


def on_sagemaker(settings: Settings, local: Classifier) -> "SageMakerClassifier":
    """The engine at the endpoint of ``settings``, which is to serve the weights of ``local``.

    Blocks. Raises Incorrect if AWS cannot be asked with these settings.
    """
    from botocore.exceptions import BotoCoreError  # boto3 takes half a second to import

    from analysis.remote.sagemaker import Limits, SageMakerClassifier, runtime_client

    limits = Limits(
        beats=settings.sagemaker_batch_beats,
        deadline_s=settings.sagemaker_deadline_s,
        attempts=settings.sagemaker_attempts,
        breaker_failures=settings.sagemaker_breaker_failures,
        breaker_open_s=settings.sagemaker_breaker_open_s,
    )
    if settings.sagemaker_endpoint is None:
        raise Incorrect("HISBUNDLE_SAGEMAKER_ENDPOINT is not set")
    url = settings.sagemaker_runtime_url or settings.aws_endpoint_url
    try:
        client = runtime_client(settings.aws_region, url, limits)
    except (BotoCoreError, ValueError) as error:
        raise Incorrect(f"HISBUNDLE_CLASSIFIER is sagemaker: {error}") from error
    columns = local.predict(np.empty((0, BEAT_VALUES), dtype=np.float32)).shape[1:]
    card = read_card(DEFAULT_ARTEFACT)
    return SageMakerClassifier(client, settings.sagemaker_endpoint, card, columns, limits)


def model_ids(card: Card) -> tuple[str, ...]:
    """The names under which the weights of ``card`` sign findings, one for each engine."""
    return card.model_id, remote_id(card.model_id)
