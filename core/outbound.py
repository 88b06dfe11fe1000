"""Guarded requests: the one way to an address that somebody else has named.

The name is resolved once, every address that it has is checked, and the connection goes to
one of those, with the name for SNI and certificate: DNS cannot change its mind between check
and use. No redirects, no proxies of the environment, bounded in bytes and time. Source: OWASP
API7:2023, https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeVar

import httpx

from core.errors import Forbidden, Unavailable

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Answer = TypeVar("Answer")

TIMEOUT_S = 5.0
"""Of a fetch as a whole."""
STEP_S = 60.0
MAX_BYTES = 262_144
MAX_ADDRESSES = 16
MAX_URL_CHARS = 2048
_PORTS = {"https": 443, "http": 80}
_MAX_PORT = 65_535

# What clouds tell their machines, keys among it: nobody's key set stands there.
METADATA = frozenset(
    ip_address(text)
    for text in ("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16",
                 "192.0.0.192", "fd00:ec2::254")
)  # fmt: skip
# Opened only by a network that lies inside them: 0.0.0.0/0 does not.
_CLOSED = tuple(
    ip_network(text) for text in ("127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10")
)
_NAT64 = ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ip_network("2000::/3")
"""All that IANA has given out; Python counts old site-local addresses as global."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """Where we may connect to besides public addresses, and whose certificates count there."""

    networks: tuple[Network, ...] = ()
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    async def get(self, url: str) -> tuple[Mapping[str, str], bytes]:
        """Headers and body of ``url``.

        Raises Forbidden for where we do not go, Unavailable for whatever else is not a 200
        of at most MAX_BYTES within TIMEOUT_S.
        """
        accept = (("Accept", "application/json"), ("Accept-Encoding", "identity"))

        async def body(answer: httpx.Response) -> tuple[Mapping[str, str], bytes]:
            return answer.headers, await _body(answer)

        return await self._ask("GET", parse(url), b"", accept, TIMEOUT_S, body)

    async def post(
        self, url: str, body: bytes, headers: Sequence[tuple[str, str]], timeout_s: float
    ) -> int:
        """The status that ``url`` answers ``body`` with, within ``timeout_s``.

        What else it answers is neither read nor told: it would be a way to look at servers that
        only we can reach. Raises Forbidden for where we do not go, Unavailable if nobody answers.
        """

        async def status(answer: httpx.Response) -> int:
            return answer.status_code

        return await self._ask("POST", parse(url), body, headers, timeout_s, status)

    def check_url(self, url: str, address: Address) -> None:
        """Raises Forbidden unless ``address``, which a URL names in digits, is open to us."""
        self.check(parse(url), [address])

    def check(self, target: httpx.URL, addresses: list[Address]) -> None:
        """Raises Forbidden unless every one of ``addresses`` is open to us."""
        for address in map(plain, addresses):
            if not self._is_open(address):
                raise Forbidden(f"{target.host} is at {address}, where we do not connect to")
            if target.scheme == "http" and not address.is_loopback:
                raise Forbidden(f"{target.host}: https, please")

    def _is_open(self, address: Address) -> bool:
        if address in METADATA or address.is_multicast or address.is_unspecified:
            return False
        holders = [network for network in self.networks if address in network]
        closed = next((network for network in _CLOSED if address in network), None)
        if closed is not None:
            return any(_inside(network, closed) for network in holders)
        return _is_public(address) or bool(holders)

    async def _ask(
        self,
        method: str,
        target: httpx.URL,
        body: bytes,
        headers: Sequence[tuple[str, str]],
        timeout_s: float,
        read: Callable[[httpx.Response], Awaitable[Answer]],
    ) -> Answer:
        try:
            async with asyncio.timeout(timeout_s):
                addresses = await _resolve(target)
                self.check(target, addresses)
                return await self._send(method, target, addresses[0], body, headers, read)
        except (OSError, UnicodeError, httpx.HTTPError) as error:
            raise Unavailable(f"{target.host}: {type(error).__name__}") from error

    async def _send(
        self,
        method: str,
        target: httpx.URL,
        address: Address,
        body: bytes,
        headers: Sequence[tuple[str, str]],
        read: Callable[[httpx.Response], Awaitable[Answer]],
    ) -> Answer:
        # Each step is bounded; the bound of the whole is the caller's.
        async with httpx.AsyncClient(
            verify=self.tls, trust_env=False, follow_redirects=False, timeout=STEP_S
        ) as http:
            request = http.build_request(
                method,
                target.copy_with(host=str(address)),
                content=body,
                headers=[("Host", target.netloc.decode("ascii")), *headers],
                extensions={"sni_hostname": target.raw_host.decode("ascii")},
            )
            answer = await http.send(request, stream=True)
            try:
                return await read(answer)
            finally:
                await answer.aclose()


def outbound(networks: tuple[Network, ...], ca_pem: str | None) -> Outbound:
    """From settings: the networks and, in place of the public authorities, a CA."""
    return Outbound(networks, ssl.create_default_context(cadata=ca_pem))


def parse(url: str) -> httpx.URL:
    """A URL that names a host and nothing that could mislead. Raises Forbidden."""
    try:
        target = httpx.URL(url) if len(url) <= MAX_URL_CHARS else None
    except (httpx.InvalidURL, ValueError):
        target = None
    if target is None or target.scheme not in _PORTS or not target.host:
        raise Forbidden("not an https URL")
    if not 1 <= (target.port or _PORTS[target.scheme]) <= _MAX_PORT:
        raise Forbidden("no such port")
    if target.userinfo or target.fragment:
        raise Forbidden("a URL without user and fragment, please")
    return target


def plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, or the address itself."""
    if isinstance(address, IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour
        if inside is None and address in _NAT64:
            inside = IPv4Address(int(address) & 0xFFFFFFFF)
        return inside or address
    return address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_reserved


async def _resolve(target: httpx.URL) -> list[Address]:
    port = target.port or _PORTS[target.scheme]
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(target.host, port, type=socket.SOCK_STREAM)
    if len(found) > MAX_ADDRESSES:
        raise OSError("too many addresses")
    # A zone ("%eth0") belongs to link-local addresses only.
    return [ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]


def _inside(network: Network, closed: Network) -> bool:
    if isinstance(network, IPv4Network) and isinstance(closed, IPv4Network):
        return network.subnet_of(closed)
    if isinstance(network, IPv6Network) and isinstance(closed, IPv6Network):
        return network.subnet_of(closed)
    return False


async def _body(answer: httpx.Response) -> bytes:
    if answer.status_code != 200:
        raise httpx.HTTPError(f"status {answer.status_code}")
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise httpx.HTTPError("compressed, although we asked for identity")
    received = bytearray()
    async for part in answer.aiter_raw():
        received += part
        if len(received) > MAX_BYTES:
            raise httpx.HTTPError("too long")
    return bytes(received)
