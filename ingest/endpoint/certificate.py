"""Whom a client certificate names, and whether that is who CONNECT says (RFC 5280, 4.1.2.6)."""

from collections.abc import Mapping
from typing import Any

_URN = "urn:uuid:"


def names_in(certificate: Mapping[str, Any]) -> frozenset[str]:
    """Common name and alternative names of a verified certificate, as ``getpeercert`` gives it.

    A URI ``urn:uuid:<id>`` (RFC 9562) is the name <id>.
    """
    subject = (pair for part in certificate.get("subject", ()) for pair in part)
    common = {value for kind, value in subject if kind == "commonName"}
    others = {
        value.removeprefix(_URN)
        for kind, value in certificate.get("subjectAltName", ())
        if kind in ("DNS", "URI")
    }
    return frozenset(common | others)


def mismatch(username: str, certificate: Mapping[str, Any] | None, required: bool) -> str | None:
    """Why a client may not enter under this user name, None if it may.

    A certificate is checked wherever one is shown, also where none is ``required``.
    """
    if not certificate:
        return "no client certificate" if required else None
    if username not in names_in(certificate):
        return "client certificate of another"
    return None
