"""The configurations of docs/brokers that no broker here can run: form, variables, rules."""

import json
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[2] / "docs" / "brokers"
THING = "${iot:Connection.Thing.ThingName}"
ARN = "arn:aws:iot:REGION:ACCOUNT:"
DEVICE = {
    "iot:Connect": {f"client/{THING}"},
    "iot:Publish": {f"topic/ecg/v1/{THING}/{what}" for what in ("chunk", "key")},
    "iot:Subscribe": {f"topicfilter/ecg/v1/{THING}/{what}" for what in ("ack", "command")},
    "iot:Receive": {f"topic/ecg/v1/{THING}/{what}" for what in ("ack", "command")},
}
SERVICE = {
    "iot:Connect": {"client/hisbundle"},
    "iot:Publish": {"topic/ecg/v1/*/ack", "topic/ecg/v1/*/command"},
    "iot:Subscribe": {"topicfilter/ecg/v1/+/chunk", "topicfilter/ecg/v1/+/key"},
    "iot:Receive": {"topic/ecg/v1/*/chunk", "topic/ecg/v1/*/key"},
}


@pytest.mark.parametrize(
    ("file", "rules"),
    [("aws-iot-policy.json", DEVICE), ("aws-iot-service-policy.json", SERVICE)],
)
def test_aws_policies_allow_what_the_rules_say(file: str, rules: dict[str, set[str]]) -> None:
    text = (DOCS / file).read_text()
    assert len(text.encode()) <= 2048  # AWS IoT's limit, white space not counted
    policy: dict[str, Any] = json.loads(text)
    assert policy["Version"] == "2012-10-17"  # with an older one, variables are plain text
    allowed: dict[str, set[str]] = {}
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        assert all(each.startswith(ARN) for each in statement["Resource"])
        allowed[statement["Action"]] = {each.removeprefix(ARN) for each in statement["Resource"]}
    assert allowed == rules


def test_an_aws_device_must_hold_the_certificate_of_its_thing() -> None:
    policy = json.loads((DOCS / "aws-iot-policy.json").read_text())
    (connect,) = [each for each in policy["Statement"] if each["Action"] == "iot:Connect"]
    assert connect["Condition"] == {"Bool": {"iot:Connection.Thing.IsAttached": ["true"]}}


def test_emqx_asks_for_certificates_and_denies_all_else() -> None:
    text = (DOCS / "emqx.conf").read_text()
    for line in (
        "verify = verify_peer",
        "fail_if_no_peer_cert = true",
        "peer_cert_as_username = cn",
        "peer_cert_as_clientid = cn",
        "no_match = deny",
    ):
        assert line in text
    assert text.count("{") == text.count("}")
    assert all(f"listeners.{kind}.default.enable = false" in text for kind in ("tcp", "ws", "wss"))


def test_emqx_rules() -> None:
    lines = (DOCS / "emqx-acl.conf").read_text().splitlines()
    assert [line for line in lines if not line.startswith("%%")] == [
        '{allow, {username, "hisbundle"}, subscribe, [{eq, "ecg/v1/+/chunk"},'
        ' {eq, "ecg/v1/+/key"}]}.',
        '{allow, {username, "hisbundle"}, publish, ["ecg/v1/+/ack", "ecg/v1/+/command"]}.',
        '{allow, all, publish, ["ecg/v1/${username}/chunk", "ecg/v1/${username}/key"]}.',
        '{allow, all, subscribe, ["ecg/v1/${username}/ack", "ecg/v1/${username}/command"]}.',
        "{deny, all}.",
    ]
