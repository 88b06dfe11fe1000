"""A token's signature is checked once; everything else about it, each time."""

import time
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from api.tokens import CLOCK_SKEW_S, InvalidToken, issue, load_or_create_key
from api.verified import Verified


@pytest.fixture
def key(tmp_path: Path) -> ECKey:
    return load_or_create_key(tmp_path / "key.pem")


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds by which the clock is ahead."""
    ahead, clock = [0.0], time.time
    monkeypatch.setattr(time, "time", lambda: clock() + ahead[0])
    return ahead


def test_a_known_token_is_the_same_caller(key: ECKey) -> None:
    verified, token = Verified(key), issue(key, ("system/*.rs",), 60, "me")
    assert verified.caller(token) is verified.caller(token)
    assert verified.caller(token).subject == "me"


def test_a_known_token_expires(key: ECKey, later: list[float]) -> None:
    verified, token = Verified(key), issue(key, (), 60)
    verified.caller(token)
    later[0] = 59 + CLOCK_SKEW_S - 1
    verified.caller(token)
    later[0] = 61 + CLOCK_SKEW_S
    with pytest.raises(InvalidToken):
        verified.caller(token)


def test_another_signature_or_key_is_checked_anew(key: ECKey) -> None:
    verified, token = Verified(key), issue(key, (), 60)
    verified.caller(token)
    head, claims, _ = token.split(".")
    forged = issue(ECKey.generate_key("P-256"), (), 60)
    for wrong in (f"{head}.{claims}.{forged.split('.')[2]}", forged, token[:-4], token + "é"):
        for _ in range(2):
            with pytest.raises(InvalidToken):
                verified.caller(wrong)
    with pytest.raises(InvalidToken):
        Verified(ECKey.generate_key("P-256")).caller(token)


def test_few_are_kept_those_that_were_used_last(
    key: ECKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified = Verified(key, kept_max=2)
    one, two, three = (issue(key, (), 60, name) for name in ("one", "two", "three"))
    first, second = verified.caller(one), verified.caller(two)
    verified.caller(one)
    verified.caller(three)
    assert verified.caller(one) is first
    assert verified.caller(two) is not second
