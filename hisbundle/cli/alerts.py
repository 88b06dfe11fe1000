"""``hisbundle alerts``: who waits for somebody, what has become of it, and whom to tell."""

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hisbundle.cli.common import DataDir, read_settings, run

if TYPE_CHECKING:
    from core.alarms.policy import EscalationPolicy

alerts = typer.Typer(help="Alerts of patients, and whom to tell.", no_args_is_help=True)
policy = typer.Typer(help="Whom to tell of alerts, and when.", no_args_is_help=True)
alerts.add_typer(policy, name="policy")

Patient = Annotated[str | None, typer.Option(help="Only this patient's (id).")]
Ended = Annotated[bool, typer.Option("--all", help="Those that are over, too.")]
Limit = Annotated[int, typer.Option(help="Rows at most.", min=1, max=100_000)]
Id = Annotated[str, typer.Argument(help="The alert's id, which is its Flag's.")]
By = Annotated[str, typer.Option(help="Who answers for it, as Practitioner/id or a name.")]
PolicyFile = Annotated[
    Path, typer.Argument(help="TOML file of all policies.", exists=True, dir_okay=False)
]


@alerts.command("list")
def alerts_list(
    patient: Patient = None, ended: Ended = False, limit: Limit = 100, data_dir: DataDir = None
) -> None:
    """Print alerts that are not over, the last raised first."""
    settings = read_settings(data_dir=data_dir)
    from hisbundle.reach import open_database
    from store import alarm_lists

    async def work() -> None:
        async with open_database(settings) as database, database.transaction() as tx:
            for each in await alarm_lists.listing(tx, patient, limit, ended=ended):
                since = each.opened_at.isoformat(timespec="seconds")
                due = each.next_at.isoformat(timespec="seconds") if each.next_at else "-"
                told = (each.id, each.patient_id, each.kind, each.priority, each.state)
                rest = (f"{each.count} times", f"since {since}", f"level {each.level}", due)
                typer.echo("\t".join((*told, *rest)))

    run(work())


@alerts.command("rules")
def alerts_rules() -> None:
    """Print the alarm policy: each condition, how urgent it is, and from what on it rings."""
    from analysis.alarms.policy import AlertPolicy
    from hisbundle.rules import told

    policy = AlertPolicy()
    typer.echo(f"alarm policy {policy.version}")
    for row in policy.rows:
        typer.echo("\t".join(told(row)))


@alerts.command("history")
def alerts_history(alert_id: Id, data_dir: DataDir = None) -> None:
    """Print what has happened to an alert, and the messages about it."""
    settings = read_settings(data_dir=data_dir)
    from core.errors import NotFound
    from hisbundle.reach import open_database
    from store import alarm_lists

    async def work() -> None:
        async with open_database(settings) as database, database.transaction() as tx:
            found = await alarm_lists.history(tx, alert_id)
        if not found:
            raise NotFound(f"no alert {alert_id[:40]!r}")
        for each in found:
            at = each.at.isoformat(timespec="milliseconds")
            typer.echo("\t".join((at, each.what, each.state, each.who)).rstrip())

    run(work())


@alerts.command("acknowledge")
def alerts_acknowledge(alert_id: Id, by: By, data_dir: DataDir = None) -> None:
    """Answer for an alert, as accepting its Task does."""
    settings = read_settings(data_dir=data_dir)
    from datetime import UTC, datetime

    from hisbundle.address import fhir_url
    from hisbundle.alarms import acknowledge
    from hisbundle.reach import open_database

    async def work() -> None:
        async with open_database(settings) as database, database.transaction() as tx:
            await acknowledge(tx, alert_id, by, datetime.now(UTC), fhir_url(settings))

    run(work())
    typer.echo("acknowledged")


@policy.command("show")
def policy_show(data_dir: DataDir = None) -> None:
    """Print the policies in force, in the order in which they are looked through."""
    settings = read_settings(data_dir=data_dir)
    from hisbundle.reach import open_database
    from store import escalation

    async def work() -> "list[EscalationPolicy]":
        async with open_database(settings) as database, database.transaction() as tx:
            return await escalation.policies(tx)

    found = run(work())
    for each in found:
        typer.echo(_line(each))
        for number, level in enumerate(each.levels, 1):
            to = ", ".join(f"{r.channel} {r.address}" for r in level.recipients)
            typer.echo(f"\tlevel {number}\tafter {level.delay_s:g} s\t{to}")
    if not found:
        typer.echo("none: alerts are told by FHIR alone")


@policy.command("set")
def policy_set(file: PolicyFile, data_dir: DataDir = None) -> None:
    """Put the policies of a file in force in place of all before; open alerts keep theirs."""
    from core.alarms.policy import from_file
    from core.errors import Incorrect

    try:
        wanted = from_file(tomllib.loads(file.read_text()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Incorrect(f"{file}: {error}") from None
    settings = read_settings(data_dir=data_dir)
    from hisbundle.reach import open_database
    from store import escalation

    async def work() -> None:
        async with open_database(settings) as database, database.transaction() as tx:
            await escalation.set_policies(tx, wanted)

    run(work())
    typer.echo(f"{len(wanted)} in force")


def _line(each: "EscalationPolicy") -> str:
    def s(value: float | None) -> str:
        return "never" if value is None else f"{value:g} s"

    return "\t".join(
        (
            each.name,
            ",".join(sorted(each.priorities)),
            f"CareTeam/{each.care_team}" if each.care_team else "all patients",
            f"repeats {each.repeats_max} times after {s(each.repeat_s)}",
            f"calls again after {s(each.realert_s)}",
            f"expires after {s(each.expires_s)}",
            f"quiet {s(each.quiet_s)}",
            *(["latching"] if each.latching else []),
        )
    )
