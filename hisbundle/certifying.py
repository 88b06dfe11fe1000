"""Who certifies devices, as the settings have it."""

from uuid import UUID

from core.issuer import Issuer, LocalIssuer
from core.keys import KeyVault
from core.settings import IssuerKind, Settings
from ingest.enrol import load_authority
from store.database import Database


async def issuer(settings: Settings, database: Database, vault: KeyVault) -> Issuer:
    """The authority of the settings; our own is made on first use."""
    if settings.device_certificates is IssuerKind.LOCAL:
        return LocalIssuer(await load_authority(database, vault))
    return _aws(settings)


async def remote_revoke(settings: Settings, device_id: UUID) -> None:
    """Have a device's certificates revoked where another authority signed them.

    Raises Unavailable: the device is revoked here all the same, and the command may be repeated.
    """
    if settings.device_certificates is IssuerKind.AWS_IOT:
        await _aws(settings).revoke(device_id)


def _aws(settings: Settings) -> Issuer:
    from core.aws_iot import AwsIotIssuer  # boto3 takes half a second to import

    return AwsIotIssuer.connect(
        settings.aws_region, settings.aws_endpoint_url, settings.aws_iot_policy
    )
