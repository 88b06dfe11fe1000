"""Public keys of clients: JSON Web Key Sets (RFC 7517), and the one that an assertion names."""

from base64 import urlsafe_b64decode
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from core.errors import Incorrect

ALGORITHMS = ("RS384", "ES384")
MAX_KEYS = 32
MAX_KID_CHARS = 255
_KINDS = {"RS384": "RSA", "ES384": "EC"}
_PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
_MIN_RSA_BYTES, _MAX_RSA_BYTES = 256, 1024

Key = ECKey | RSAKey
Jwks = dict[str, Any]


def key_set(document: object) -> Jwks:
    """A set of public keys of which at least one can sign assertions. Raises Incorrect."""
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not 1 <= len(keys) <= MAX_KEYS:
        raise Incorrect(f"a JSON Web Key Set of 1 to {MAX_KEYS} keys, please")
    if not all(isinstance(key, dict) for key in keys):
        raise Incorrect("a key that is no JSON object")
    if any(_PRIVATE & set(key) for key in keys):
        raise Incorrect("a private or secret key; public ones only, please")
    usable = [key for key in keys if _named(key) and any(_fits(key, a) for a in ALGORITHMS)]
    if not usable:
        raise Incorrect("no key with a kid for RS384 (RSA, 2048 bits or more) or ES384 (P-384)")
    for key in usable:
        _imported(key)
    return {"keys": keys}


def names(jwks: Jwks, kid: str) -> bool:
    """Whether a key of that name is in the set."""
    return any(key.get("kid") == kid for key in jwks["keys"])


def select(jwks: Jwks, kid: str, algorithm: str) -> Key | None:
    """The key that ``kid`` names for ``algorithm``; None if there is none, or more than one."""
    found = [key for key in jwks["keys"] if key.get("kid") == kid and _fits(key, algorithm)]
    if len(found) != 1:
        return None
    try:
        return _imported(found[0])
    except Incorrect:
        return None


def _named(key: Jwks) -> bool:
    kid = key.get("kid")
    return isinstance(kid, str) and 1 <= len(kid) <= MAX_KID_CHARS


def _fits(key: Jwks, algorithm: str) -> bool:
    if key.get("kty") != _KINDS[algorithm] or key.get("alg", algorithm) != algorithm:
        return False
    operations = key.get("key_ops", ["verify"])
    may_verify = isinstance(operations, list) and "verify" in operations
    if key.get("use", "sig") != "sig" or not may_verify:
        return False
    if algorithm == "ES384":
        return bool(key.get("crv") == "P-384")
    return _MIN_RSA_BYTES <= _modulus_bytes(key) <= _MAX_RSA_BYTES


def _modulus_bytes(key: Jwks) -> int:
    try:
        text = str(key.get("n", "")).encode("ascii")
        return len(urlsafe_b64decode(text + b"=" * (-len(text) % 4)).lstrip(b"\x00"))
    except ValueError:
        return 0


def _imported(key: Jwks) -> Key:
    material: dict[str, Any] = {
        name: key[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in key
    }
    try:
        kind = RSAKey if key["kty"] == "RSA" else ECKey
        imported: Key = kind.import_key(material)
        _ = imported.public_key  # the numbers are read only now
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise Incorrect(f"a key that is none: {type(error).__name__}") from None
    return imported
