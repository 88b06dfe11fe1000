"""Where everything is: one line for each address, most of them from the declarations."""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import Response

from api import (
    binaries,
    catalogue,
    enrolments,
    histories,
    metadata,
    metrics,
    openapi,
    reads,
    searches,
    validations,
)
from api.audit import events
from api.bulk import files, kickoff, orders, status
from api.dispatch import Endpoint
from api.guide import endpoint as guide
from api.operations import routes as operations
from api.site import FHIR_PATH
from api.smart import discovery, introspection, revocation, token
from api.writes import bundles, create, delete, incoming, patch, update
from fhir.profiles.catalogue import TYPES as CATALOGUE_TYPES
from fhir.search.params import Interaction, ResourceType
from fhir.search.registry import TYPES
from fhir.validation.elements import WRITABLE

Handler = Callable[[Request, ResourceType], Awaitable[Response]]

_ROUTES: tuple[tuple[Interaction, str, str, Handler], ...] = (
    (Interaction.SEARCH_TYPE, "", "GET", searches.search_get),
    (Interaction.SEARCH_TYPE, "/_search", "POST", searches.search_post),
    (Interaction.HISTORY_TYPE, "/_history", "GET", histories.of_type),
    (Interaction.READ, "/{id}", "GET", reads.read),
    (Interaction.HISTORY_INSTANCE, "/{id}/_history", "GET", histories.of_resource),
    (Interaction.VREAD, "/{id}/_history/{version}", "GET", reads.vread),
    (Interaction.CREATE, "", "POST", create.create),
    (Interaction.UPDATE, "/{id}", "PUT", update.update),
    (Interaction.UPDATE, "", "PUT", update.conditional_update),
    (Interaction.PATCH, "/{id}", "PATCH", patch.patch),
    (Interaction.PATCH, "", "PATCH", patch.conditional_patch),
    (Interaction.DELETE, "/{id}", "DELETE", delete.delete),
    (Interaction.DELETE, "", "DELETE", delete.conditional_delete),
)


def install(app: FastAPI) -> None:
    """Give ``app`` every route that there is."""
    app.router.routes.extend(_made().routes)


@cache
def _made() -> APIRouter:
    """The routes. They know no application, and to make them takes longer than all else of one."""
    app = APIRouter()
    _serve_service(app)
    for path, methods, endpoint in operations.ROUTES:
        for method in methods:
            _add(app, FHIR_PATH + path, method, endpoint)
    for name in CATALOGUE_TYPES:
        _add(app, f"{FHIR_PATH}/{name}", "GET", catalogue.search(name))
        _add(app, f"{FHIR_PATH}/{name}/_search", "POST", catalogue.search(name))
        _add(app, f"{FHIR_PATH}/{name}/{{id}}", "GET", catalogue.read(name))
    _serve_bulk(app)
    for kind in TYPES.values():
        _serve_type(app, kind)
    _serve_audit(app)
    return app


def _serve_service(app: APIRouter) -> None:
    for prefix in ("", FHIR_PATH):
        _add(app, f"{prefix}/metadata", "GET", metadata.metadata)
        smart = f"{prefix}/.well-known/smart-configuration"
        _add(app, smart, "GET", discovery.smart_configuration)
    _add(app, guide.PATH, "GET", guide.guide)
    _add(app, f"{FHIR_PATH}/_history", "GET", histories.of_system)
    _add(app, token.PATH, "POST", token.token)
    _add(app, introspection.PATH, "POST", introspection.introspect)
    _add(app, revocation.PATH, "POST", revocation.revoke)
    _add(app, "/health", "GET", metadata.health)
    _add(app, "/metrics", "GET", metrics.metrics)
    _add(app, "/enrolment/key", "GET", enrolments.key)
    _add(app, "/enrolment", "POST", enrolments.enrol)
    for path in (FHIR_PATH, f"{FHIR_PATH}/"):
        _add(app, path, "POST", bundles.bundle, incoming.BUNDLE_BODY)


def _serve_bulk(app: APIRouter) -> None:
    for method in ("GET", "POST"):
        _add(app, f"{FHIR_PATH}/$export", method, kickoff.system)
        _add(app, f"{FHIR_PATH}/Patient/$export", method, kickoff.patients)
        _add(app, f"{FHIR_PATH}/Group/{{id}}/$export", method, kickoff.group)
    job = f"{FHIR_PATH}{orders.PATH}/{{job}}"
    _add(app, job, "GET", status.status)
    _add(app, job, "DELETE", status.cancel)
    _add(app, f"{job}/{{number}}.ndjson", "GET", files.download)


def _serve_audit(app: APIRouter) -> None:
    path = f"{FHIR_PATH}/AuditEvent"
    _add(app, path, "GET", events.search_get)
    _add(app, f"{path}/_search", "POST", events.search_post)
    _add(app, f"{path}/{{id}}", "GET", events.read)


def _serve_type(app: APIRouter, kind: ResourceType) -> None:
    for interaction, path, method, handler in _ROUTES:
        if interaction in kind.interactions:
            serve = binaries.read if kind.name == "Binary" else handler
            sent = incoming.BODIES.get(interaction)
            _add(app, f"{FHIR_PATH}/{kind.name}{path}", method, _bound(serve, kind), sent)

    if kind.name in WRITABLE:
        path = f"{FHIR_PATH}/{kind.name}"
        _add(app, f"{path}/$validate", "POST", _bound(validations.of_type, kind))
        for method in ("GET", "POST"):
            instance = _bound(validations.of_resource, kind)
            _add(app, f"{path}/{{id}}/$validate", method, instance)


def _bound(handler: Handler, kind: ResourceType) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        return await handler(request, kind)

    endpoint.__name__ = f"{handler.__name__}_{kind.name}"
    endpoint.__doc__ = handler.__doc__
    return endpoint


def _add(
    app: APIRouter, path: str, method: str, endpoint: Endpoint, body: dict[str, Any] | None = None
) -> None:
    app.add_api_route(
        path,
        endpoint,
        methods=[method],
        response_class=Response,
        response_model=None,
        status_code=openapi.status(path, method, body),
        openapi_extra=openapi.operation(path, method, body),
    )
    if method == "GET":
        app.add_api_route(
            path, endpoint, methods=["HEAD"], response_model=None, include_in_schema=False
        )
