"""Addresses of files in exported lines: absolute, as a line has no base of its own.

Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html#attachments
"""

from typing import Any

from core import json_text

_RELATIVE = "Binary/"


def absolute(body: bytes, base: str) -> bytes:
    """``body`` with each url that is relative to the FHIR base (``base``) made absolute."""
    if f'"{_RELATIVE}'.encode() not in body:
        return body
    return json_text.dumps(_absolute(json_text.loads(body), base))


def _absolute(node: Any, base: str) -> Any:
    if isinstance(node, list):
        return [_absolute(each, base) for each in node]
    if not isinstance(node, dict):
        return node
    made = {name: _absolute(value, base) for name, value in node.items()}
    url = made.get("url")
    if isinstance(url, str) and url.startswith(_RELATIVE):
        made["url"] = f"{base}/{url}"
    return made
