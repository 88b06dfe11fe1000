"""Entries of a batch or transaction Bundle as requests of their own.

https://hl7.org/fhir/R4/bundle.html#request
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, unquote

from api.writes.incoming import PATCH_TYPE
from core import json_text
from core.errors import Incorrect, Invalid, TooCostly
from fhir.values import Json

MAX_ENTRIES = 500
FHIR_TYPE = "application/fhir+json"
_METHODS = ("DELETE", "POST", "PUT", "PATCH", "GET", "HEAD")
_HEADERS = {"ifMatch": "if-match", "ifNoneMatch": "if-none-match", "ifNoneExist": "if-none-exist"}
_HEADER_MAX = 2000
_ASCII = bytes(range(32, 127)).decode()


@dataclass(frozen=True, slots=True)
class Entry:
    """One request: ``path`` is below the FHIR base, ``query`` as in a URL.

    ``resource`` is what is sent; of a PATCH it is the Binary that holds the operations.
    """

    number: int
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    full_url: str | None
    resource: Json | None

    @property
    def body(self) -> tuple[str, bytes]:
        """Media type and content. Raises Incorrect for a patch that is none."""
        if self.resource is None:
            return FHIR_TYPE, b""
        if self.method != "PATCH":
            return FHIR_TYPE, json_text.dumps(self.resource)
        media_type, data = self.resource.get("contentType"), self.resource.get("data")
        if self.resource.get("resourceType") != "Binary" or media_type != PATCH_TYPE:
            raise Incorrect(f"resource: PATCH takes a Binary of {PATCH_TYPE}")
        try:
            return PATCH_TYPE, b64decode(str(data), validate=True)
        except (Base64Error, ValueError):
            raise Incorrect("resource.data: is no base64") from None


def of_bundle(sent: Json) -> tuple[str, list[Any]]:
    """The Bundle's type and its entries as sent. Raises Incorrect, Invalid and TooCostly."""
    if sent.get("resourceType") != "Bundle":
        raise Incorrect("resourceType: this address takes a Bundle")
    type_ = sent.get("type")
    if type_ not in ("batch", "transaction"):
        raise Invalid("Bundle.type: batch or transaction is taken here")
    listed = sent.get("entry", [])
    if not isinstance(listed, list):
        raise Incorrect("Bundle.entry: must be a list")
    if len(listed) > MAX_ENTRIES:
        raise TooCostly(f"Bundle.entry: more than {MAX_ENTRIES} at once; send several Bundles")
    return type_, listed


def entry(number: int, sent: Any, base: str) -> Entry:
    """An entry of a Bundle. Raises Incorrect for what is no request to this server."""
    if not isinstance(sent, dict) or not isinstance(sent.get("request"), dict):
        raise Incorrect("request: must be there")
    asked, resource, full_url = sent["request"], sent.get("resource"), sent.get("fullUrl")
    method, url = asked.get("method"), asked.get("url")
    if method not in _METHODS:
        raise Incorrect(f"request.method: must be one of {', '.join(_METHODS)}")
    if not isinstance(url, str) or not (full_url is None or isinstance(full_url, str)):
        raise Incorrect("request.url and fullUrl: must be texts")
    if resource is not None and not isinstance(resource, dict):
        raise Incorrect("resource: must be an object")
    path, _, query = url.removeprefix(f"{base}/").removeprefix("/").partition("?")
    if not path or "://" in path or "\x00" in unquote(path):
        raise Incorrect("request.url: must be an address below the base of this server")
    headers = tuple(_headers(asked))
    return Entry(number, method, unquote(path), query, headers, full_url, resource)


def line(sent: Any) -> str:
    """What an entry asks for, as it is told in the audit trail: its method and URL."""
    asked = sent.get("request") if isinstance(sent, dict) else None
    return f"{asked.get('method')} {asked.get('url')}" if isinstance(asked, dict) else ""


def _headers(asked: Json) -> Iterator[tuple[str, str]]:
    for name, header in _HEADERS.items():
        value = asked.get(name)
        if value is not None:
            if not isinstance(value, str) or len(value) > _HEADER_MAX:
                raise Incorrect(f"request.{name}: must be a short text")
            # A header has no other letters; what is a search may have them escaped.
            yield header, quote(value, safe=_ASCII)
    since = asked.get("ifModifiedSince")
    if since is not None:
        yield "if-modified-since", _http_date(since)


def _http_date(instant: Any) -> str:
    try:
        moment = datetime.fromisoformat(instant)
        return format_datetime(moment)
    except (TypeError, ValueError):
        raise Incorrect("request.ifModifiedSince: is no instant") from None
