"""What the roles of one process share: settings, database, keys, addresses."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

from core.errors import Incorrect
from core.keyring import KeyRing
from core.keys import KeyVault
from core.settings import Role, Settings, VaultKind
from hisbundle.address import mqtt_host
from hisbundle.embedded.certificates import ServerTls
from store import devices
from store.database import Database

MASTER_KEY_FILE = "master-key"


@dataclass(frozen=True, slots=True)
class Parts:
    """Made once per process by ``assemble``; ``started`` tells which role is at work."""

    settings: Settings
    database: Database
    vault: KeyVault
    keys: KeyRing
    tls: ServerTls | None
    started: dict[Role, asyncio.Event] = field(default_factory=dict)

    async def until_started(self) -> None:
        """Return once every role of this process is at work."""
        for event in self.started.values():
            await event.wait()


def assemble(settings: Settings, database: Database) -> Parts:
    """The parts for ``settings``, whose ports are real ones. Makes missing key files."""
    vault = open_vault(settings, settings.vault)

    async def load(device_id: UUID, epoch: int) -> bytes | None:
        async with database.transaction() as tx:
            return await devices.wrapped_key(tx, device_id, epoch)

    keys = KeyRing(vault, load, settings.key_cache_max, settings.key_cache_ttl_s)
    tls = None
    if settings.mqtt_url is None:
        tls = _server_tls(settings)
    started = {role: asyncio.Event() for role in settings.roles}
    return Parts(settings, database, vault, keys, tls, started)


def _server_tls(settings: Settings) -> ServerTls:
    client_ca = settings.mqtt_client_ca_file
    if settings.mqtt_require_client_cert and client_ca is None:
        raise Incorrect("mqtt_require_client_cert needs mqtt_client_ca_file")
    hosts = (settings.bind_host, mqtt_host(settings))
    return ServerTls(settings.data_dir / "tls", hosts, client_ca=client_ca)


def open_vault(settings: Settings, kind: VaultKind) -> KeyVault:
    """The vault of that kind, as the settings have it; a local one is made on first use."""
    if kind is VaultKind.LOCAL:
        from core.local_vault import LocalVault

        return LocalVault(settings.data_dir / MASTER_KEY_FILE)
    from core.aws_vault import AwsVault  # boto3 takes half a second to import

    return AwsVault.connect(
        settings.aws_region,
        settings.aws_endpoint_url,
        settings.aws_kms_key_id,
        settings.aws_parameter_prefix,
    )
