"""What clients can find out: .well-known/smart-configuration, and the statement's security.

Source: https://hl7.org/fhir/smart-app-launch/conformance.html
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api import metrics
from api.site import site
from api.smart import introspection, revocation, token
from api.smart.keys import ALGORITHMS
from fhir.search.capability import SECURITY
from fhir.search.registry import TYPES
from fhir.values import Json

OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
SERVICE = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_PATHS = {"token": token.PATH, "introspect": introspection.PATH, "revoke": revocation.PATH}


async def smart_configuration(request: Request) -> Response:
    """What SMART clients may expect: backend services, and no launch of apps.

    ``code_challenge_methods_supported`` is required of every server, also of one that has no
    authorisation endpoint to use it at.
    """
    root = site(request).root(request)
    scopes = [f"system/{name}.rs" for name in ("*", *TYPES)]
    return JSONResponse(
        {
            "token_endpoint": root + token.PATH,
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
            "grant_types_supported": ["client_credentials"],
            "introspection_endpoint": root + introspection.PATH,
            "revocation_endpoint": root + revocation.PATH,
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": [
                *scopes, "patient/*.rs", "system/Device.c", introspection.SCOPE, metrics.SCOPE
            ],
            "capabilities": [
                "client-confidential-asymmetric", "permission-patient", "permission-v1",
                "permission-v2",
            ],
        }
    )  # fmt: skip


def security(root: str) -> Json:
    """The part of ``CapabilityStatement.rest.security`` that is SMART's."""
    coding = {"system": SERVICE, "code": "SMART-on-FHIR", "display": "SMART-on-FHIR"}
    uris = [{"url": name, "valueUri": root + path} for name, path in _PATHS.items()]
    told = f"Registered clients get one at {root}{token.PATH}, by private_key_jwt."
    return {
        "description": f"{SECURITY} {told}",
        "extension": [{"url": OAUTH_URIS, "extension": uris}],
        "service": [{"coding": [coding], "text": "SMART App Launch 2.2, Backend Services"}],
    }
