"""The remote engine against an endpoint that serves the package, and against one that fails."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import pytest
from prometheus_client import REGISTRY

from analysis.beats import BEAT_VALUES
from analysis.classifier import Classifier, load_classifier
from analysis.remote.breaker import State
from analysis.remote.sagemaker import SageMakerClassifier as Engine
from analysis.remote.sagemaker import runtime_client
from core.errors import Unavailable
from tests.analysis.remote.conftest import CARD, LIMITS, REGION
from tests.analysis.remote.endpoint import NAME, Endpoint, Fault
from tests.aws import nobody

BEATS = np.random.default_rng(11).random((300, BEAT_VALUES), dtype=np.float32)
LOCAL = load_classifier()
EXPECTED = LOCAL.predict(BEATS)
COLUMNS = EXPECTED.shape[1:]


def engine_of(client: Any, endpoint: str = NAME, columns: tuple[int, ...] = COLUMNS) -> Engine:
    return Engine(client, endpoint, CARD, columns, LIMITS)


@pytest.fixture
def engine(client: Any, endpoint: Endpoint) -> Engine:
    return engine_of(client)


def test_the_endpoint_keeps_the_containers_contract(endpoint: Endpoint) -> None:
    with urlopen(f"{endpoint.url}/ping") as answer:  # noqa: S310
        assert answer.status == 200
    body = json.dumps({"instances": BEATS[:2].tolist()}).encode()
    asked = Request(  # noqa: S310
        f"{endpoint.url}/invocations", body, {"Content-Type": "application/json"}
    )
    with urlopen(asked) as answer:  # noqa: S310
        predictions = np.array(json.load(answer)["predictions"], dtype=np.float32)
    np.testing.assert_allclose(predictions.reshape(EXPECTED[:2].shape), EXPECTED[:2], atol=1e-6)


def test_the_same_beats_get_the_same_probabilities(engine: Engine) -> None:
    classifier: Classifier = engine
    probabilities = classifier.predict(BEATS)
    assert probabilities.dtype == EXPECTED.dtype
    np.testing.assert_allclose(probabilities, EXPECTED, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(probabilities >= engine.threshold, LOCAL.threshold <= EXPECTED)
    assert engine.model_id == f"{LOCAL.model_id}@sagemaker"


def test_requests_are_small_and_hold_nothing_but_beats(engine: Engine, endpoint: Endpoint) -> None:
    engine.predict(BEATS)
    bodies = [json.loads(body) for _, body in endpoint.asked]
    assert sorted(len(body["instances"]) for body in bodies) == [44, 64, 64, 64, 64]
    assert {frozenset(body) for body in bodies} == {frozenset({"signature_name", "instances"})}
    assert {frozenset(each) for body in bodies for each in body["instances"]} == {
        frozenset({"b64"})
    }
    headers = {name.lower() for sent, _ in endpoint.asked for name in sent}
    assert not {name for name in headers if name.startswith("x-amzn-sagemaker")}


def test_no_beats_are_no_request(engine: Engine, endpoint: Endpoint) -> None:
    assert engine.predict(BEATS[:0]).shape == (0, *EXPECTED.shape[1:])
    assert endpoint.asked == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault.SERVER_ERROR,
        Fault.MODEL_ERROR,
        Fault.THROTTLED,
        Fault.HANGS,
        Fault.HANGS_UP,
        Fault.HALF,
        Fault.HALF_CHUNK,
        Fault.HALF_THEN_HANGS,
    ],
)
def test_what_passes_by_itself_is_tried_again(
    fault: Fault, engine: Engine, endpoint: Endpoint
) -> None:
    endpoint.faults.append(fault)
    probabilities = engine.predict(BEATS[:20])
    np.testing.assert_allclose(probabilities, EXPECTED[:20], rtol=0, atol=1e-6)
    assert len(endpoint.asked) == 2


@pytest.mark.parametrize(
    ("fault", "why", "requests"),
    [
        (Fault.SERVER_ERROR, "failed", 3),
        (Fault.MODEL_ERROR, "failed", 3),
        (Fault.THROTTLED, "throttled", 3),
        (Fault.HANGS_UP, "unreachable", 3),
        (Fault.HALF, "unreachable", 3),
        (Fault.HALF_CHUNK, "unreachable", 3),
        (Fault.BAD_INPUT, "failed", 1),
        (Fault.DENIED, "refused", 1),
        (Fault.GARBAGE, "bad answer", 1),
        (Fault.ENDLESS, "bad answer", 1),
        (Fault.ONE_LESS, "bad answer", 1),
        (Fault.NAN, "bad answer", 1),
        (Fault.NO_PROBABILITY, "bad answer", 1),
        (Fault.OTHER_VARIANT, "other weights", 1),
    ],
)
def test_each_failure_is_told_in_few_words(
    fault: Fault, why: str, requests: int, engine: Engine, endpoint: Endpoint
) -> None:
    endpoint.always = fault
    with pytest.raises(Unavailable, match=f"^SageMaker: {why}$"):
        engine.predict(BEATS[:20])
    assert len(endpoint.asked) == requests


def test_the_deadline_holds_for_the_whole_batch(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nobody(monkeypatch, tmp_path)
    endpoint.always = Fault.HANGS
    limits = replace(LIMITS, deadline_s=0.6)
    engine = Engine(runtime_client(REGION, endpoint.url, limits), NAME, CARD, COLUMNS, limits)
    begun = time.monotonic()
    with pytest.raises(Unavailable, match=r"^SageMaker: timed out$"):
        engine.predict(BEATS)
    assert time.monotonic() - begun < limits.deadline_s + 0.5
    engine.close()


def test_what_trickles_holds_no_thread_past_the_deadline(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    nobody(monkeypatch, tmp_path)
    limits = replace(LIMITS, beats=4, deadline_s=0.6)
    engine = Engine(runtime_client(REGION, endpoint.url, limits), NAME, CARD, COLUMNS, limits)
    endpoint.always = Fault.TRICKLES
    with pytest.raises(Unavailable, match=r"^SageMaker: timed out$"):
        engine.predict(BEATS[:16])  # each thread has a request
    endpoint.heal()
    time.sleep(limits.deadline_s / limits.attempts)
    np.testing.assert_allclose(engine.predict(BEATS[:3]), EXPECTED[:3], rtol=0, atol=1e-6)
    engine.close()


def test_nobody_at_the_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nobody(monkeypatch, tmp_path)
    engine = engine_of(runtime_client(REGION, "http://127.0.0.1:1", LIMITS))
    with pytest.raises(Unavailable, match=r"^SageMaker: unreachable$"):
        engine.predict(BEATS[:3])
    engine.close()


def test_an_unknown_endpoint_is_refused(client: Any) -> None:
    with pytest.raises(Unavailable, match=r"^SageMaker: refused$"):
        engine_of(client, "another").predict(BEATS[:3])


def gauge() -> float | None:
    return REGISTRY.get_sample_value("hisbundle_sagemaker_breaker")


def test_a_broken_endpoint_is_left_alone_until_a_probe_finds_it_well(
    engine: Engine, endpoint: Endpoint
) -> None:
    endpoint.always = Fault.DENIED
    for _ in range(LIMITS.breaker_failures):
        with pytest.raises(Unavailable, match="refused"):
            engine.predict(BEATS[:3])
    assert (engine.breaker.state, gauge()) == (State.OPEN, 2)
    asked = len(endpoint.asked)
    with pytest.raises(Unavailable, match=r"^SageMaker: circuit open$"):
        engine.predict(BEATS[:3])
    assert len(endpoint.asked) == asked
    time.sleep(LIMITS.breaker_open_s)
    with pytest.raises(Unavailable, match="refused"):
        engine.predict(BEATS[:3])
    time.sleep(LIMITS.breaker_open_s)
    endpoint.heal()
    np.testing.assert_allclose(engine.predict(BEATS[:3]), EXPECTED[:3], rtol=0, atol=1e-6)
    assert (engine.breaker.state, gauge()) == (State.CLOSED, 0)


def test_threads_may_share_an_engine(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        for probabilities in pool.map(engine.predict, [BEATS[:100]] * 8):
            np.testing.assert_allclose(probabilities, EXPECTED[:100], rtol=0, atol=1e-6)


def test_probabilities_of_another_shape_are_not_believed(client: Any, endpoint: Endpoint) -> None:
    with pytest.raises(Unavailable, match="bad answer"):
        engine_of(client, columns=(7,)).predict(BEATS[:3])
