"""AWS IoT Core as the devices' authority: a thing for each device, a certificate for each request.

https://docs.aws.amazon.com/iot/latest/developerguide/x509-client-certs.html. The device's key
never leaves it: AWS signs its request. The certificate is attached to a thing named by the device's
id, so that the policy's ``iot:Connection.Thing.ThingName`` binds it to its own topics
(docs/brokers.md).
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from core.authority import Issued, requested_key
from core.errors import Unavailable

_CALLS = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "max_attempts": 3})


@contextmanager
def _aws_errors() -> Iterator[None]:
    """What goes wrong there is for an administrator to mend: the device asks again."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise Unavailable(f"AWS IoT: {error}") from error


class AwsIotIssuer:
    """Certificates signed by AWS IoT (``core.issuer.Issuer``), each under ``policy``.

    ``iot`` is a boto3 client, called in threads; ``connect`` makes one.
    """

    def __init__(self, iot: Any, policy: str) -> None:
        self._iot, self._policy = iot, policy

    @classmethod
    def connect(cls, region: str, endpoint_url: str | None, policy: str) -> "AwsIotIssuer":
        """With a client of its own; credentials come from boto3's usual chain."""
        session = boto3.Session(region_name=region)
        return cls(session.client("iot", endpoint_url=endpoint_url, config=_CALLS), policy)

    async def issue(self, request_der: bytes, device_id: UUID, now: datetime) -> Issued:
        """As ``Issuer.issue``; the names in it are AWS's, its end too."""
        requested_key(request_der)
        return await asyncio.to_thread(self._issue, request_der, str(device_id), now)

    async def revoke(self, device_id: UUID) -> None:
        """Revoke every certificate of the device's thing."""
        await asyncio.to_thread(self._revoke, str(device_id))

    def _issue(self, request_der: bytes, thing: str, now: datetime) -> Issued:
        request = x509.load_der_x509_csr(request_der).public_bytes(Encoding.PEM).decode()
        with _aws_errors():
            self._iot.create_thing(thingName=thing)  # the same again is the same
            made = self._iot.create_certificate_from_csr(
                certificateSigningRequest=request, setAsActive=True
            )
            arn = made["certificateArn"]
            self._iot.attach_policy(policyName=self._policy, target=arn)
            self._iot.attach_thing_principal(thingName=thing, principal=arn)
        signed = x509.load_pem_x509_certificate(made["certificatePem"].encode())
        serial, ends = f"{signed.serial_number:x}", signed.not_valid_after_utc
        return Issued(serial, made["certificatePem"], now, ends)

    def _revoke(self, thing: str) -> None:
        with _aws_errors():
            try:
                found = self._iot.list_thing_principals(thingName=thing)["principals"]
            except self._iot.exceptions.ResourceNotFoundException:
                return  # it never asked for one
            for arn in found:
                name = arn.rsplit("/", 1)[-1]
                self._iot.update_certificate(certificateId=name, newStatus="REVOKED")
