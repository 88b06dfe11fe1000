"""Every table, by subject; ``metadata`` is Alembic's target. Queries stand in ``store``.

The road of one chunk: ``device`` -> ``monitoring_session`` -> ``chunk`` -> (``analysis_cursor``)
-> ``finding`` and ``alert`` -> ``resource``. Times are UTC.
"""

from store.tables.alarms import alarm, alarm_event, escalation_policy
from store.tables.analysis import alert, analysis_cursor, digest, finding, gap, report
from store.tables.audit import audit_batch, audit_entry
from store.tables.base import metadata
from store.tables.clients import client, client_assertion, revoked_token
from store.tables.devices import (
    chunk,
    device,
    device_key,
    monitoring_session,
    quarantine,
    service_secret,
    wearing,
)
from store.tables.hl7v2 import hl7v2_message
from store.tables.identity import device_approval, device_certificate
from store.tables.jobs import job, job_part
from store.tables.limits import patient_limits
from store.tables.notifications import notification
from store.tables.reindexing import reindexing
from store.tables.resources import (
    fhir_clock,
    resource,
    resource_concept,
    resource_quantity,
    resource_range,
    resource_token,
    resource_version,
    resource_wording,
)
from store.tables.subscriptions import (
    subscription,
    subscription_cursor,
    subscription_event,
    websocket_token,
)

__all__ = [
    "alarm",
    "alarm_event",
    "alert",
    "analysis_cursor",
    "audit_batch",
    "audit_entry",
    "chunk",
    "client",
    "client_assertion",
    "device",
    "device_approval",
    "device_certificate",
    "device_key",
    "digest",
    "escalation_policy",
    "fhir_clock",
    "finding",
    "gap",
    "hl7v2_message",
    "job",
    "job_part",
    "metadata",
    "monitoring_session",
    "notification",
    "patient_limits",
    "quarantine",
    "reindexing",
    "report",
    "resource",
    "resource_concept",
    "resource_quantity",
    "resource_range",
    "resource_token",
    "resource_version",
    "resource_wording",
    "revoked_token",
    "service_secret",
    "subscription",
    "subscription_cursor",
    "subscription_event",
    "wearing",
    "websocket_token",
]
