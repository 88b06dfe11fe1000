"""The agents of an AuditEvent: the caller, this server and, where there is one, the token.

IHE BALP 1.1.4: IHE.BasicAudit.Read, Query, Create, Update, Delete and OAUTHaccessTokenUse.
"""

from core.audit import Entry
from fhir.audit import codes
from fhir.audit.interaction import action
from fhir.codes import Code, concept
from fhir.values import Json, compact

_IP, _URI = "2", "5"
"""https://hl7.org/fhir/R4/valueset-network-type.html."""


def agents(entry: Entry) -> list[Json]:
    """Caller and server in the roles of the entry's profile, and the bearer of the token."""
    client, server = roles(entry.interaction)
    found = [_client(entry, client), _server(entry, server)]
    return [*found, _bearer(entry)] if entry.token is not None else found


def roles(interaction: str) -> tuple[Code, Code]:
    """What caller and server are: of what is read, the server is the source."""
    if interaction == "token":
        return codes.APPLICATION, codes.OAUTH_SERVER
    match action(interaction):
        case "R":
            return codes.DESTINATION, codes.SOURCE
        case "D":
            return codes.APPLICATION, codes.CUSTODIAN
        case _:
            return codes.SOURCE, codes.DESTINATION


def who(system: str, value: str | None) -> Json:
    """Somebody who is no resource of this server."""
    return {"identifier": {"system": system, "value": value}} if value else {"display": "unknown"}


def _client(entry: Entry, role: Code) -> Json:
    network = {"address": entry.address, "type": _IP} if entry.address else None
    return compact(
        {
            "type": concept(role),
            "who": who(codes.CLIENT_SID, entry.client),
            "altId": entry.client,
            "requestor": entry.token is None,
            "network": network or {"address": "unknown"},
        }
    )


def _server(entry: Entry, role: Code) -> Json:
    return {
        "type": concept(role),
        "who": who(codes.SERVER_SID, entry.server),
        "requestor": False,
        "network": compact({"address": entry.server or "unknown", "type": _URI}),
    }


def _bearer(entry: Entry) -> Json:
    purpose = None
    if entry.reason is not None:
        purpose = [concept(codes.BREAK_THE_GLASS, text=entry.reason)]
    return compact(
        {
            "type": concept(codes.OAUTH_AGENT),
            "who": who(codes.CLIENT_SID, entry.client),
            "requestor": True,
            "policy": [f"{codes.JTI}{entry.token}"],
            "purposeOfUse": purpose,
        }
    )
