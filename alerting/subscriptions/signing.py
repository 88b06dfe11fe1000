"""Signatures of notifications: HMAC-SHA256 of the body, under a secret of each Subscription.

The secret follows from one of the service, which the key vault wraps, and the Subscription's id:
nothing that is secret stands in the resource, and every process knows it. The header is that of
WebSub, https://www.w3.org/TR/websub/#signing-content.
"""

import hmac
import secrets
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.keys import KeyName, KeyPurpose, KeyVault
from store import secrets as service_secrets
from store.database import Database

HEADER = "X-Hub-Signature"
SECRET_NAME = "subscriptions"  # noqa: S105 (a name, not a secret)
_KEY_NAME = KeyName(KeyPurpose.SERVICE, SECRET_NAME, 1)
_BYTES = 32


async def load_root(database: Database, vault: KeyVault) -> bytes:
    """The service's secret, made on first use; all processes agree on one."""
    async with database.transaction() as tx:
        wrapped = await service_secrets.find(tx, SECRET_NAME)
    if wrapped is None:
        ours = await vault.wrap(_KEY_NAME, secrets.token_bytes(_BYTES))
        async with database.transaction() as tx:
            wrapped = await service_secrets.put_first(tx, SECRET_NAME, ours)
    return await vault.unwrap(_KEY_NAME, wrapped)


def secret(root: bytes, id_: str) -> str:
    """The secret of a Subscription, as its subscriber is told it: 64 hexadecimal digits."""
    info = b"hisbundle subscription " + id_.encode()
    return HKDF(SHA256(), _BYTES, None, info).derive(root).hex()


def signature(secret_: str, body: bytes) -> str:
    """The value of ``HEADER`` for ``body``; the key is the secret's text, as it was told."""
    return f"sha256={hmac.new(secret_.encode(), body, sha256).hexdigest()}"
