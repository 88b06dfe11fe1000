"""Bearer tokens whose signature has been checked: once per token, not once per request.

ES256 takes a quarter of a millisecond, more than the rest of a read. Tokens are kept as SHA-256
digests, with whom they speak for; whether they were revoked is looked up elsewhere.
"""

import time
from collections import OrderedDict
from hashlib import sha256

from joserfc.jwk import ECKey

from api.tokens import CLOCK_SKEW_S, Caller, verify

KEPT_MAX = 4096


class Verified:
    """Verifies tokens by one key; another key needs another of these, which begins empty."""

    def __init__(self, key: ECKey, kept_max: int = KEPT_MAX) -> None:
        self._key = key
        self._kept_max = kept_max
        self._kept: OrderedDict[bytes, Caller] = OrderedDict()

    def caller(self, token: str) -> Caller:
        """Whom ``token`` speaks for. Raises InvalidToken, also once it has expired."""
        digest = sha256(token.encode()).digest()
        known = self._kept.get(digest)
        if known is not None and time.time() < known.expires_at + CLOCK_SKEW_S:
            self._kept.move_to_end(digest)
            return known
        self._kept.pop(digest, None)
        found = verify(self._key, token)
        self._kept[digest] = found
        if len(self._kept) > self._kept_max:
            self._kept.popitem(last=False)  # the one that was used longest ago
        return found
