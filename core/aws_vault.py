"""A vault in AWS: keys encrypted by KMS, kept in Systems Manager Parameter Store.

https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html. The key's name is
the encryption context, so KMS itself refuses a key under another name. What the database
holds is a parameter's name with its version: a lost race between two enrolments can add a
version, but never change one. One KMS call per wrap and per unwrap.
"""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from core.errors import Fault, Incorrect, NotFound, Unavailable
from core.keys import KeyName, KeyPurpose

_CALLS = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "max_attempts": 3})
_WRONG = {"InvalidCiphertextException", "IncorrectKeyException"}
_OURS = {"ValidationException"}
_LOST = {"ParameterNotFound", "ParameterVersionNotFound"}


@contextmanager
def _aws_errors(name: KeyName) -> Iterator[None]:
    """Translate AWS's errors. What an administrator can mend there is Unavailable here."""
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _WRONG:
            raise Incorrect(f"KMS did not wrap this key for {name}") from error
        if code in _LOST:
            raise NotFound(f"Parameter Store has lost the key {name}") from error
        if code in _OURS:
            raise Fault(f"AWS: {error}") from error
        raise Unavailable(f"AWS: {error}") from error
    except ParamValidationError as error:
        raise Fault(f"AWS: {error}") from error
    except BotoCoreError as error:
        raise Unavailable(f"AWS is away: {error}") from error


class AwsVault:
    """Wraps keys with a KMS key and stores them under ``prefix`` in Parameter Store.

    ``kms`` and ``ssm`` are boto3 clients, called in threads; ``connect`` makes them.
    """

    def __init__(self, kms: Any, ssm: Any, kms_key_id: str, prefix: str) -> None:
        self._kms, self._ssm = kms, ssm
        self._kms_key_id, self._prefix = kms_key_id, prefix.rstrip("/")

    @classmethod
    def connect(
        cls, region: str, endpoint_url: str | None, kms_key_id: str, prefix: str
    ) -> "AwsVault":
        """A vault with clients of its own; credentials come from boto3's usual chain."""
        session = boto3.Session(region_name=region)
        kms = session.client("kms", endpoint_url=endpoint_url, config=_CALLS)
        ssm = session.client("ssm", endpoint_url=endpoint_url, config=_CALLS)
        return cls(kms, ssm, kms_key_id, prefix)

    def parameter(self, name: KeyName) -> str:
        """Where a key is kept, as /ecg/dev/devices/<id>/keys/<epoch>."""
        folder = "devices" if name.purpose is KeyPurpose.DEVICE else "services"
        return f"{self._prefix}/{folder}/{name.owner}/keys/{name.epoch}"

    async def wrap(self, name: KeyName, key: bytes) -> bytes:
        """Encrypt and store the key; the parameter's name and version, to be kept."""
        return await self._call(name, self._wrap, name, key)

    async def unwrap(self, name: KeyName, wrapped: bytes) -> bytes:
        """Fetch and decrypt the key.

        Raises Incorrect if it was wrapped under another name, NotFound if the parameter is
        gone, Unavailable if AWS is away or does not let us.
        """
        return await self._call(name, self._unwrap, name, wrapped)

    @staticmethod
    async def _call(name: KeyName, work: Callable[..., bytes], *args: object) -> bytes:
        with _aws_errors(name):
            return await asyncio.to_thread(work, *args)

    def _wrap(self, name: KeyName, key: bytes) -> bytes:
        sealed = self._kms.encrypt(
            KeyId=self._kms_key_id, Plaintext=key, EncryptionContext=name.context()
        )["CiphertextBlob"]
        parameter = self.parameter(name)
        version = self._ssm.put_parameter(
            Name=parameter,
            Value=b64encode(sealed).decode(),
            Type="SecureString",
            KeyId=self._kms_key_id,
            Overwrite=True,
        )["Version"]
        return f"{parameter}:{version}".encode()

    def _unwrap(self, name: KeyName, wrapped: bytes) -> bytes:
        try:
            stored = self._ssm.get_parameter(Name=wrapped.decode(), WithDecryption=True)
            sealed = b64decode(stored["Parameter"]["Value"], validate=True)
        except ValueError:
            raise Incorrect(f"not the name of a parameter with the key {name}") from None
        opened = self._kms.decrypt(
            KeyId=self._kms_key_id, CiphertextBlob=sealed, EncryptionContext=name.context()
        )
        key: bytes = opened["Plaintext"]
        return key
