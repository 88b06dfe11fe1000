"""Where notifications may be sent to: origins that the operator has listed, by https.

The address behind a name is checked once more at each attempt (core.outbound): names move.
"""

from collections.abc import Sequence
from ipaddress import ip_address

from core import outbound
from core.errors import Forbidden
from core.outbound import Address

_PORTS = {"https": 443, "http": 80}


def origin(url: str) -> str:
    """``scheme://host:port`` of a URL, in one spelling. Raises Forbidden for what is none."""
    target = outbound.parse(url)
    host = target.raw_host.decode("ascii").lower().rstrip(".")
    host = f"[{host}]" if ":" in host else host
    return f"{target.scheme}://{host}:{target.port or _PORTS[target.scheme]}"


def check_endpoint(url: str, origins: Sequence[str]) -> None:
    """Raises Forbidden, saying what would be accepted, unless the operator's list has it."""
    own = origin(url)
    if own.startswith("http:") and not _is_loopback(url):
        raise Forbidden("https, please; plain http goes to this machine alone")
    if own not in {origin(allowed) for allowed in origins}:
        known = ", ".join(origins) or "none so far"
        raise Forbidden(f"{own} is not among the origins that the operator allows: {known}")


def literal(url: str) -> Address | None:
    """The address that a URL names in digits, or None for a name."""
    try:
        return ip_address(outbound.parse(url).host)
    except ValueError:
        return None


def _is_loopback(url: str) -> bool:
    address = literal(url)
    if address is not None:
        return outbound.plain(address).is_loopback
    return outbound.parse(url).host == "localhost"
