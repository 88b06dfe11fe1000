"""``hisbundle hl7``: reports on their way to the hospital as HL7 v2 messages."""

from typing import Annotated

import typer

from hisbundle.cli.common import DataDir, read_settings, run

hl7 = typer.Typer(help="Reports sent as HL7 v2 messages.", no_args_is_help=True)

Limit = Annotated[int, typer.Option(help="Rows at most, the oldest first.", min=1, max=100_000)]
ControlId = Annotated[
    str | None, typer.Argument(help="Control id (MSH-10) of one; all that wait or are held.")
]


@hl7.command("status")
def hl7_status(limit: Limit = 100, data_dir: DataDir = None) -> None:
    """Print how many messages there are, and those that wait or are held, with why."""
    settings = read_settings(data_dir=data_dir)
    from hisbundle.reach import open_database
    from store import hl7v2

    async def work() -> None:
        async with open_database(settings) as database, database.transaction() as tx:
            for status, count in (await hl7v2.counts(tx)).items():
                typer.echo(f"{status}\t{count}")
            for each in await hl7v2.unacknowledged(tx, limit):
                next_try = each.next_try_at.isoformat(timespec="seconds")
                report = f"DiagnosticReport/{each.report_id}/_history/{each.version}"
                told = (each.control_id, each.status, f"{each.attempts} attempts", next_try, report)
                typer.echo("\t".join((*told, each.error or "")))

    run(work())


@hl7.command("resend")
def hl7_resend(control_id: ControlId = None, data_dir: DataDir = None) -> None:
    """Try messages again now that wait or are held; prints how many."""
    settings = read_settings(data_dir=data_dir)
    from hisbundle.reach import open_database
    from store import hl7v2

    async def work() -> int:
        async with open_database(settings) as database, database.transaction() as tx:
            return await hl7v2.resend(tx, control_id)

    typer.echo(f"{run(work())} to be sent")
