"""One step of a job: the next file's worth of versions.

Without a filter, everything is as it was at the job's moment. A filter is looked up in the
index, which knows current versions only: what has changed since the moment is taken as it is
now if it matches now, and is told again by whoever asks for changes since that moment.
"""

from dataclasses import replace
from datetime import timedelta

from api.bulk.sights import Sight, ordered_with
from api.grants import narrowed
from fhir.access.scopes import Rights
from fhir.bulk.plan import Plan, Step, query
from store import search, snapshots
from store.criteria import Clause, DateClause, DateTest, PatientClause, Prefix, Query
from store.database import Transaction
from store.jobs import Job, Progress
from store.resources import Document
from store.snapshots import Key, Snapshot

FILE_LINES = 10_000
LIMIT_S = 30.0


async def cut(tx: Transaction, job: Job, lines: int = FILE_LINES) -> Progress:
    """The next file of a job, of at most ``lines``, and where to go on after it.

    Raises Incorrect if its filters are no longer understood, Unavailable if a statement takes
    longer than LIMIT_S.
    """
    await search.begin(tx, LIMIT_S)
    plan = Plan.from_json(job.order.request)
    step = plan.steps[job.stage]
    keys, after = await _keys(tx, job, plan, step, lines)
    stage = job.stage if after is not None else job.stage + 1
    done = stage == len(plan.steps)
    return Progress(step.type, step.deletions, keys, stage, after or "", done)


async def _keys(
    tx: Transaction, job: Job, plan: Plan, step: Step, lines: int
) -> tuple[list[Key], str | None]:
    """Versions, and the id to go on after; None where the step is done."""
    rights = await ordered_with(tx, job.order)
    sight = Sight.of(rights, step.type, reads=plan.reads)
    if sight is None:
        return [], None
    if not step.deletions and (step.filters or not sight.is_whole):
        return await _matching(tx, job, plan, step, rights, sight, lines)
    whose = Snapshot(step.type, job.order.as_of, plan.since, plan.patients, plan.in_compartment)
    read = snapshots.deleted if step.deletions else snapshots.alive
    keys = await read(tx, whose, job.after, lines)
    return keys, keys[-1].id if len(keys) == lines else None


async def _matching(
    tx: Transaction, job: Job, plan: Plan, step: Step, rights: Rights, sight: Sight, lines: int
) -> tuple[list[Key], str | None]:
    found: dict[str, Document] = {}
    ends: list[str] = []
    for text in step.filters or ("",):
        asked = narrowed(rights, query(step.type, text, plan.base))
        asked = sight.narrow(_bounded(asked, plan))
        asked = replace(asked, after=(job.after,) if job.after else None)
        page = [item.document for item in await search.find(tx, asked, lines)]
        found |= {document.id: document for document in page}
        if len(page) == lines:
            ends.append(page[-1].id)
    # Beyond the first page's end another search may have more in between.
    after = min(ends) if ends else None
    return [
        Key(id_, document.version, document.patient_id)
        for id_, document in sorted(found.items())
        if (after is None or id_ <= after) and _is_told(document, job, plan, sight)
    ], after


def _bounded(asked: Query, plan: Plan) -> Query:
    """The search among what changed since, and of whom it is asked."""
    clauses: list[Clause] = [*asked.clauses]
    if plan.since is not None:
        newer = DateTest(Prefix.GT, plan.since, plan.since + timedelta(milliseconds=1))
        clauses.append(DateClause((newer,), last_updated=True))
    if plan.patients is not None:
        clauses.append(PatientClause(plan.patients))
    return replace(asked, clauses=tuple(clauses))


def _is_told(document: Document, job: Job, plan: Plan, sight: Sight) -> bool:
    if plan.in_compartment and document.patient_id is None:
        return False
    is_new = document.version == 1 and document.last_updated > job.order.as_of
    return not is_new and sight.covers(document)
