"""The classifier behind an Amazon SageMaker endpoint, under a deadline.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html. A
batch is cut into requests that run side by side; each is tried again after a random pause
(full jitter: https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/).
All calls block, so predict belongs into a thread, as for the local engine.
"""

import random
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from threading import Event
from typing import Any

import boto3
import numpy as np
import structlog
from botocore.config import Config
from botocore.exceptions import NoCredentialsError

from analysis.classifier import Beats, Card, Probabilities
from analysis.remote import wire
from analysis.remote.breaker import Breaker
from analysis.remote.failures import CallFailed, Why, told
from analysis.remote.metrics import BEATS, BREAKER, REQUESTS, SECONDS
from analysis.remote.names import remote_id, variant_name
from core.errors import Unavailable

PARALLEL = 4
PAUSE_S, PAUSE_MOST_S = 0.05, 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much in a request, how long, how often; ``deadline_s`` holds for a whole batch."""

    beats: int = 256
    deadline_s: float = 5.0
    attempts: int = 3
    breaker_failures: int = 5
    breaker_open_s: float = 30.0


def runtime_client(region: str, url: str | None, limits: Limits) -> Any:
    """A client whose requests take ``deadline_s / attempts`` each; the retries are ours.

    Blocks. Raises botocore's errors, or ValueError, if AWS cannot be asked in this way.
    """
    config = Config(
        connect_timeout=min(1.0, limits.deadline_s / limits.attempts),
        read_timeout=limits.deadline_s / limits.attempts,
        retries={"total_max_attempts": 1},
        max_pool_connections=PARALLEL,
    )
    session = boto3.Session(region_name=region)
    if session.get_credentials() is None:
        raise NoCredentialsError
    return session.client("sagemaker-runtime", endpoint_url=url, config=config)


class SageMakerClassifier:
    """Classifier at the endpoint ``endpoint``, which must serve the weights of ``card``.

    ``client`` is from runtime_client; ``columns`` is the shape of one beat's probabilities, as
    the local engine gives them. Only the bytes of beats are sent.
    """

    def __init__(
        self, client: Any, endpoint: str, card: Card, columns: tuple[int, ...], limits: Limits
    ) -> None:
        self._client, self._endpoint, self._card = client, endpoint, card
        self._columns, self._limits = columns, limits
        self._variant = variant_name(card.model_id)
        self._pool = ThreadPoolExecutor(PARALLEL, thread_name_prefix="sagemaker")
        self.breaker = Breaker(limits.breaker_failures, limits.breaker_open_s, BREAKER.set)

    @property
    def model_id(self) -> str:
        """Name of the weights, and where they ran."""
        return remote_id(self._card.model_id)

    @property
    def threshold(self) -> float:
        """Probability from which a beat counts as abnormal."""
        return self._card.threshold

    def predict(self, beats: Beats) -> Probabilities:
        """Probabilities float32[n, *columns] for beats float32[n, values]; n may be 0.

        Raises Unavailable, with one of few reasons, if they are not there by the deadline.
        """
        if not len(beats):
            return np.empty((0, *self._columns), dtype=np.float32)
        if not self.breaker.admits():
            raise Unavailable(f"SageMaker: {Why.CIRCUIT_OPEN}")
        try:
            probabilities = self._within_deadline(beats)
        except CallFailed as error:
            log.warning("sagemaker.failed", endpoint=self._endpoint, error=str(error)[:500])
            self.breaker.failed()
            raise Unavailable(f"SageMaker: {error.why}") from error
        except BaseException:
            self.breaker.failed()
            raise
        self.breaker.succeeded()
        BEATS.inc(len(beats))
        return probabilities

    def close(self) -> None:
        """End the threads and the connections."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def _within_deadline(self, beats: Beats) -> Probabilities:
        until, given_up = time.monotonic() + self._limits.deadline_s, Event()
        starts = range(0, len(beats), self._limits.beats)
        parts = [beats[start : start + self._limits.beats] for start in starts]
        waiting: list[Future[Probabilities]] = [
            self._pool.submit(self._try, part, until, given_up) for part in parts
        ]
        try:
            return np.concatenate([f.result(max(0.0, until - time.monotonic())) for f in waiting])
        except TooLate:
            raise CallFailed(Why.TIMED_OUT, "the deadline has passed", again=False) from None
        finally:
            given_up.set()
            for future in waiting:
                future.cancel()

    def _try(self, part: Beats, until: float, given_up: Event) -> Probabilities:
        """One request, as often as attempts and deadline allow."""
        for attempt in range(1, self._limits.attempts + 1):
            try:
                with SECONDS.time():
                    answer = self._ask(part, until)
                REQUESTS.labels("ok").inc()
                return answer
            except CallFailed as error:
                REQUESTS.labels(error.why).inc()
                pause_s = random.uniform(0, min(PAUSE_MOST_S, PAUSE_S * 2**attempt))  # noqa: S311
                last = attempt == self._limits.attempts
                if last or not error.again or time.monotonic() + pause_s >= until:
                    raise
            if given_up.wait(pause_s):
                break
        raise CallFailed(Why.TIMED_OUT, "given up", again=False)

    def _ask(self, part: Beats, until: float) -> Probabilities:
        most = wire.longest_answer(len(part), self._columns)
        with told():
            answer = self._client.invoke_endpoint(
                EndpointName=self._endpoint,
                ContentType=wire.CONTENT_TYPE,
                Accept=wire.CONTENT_TYPE,
                Body=wire.encode(part),
            )
            with answer["Body"] as stream:
                body = _read(stream, most, until)
        variant = answer.get("InvokedProductionVariant")
        if variant != self._variant:
            raise CallFailed(Why.OTHER_WEIGHTS, f"{variant} answered", again=False)
        try:
            if len(body) > most:
                raise ValueError(f"an answer of more than {most} bytes")
            return wire.decode(body, len(part), self._columns)
        except ValueError as error:
            raise CallFailed(Why.BAD_ANSWER, str(error), again=False) from error


def _read(stream: Any, most: int, until: float) -> bytes:
    """The body of an answer, ``most`` + 1 bytes of it at most.

    In parts as they come, for a socket's timeout is of one part only: whoever sends a byte now
    and then would hold the thread. Raises CallFailed past ``until``, and for an answer that is
    broken off.
    """
    body = bytearray()
    while len(body) <= most and (part := stream.read1(most + 1 - len(body))):
        body += part
        if time.monotonic() >= until:
            raise CallFailed(Why.TIMED_OUT, "the answer trickles", again=False)
    if len(body) <= most and stream.length_remaining:
        raise CallFailed(Why.UNREACHABLE, "an answer was broken off", again=True)
    return bytes(body)
