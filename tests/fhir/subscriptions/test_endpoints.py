"""Endpoints against the operator's list."""

import pytest

from core.errors import Forbidden
from fhir.subscriptions.endpoints import check_endpoint, literal, origin

ALLOWED = ("https://ehr.test", "https://ehr.test:8443/", "http://127.0.0.1:9000", "http://[::1]:1")


@pytest.mark.parametrize(
    "url",
    [
        "https://ehr.test/hook",
        "https://EHR.test:443/hook?a=b",
        "https://ehr.test./",
        "https://ehr.test:8443/",
        "http://127.0.0.1:9000/hook",
        "http://[::1]:1/",
    ],
)
def test_what_is_listed_is_allowed(url: str) -> None:
    check_endpoint(url, ALLOWED)


@pytest.mark.parametrize(
    "url",
    [
        "http://ehr.test/hook",
        "https://elsewhere.test/hook",
        "https://ehr.test:8444/",
        "https://ehr.test@elsewhere.test/",
        "https://user@ehr.test/",
        "https://ehr.test.elsewhere.test/",
        "https://ehr.test\\@elsewhere.test/",
        "http://127.0.0.1/",
        "http://localhost:9000/",
        "https://169.254.169.254/latest",
        "https://2130706433/",
        "https://[::ffff:169.254.169.254]/",
        "ftp://ehr.test/hook",
        "adfdf",
        "",
        "https://ehr.test/#" + "a",
    ],
)
def test_what_is_not_is_refused(url: str) -> None:
    with pytest.raises(Forbidden):
        check_endpoint(url, ALLOWED)


def test_a_refusal_says_what_would_be_accepted() -> None:
    with pytest.raises(Forbidden, match=r"https://ehr\.test"):
        check_endpoint("https://elsewhere.test/", ALLOWED)
    with pytest.raises(Forbidden, match="none so far"):
        check_endpoint("https://elsewhere.test/", ())
    with pytest.raises(Forbidden, match="this machine alone"):
        check_endpoint("http://ehr.test/", ("http://ehr.test",))


def test_addresses_in_digits() -> None:
    assert str(literal("https://10.1.2.3/")) == "10.1.2.3"
    assert literal("https://ehr.test/") is None
    assert origin("HTTPS://[2001:DB8::1]/x") == "https://[2001:db8::1]:443"
