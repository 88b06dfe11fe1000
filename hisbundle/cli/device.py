"""``hisbundle device``: who wears a device, and whether it may still write."""

from typing import Annotated
from uuid import UUID

import typer

from hisbundle.cli.common import DataDir, read_settings, run

device = typer.Typer(help="Enrolled devices.", no_args_is_help=True)

Limit = Annotated[int, typer.Option(help="Rows at most, the latest first.", min=1, max=100_000)]
Id = Annotated[UUID, typer.Argument(help="The device's id.")]
PatientId = Annotated[str, typer.Argument(help="The id of the patient who wears it.")]
Since = Annotated[str | None, typer.Option(help="From this moment on (ISO 8601); now.")]
Until = Annotated[str | None, typer.Option(help="Until just before this moment; now.")]
Code = Annotated[str, typer.Option(help="The one-time code that enrolment answered with.")]
ToPatient = Annotated[str | None, typer.Option(help="The id of the patient who wears it.")]
Crl = Annotated[bool, typer.Option("--crl", help="The revocation list, good for a week.")]
Epoch = Annotated[int | None, typer.Option(help="Only this key epoch: it opens nothing more.")]


@device.command("list")
def device_list(limit: Limit = 100, data_dir: DataDir = None) -> None:
    """Print the devices: id, status, enrolled at, patient, key epoch, certificate, what is due."""
    settings = read_settings(data_dir=data_dir)
    from hisbundle.devices import told
    from hisbundle.reach import open_database
    from store import fleet

    async def work() -> None:
        async with open_database(settings) as database, database.transaction() as tx:
            for each in await fleet.listing(tx, limit):
                typer.echo("\t".join(told(each)))

    run(work())


@device.command("enroll")
def device_enroll(code: Code, patient: ToPatient = None, data_dir: DataDir = None) -> None:
    """Approve the device that shows this code, and give it to a patient; prints its id."""
    settings = read_settings(data_dir=data_dir)
    from datetime import UTC, datetime

    from hisbundle import devices
    from hisbundle.reach import open_database

    async def work() -> UUID:
        async with open_database(settings) as database:
            return await devices.approve(database, code, patient, datetime.now(UTC))

    typer.echo(run(work()))


@device.command("authority")
def device_authority(crl: Crl = False, data_dir: DataDir = None) -> None:
    """Print the certificate of the devices' authority, or its revocation list, for a broker."""
    settings = read_settings(data_dir=data_dir)
    from datetime import UTC, datetime

    from hisbundle.parts import assemble
    from hisbundle.reach import open_database
    from ingest.enrol import load_authority
    from store import certificates

    async def work() -> str:
        async with open_database(settings) as database:
            authority = await load_authority(database, assemble(settings, database).vault)
            if not crl:
                return authority.pem
            now = datetime.now(UTC)
            async with database.transaction() as tx:
                return authority.revocation_list(await certificates.revoked(tx, now), now)

    typer.echo(run(work()), nl=False)


@device.command("bind")
def device_bind(
    device_id: Id, patient: PatientId, since: Since = None, data_dir: DataDir = None
) -> None:
    """Give a device to a patient; whoever wore it until then does no more."""
    settings = read_settings(data_dir=data_dir)
    from datetime import UTC, datetime

    from hisbundle import devices
    from hisbundle.reach import open_database

    async def work() -> None:
        now = datetime.now(UTC)
        async with open_database(settings) as database:
            await devices.bind(database, device_id, patient, devices.moment(since, now), now)

    run(work())


@device.command("unbind")
def device_unbind(device_id: Id, until: Until = None, data_dir: DataDir = None) -> None:
    """Take a device off its patient; what it records from then on is nobody's."""
    settings = read_settings(data_dir=data_dir)
    from datetime import UTC, datetime

    from hisbundle import devices
    from hisbundle.reach import open_database

    async def work() -> None:
        now = datetime.now(UTC)
        async with open_database(settings) as database:
            await devices.unbind(database, device_id, devices.moment(until, now), now)

    run(work())


@device.command("revoke")
def device_revoke(device_id: Id, epoch: Epoch = None, data_dir: DataDir = None) -> None:
    """Let a device write no more, for good; its connection is dropped within seconds."""
    settings = read_settings(data_dir=data_dir)
    from datetime import UTC, datetime

    from hisbundle import devices
    from hisbundle.certifying import remote_revoke
    from hisbundle.reach import open_database
    from store import fleet

    async def work() -> None:
        async with open_database(settings) as database, database.transaction() as tx:
            if epoch is None:
                await devices.revoke(tx, device_id, datetime.now(UTC))
            else:
                await fleet.revoke_epoch(tx, device_id, epoch)
        if epoch is None:  # after the commit: here it counts no more, whatever AWS says
            await remote_revoke(settings, device_id)

    run(work())


@device.command("rotate")
def device_rotate(device_id: Id, data_dir: DataDir = None) -> None:
    """Mark that a device shall enrol a new key; the mark goes once it has."""
    settings = read_settings(data_dir=data_dir)
    from datetime import UTC, datetime

    from hisbundle.reach import open_database
    from store import fleet

    async def work() -> None:
        async with open_database(settings) as database, database.transaction() as tx:
            await fleet.ask_rotation(tx, device_id, datetime.now(UTC))

    run(work())
