"""A small hospital with a session of one patient, and somebody who may do all there is."""

import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey

from api.smart import introspection
from api.tokens import issue
from core.settings import Settings
from fhir.values import Json
from store.database import Database
from tests.api.fuzz.support import Wire
from tests.api.search.world import WORLD
from tests.api.support import flag, store, strip

SCOPES = (
    "system/*.cruds",
    "system/AuditEvent.rs",
    "hisbundle/metrics",
    "hisbundle/break-glass",
    introspection.SCOPE,
)
REPORT: Json = {
    "resourceType": "DiagnosticReport",
    "id": "r0",
    "status": "final",
    "code": {"text": "ECG"},
    "subject": {"reference": "Patient/p0"},
    "result": [{"reference": "Observation/o00"}],
}


@pytest.fixture
def settings() -> Settings:
    return Settings.model_validate({"public_url": "http://ecg.test"})


@pytest.fixture
def token(token_key: ECKey) -> str:
    return issue(token_key, SCOPES, 3600)


@pytest.fixture
async def wire(app: FastAPI, token: str, database: Database) -> Wire:
    more = [REPORT, strip("s0", "p0"), flag("f0", "p0", "active", "2026-03-01")]
    await store(database, *WORLD, *more)
    return Wire(app, token)
