"""One notification by rest-hook: headers, signature, and what its answer means."""

from collections.abc import Sequence
from typing import Protocol

from alerting.subscriptions import metrics, signing
from core.errors import Forbidden, Unavailable
from fhir.subscriptions.endpoints import check_endpoint
from fhir.subscriptions.sending import Asking, Notice

EVENT_HEADER = "X-Event-Id"
_USER_AGENT = "hisbundle"
_GONE = 410
_OK, _NOT_OK = 200, 300


class Post(Protocol):
    """See core.outbound.Outbound.post."""

    async def __call__(
        self, url: str, body: bytes, headers: Sequence[tuple[str, str]], timeout_s: float
    ) -> int:
        """The status of the answer."""
        ...


class NotTaken(Exception):
    """The subscriber did not take it; ``status`` is what it answered, if it did.

    ``is_final`` says that it is of no use to try again.
    """

    def __init__(self, told: str, status: int | None = None, *, is_final: bool = False) -> None:
        super().__init__(told)
        self.status = status
        self.is_final = is_final


async def send(
    post: Post, origins: Sequence[str], secret: str, asked: Asking, notice: Notice
) -> int:
    """Bring a notification to its endpoint; the status of the answer. Raises NotTaken."""
    endpoint = asked.wanted.endpoint or ""
    try:
        check_endpoint(endpoint, origins)
    except Forbidden as error:
        raise NotTaken(str(error), is_final=True) from None
    try:
        status = await post(
            endpoint, notice.body, headers(secret, asked, notice), asked.wanted.timeout_s
        )
    except (Forbidden, Unavailable) as error:
        metrics.ATTEMPTS.labels("failed").inc()
        raise NotTaken(str(error)) from None
    if _OK <= status < _NOT_OK:
        metrics.ATTEMPTS.labels("taken").inc()
        return status
    metrics.ATTEMPTS.labels("refused").inc()
    raise NotTaken(f"HTTP {status}", status, is_final=status == _GONE)


def headers(secret: str, asked: Asking, notice: Notice) -> list[tuple[str, str]]:
    """What goes with it: the client's own, the media type, the signature, the events' numbers."""
    own = [
        ("Content-Type", asked.wanted.media_type),
        ("User-Agent", _USER_AGENT),
        (signing.HEADER, signing.signature(secret, notice.body)),
    ]
    if notice.last:
        own.append((EVENT_HEADER, f"{asked.state.id}/{notice.first}-{notice.last}"))
    theirs = {name.lower() for name, _ in asked.wanted.headers}
    return [(n, v) for n, v in own if n.lower() not in theirs] + list(asked.wanted.headers)
