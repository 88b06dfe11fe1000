"""The roles of a process: what each one is made of, in the order in which they stop."""

import asyncio
import contextlib
import datetime
from collections.abc import Awaitable, Callable, Coroutine
from uuid import UUID

from analysis.classifier import DEFAULT_ARTEFACT, read_card
from analysis.drift import read_monitor
from analysis.work.metrics import watch
from analysis.work.worker import AnalysisWorker, Pace
from api.bulk.worker import BulkWorker
from api.enrolment import Enrolment, MqttAddress
from api.hl7v2 import letterhead
from api.main import create_app
from api.tokens import KEY_FILE, load_or_create_key
from core.settings import Role
from fhir.publishing.publisher import Publisher
from fhir.publishing.reindexer import Reindexer
from hisbundle.address import fhir_url, mqtt_host
from hisbundle.certifying import issuer
from hisbundle.embedded.certificates import ServerTls
from hisbundle.engines import engines, model_ids
from hisbundle.hl7v2 import courier
from hisbundle.http import serve_http
from hisbundle.notifiers import notifiers
from hisbundle.parts import Parts
from hisbundle.revocation import keep_watch
from ingest.accept import Ingest
from ingest.broker.address import parse_address
from ingest.endpoint import MqttEndpoint
from ingest.enrol import load_enrolment_key
from ingest.rotation import ByTopic, KeyDesk, ask_for_keys
from ingest.subscriber import subscriber_from
from store import devices

DRAIN_S = 20.0
"""What a road gets to settle what it has taken, once asked to stop."""
TLS_LOOK_S = 6 * 3600.0


async def ingest(parts: Parts) -> None:
    """Take chunks in, through the embedded endpoint or as a broker's subscriber."""
    settings = parts.settings
    # Opened here too, so that a lost master key is told at the start and not chunk by chunk.
    key = await load_enrolment_key(parts.database, parts.vault)
    desk = KeyDesk(parts.database, parts.vault, key, settings.quarantine_max_per_device)
    core = Ingest(
        parts.database,
        parts.keys,
        batch_max=settings.ingest_batch_max,
        linger_s=settings.ingest_linger_ms / 1000,
        queue_max=settings.ingest_queue_max,
        quarantine_max=settings.quarantine_max_per_device,
    )
    async with core:
        if parts.tls is None:
            await _from_broker(parts, core, desk)
        else:
            await _from_endpoint(parts, core, desk, parts.tls)


async def _from_endpoint(parts: Parts, core: Ingest, desk: KeyDesk, tls: ServerTls) -> None:
    host, port = parts.settings.bind_host, parts.settings.mqtt_port
    endpoint = MqttEndpoint(
        ByTopic(core, desk),
        _authenticator(parts),
        tls.context,
        host,
        port,
        certificate_required=parts.settings.mqtt_require_client_cert,
    )
    core.ack_sink, desk.command = endpoint.send, endpoint.command
    await endpoint.start()
    parts.started[Role.INGEST].set()
    async with asyncio.TaskGroup() as group:
        group.create_task(_renew(tls))
        group.create_task(keep_watch(parts.database, parts.keys, endpoint))
        asking = ask_for_keys(
            parts.database, parts.vault, endpoint.command, lambda: endpoint.devices
        )
        group.create_task(asking)
        group.create_task(endpoint.serve())


async def _from_broker(parts: Parts, core: Ingest, desk: KeyDesk) -> None:
    road = subscriber_from(parts.settings, ByTopic(core, desk))
    core.ack_sink, desk.command = road.send, road.command
    parts.started[Role.INGEST].set()
    async with asyncio.TaskGroup() as group:
        beside = [
            group.create_task(keep_watch(parts.database, parts.keys, None)),
            group.create_task(ask_for_keys(parts.database, parts.vault, road.command)),
        ]
        await run_then_close(road.run(), road.close)
        for task in beside:
            task.cancel()


def _authenticator(parts: Parts) -> Callable[[str, bytes], Awaitable[UUID | None]]:
    async def authenticate(username: str, password: bytes) -> UUID | None:
        try:
            device_id = UUID(username)
        except ValueError:
            return None
        if str(device_id) != username:  # PROTOCOL.md: the canonical form, and no other spelling
            return None
        async with parts.database.transaction() as tx:
            return device_id if await devices.mqtt_login(tx, device_id, password) else None

    return authenticate


async def _renew(tls: ServerTls) -> None:
    while True:
        await asyncio.sleep(TLS_LOOK_S)
        await asyncio.to_thread(tls.refresh, datetime.datetime.now(datetime.UTC))


async def run_then_close(
    run: Coroutine[None, None, None], close: Callable[[], Awaitable[None]]
) -> None:
    """Run until cancelled, then let it end in its own way, for a bounded time."""
    task = asyncio.create_task(run)
    try:
        await asyncio.wait([task])
        task.result()
    finally:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                await close()
                await asyncio.wait([task])
        task.cancel()
        await asyncio.wait([task])


async def analysis(parts: Parts) -> None:
    """Find beats, rates and alerts in what ingest has stored."""
    settings = parts.settings
    pace = Pace(
        batch_sessions=settings.analysis_batch_sessions,
        batch_chunks=settings.analysis_batch_chunks,
        poll_s=settings.analysis_poll_s,
        gap_wait_s=settings.gap_wait_s,
        session_idle_s=settings.session_idle_s,
    )
    classifier, reserve = await asyncio.to_thread(engines, settings)
    drift = await asyncio.to_thread(read_monitor, DEFAULT_ARTEFACT)
    if drift is not None:
        watch(drift)
    worker = AnalysisWorker(parts.database, parts.keys, classifier, pace, reserve, drift)
    parts.started[Role.ANALYSIS].set()
    await _run_with_stop(worker.run)


async def publisher(parts: Parts) -> None:
    """Make FHIR resources of what analysis found, and send reports as HL7 v2 messages."""
    worker, sender = await _publisher(parts), courier(parts)
    parts.started[Role.PUBLISHER].set()
    async with asyncio.TaskGroup() as group:
        group.create_task(_run_with_stop(worker.run))
        group.create_task(_run_with_stop(Reindexer(parts.database).run))
        if sender is not None:
            group.create_task(_run_with_stop(sender.run))


async def _publisher(parts: Parts) -> Publisher:
    settings = parts.settings
    card = await asyncio.to_thread(read_card, DEFAULT_ARTEFACT)
    return Publisher(
        parts.database,
        report_interval_s=settings.report_interval_s,
        poll_s=settings.analysis_poll_s,
        weights=dict.fromkeys(model_ids(card), card.weights_sha256),
        letterhead=None if settings.hl7v2_host is None else letterhead(settings),
        base=fhir_url(settings),
    )


async def notifier(parts: Parts) -> None:
    """Bring alerts to people, as Flags and messages, and events to subscribers."""
    workers = [(await _publisher(parts)).run_alerts, *notifiers(parts)]
    parts.started[Role.NOTIFIER].set()
    async with asyncio.TaskGroup() as group:
        for run in workers:
            group.create_task(_run_with_stop(run))


async def bulk(parts: Parts) -> None:
    """Work on what clients fetch later: bulk exports and asynchronous searches."""
    worker = BulkWorker(parts.database, life_s=parts.settings.job_life_s)
    parts.started[Role.BULK].set()
    await _run_with_stop(worker.run)


async def _run_with_stop(run: Callable[[asyncio.Event], Coroutine[None, None, None]]) -> None:
    stop = asyncio.Event()

    async def close() -> None:
        stop.set()

    await run_then_close(run(stop), close)


async def api(parts: Parts) -> None:
    """Answer over HTTP."""
    token_key = load_or_create_key(parts.settings.data_dir / KEY_FILE)
    enrolment_key = await load_enrolment_key(parts.database, parts.vault)
    certifying = await issuer(parts.settings, parts.database, parts.vault)
    enrolment = Enrolment(parts.vault, enrolment_key, mqtt_address(parts), certifying)
    app = create_app(parts.database, parts.keys, parts.settings, token_key, enrolment)
    await serve_http(app, parts.settings, parts.started[Role.API].set)


def mqtt_address(parts: Parts) -> MqttAddress:
    """Where devices are told to publish: the embedded endpoint, or the broker."""
    settings = parts.settings
    if settings.mqtt_url is not None:
        broker = parse_address(settings.mqtt_url.get_secret_value())
        ca_pem = settings.mqtt_ca_file.read_text() if settings.mqtt_ca_file else None
        return MqttAddress(broker.host, broker.port, ca_pem, broker.tls)
    ca_pem = parts.tls.ca_path.read_text() if parts.tls else None
    return MqttAddress(mqtt_host(settings), settings.mqtt_port, ca_pem)


ROLES: dict[Role, Callable[[Parts], Awaitable[None]]] = {
    Role.INGEST: ingest,
    Role.ANALYSIS: analysis,
    Role.PUBLISHER: publisher,
    Role.NOTIFIER: notifier,
    Role.BULK: bulk,
    Role.API: api,
}
