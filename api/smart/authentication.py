"""Client authentication at an OAuth endpoint (RFC 7521, section 4.2)."""

from starlette.requests import Request

from api.site import site
from api.smart.assertion import TYPE
from api.smart.form import need
from api.smart.refusal import Refusal
from store.clients import Client


async def authenticate(request: Request, form: dict[str, str]) -> Client:
    """The client that makes the request. Raises Refusal."""
    if "client_assertion" not in form and "client_assertion_type" not in form:
        raise Refusal("invalid_client", "private_key_jwt is the only client authentication")
    if need(form, "client_assertion_type") != TYPE:
        raise Refusal("invalid_request", f"client_assertion_type is {TYPE}")
    smart = site(request).smart
    audience = smart.audience(request)
    client = await smart.authenticator.client(need(form, "client_assertion"), audience)
    if form.get("client_id", client.id) != client.id:
        raise Refusal(
            "invalid_client", "client_id is another than the assertion's", client=client.id
        )
    return client
