"""Statistics over the values of one code of one patient, computed where they are.

Percentiles interpolate between neighbours; variance and standard deviation are those of a sample
(n - 1); skew and kurtosis are the third and fourth standardised moments.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from store.criteria import Query
from store.latest import DOCUMENT, Coded, Led, walk
from store.resources import Document, document
from store.search_scope import Binds

_PERCENTILES = {
    "20-percent": 0.2, "4-lower": 0.25, "median": 0.5, "4-upper": 0.75, "80-percent": 0.8,
    "5-1": 0.2, "5-2": 0.4, "5-3": 0.6, "5-4": 0.8,
}  # fmt: skip
_AGGREGATES = {
    "average": "avg(y)",
    "maximum": "max(y)",
    "minimum": "min(y)",
    "sum": "sum(y)",
    "variance": "var_samp(y)",
    "std-dev": "stddev_samp(y)",
    "skew": "avg(power(z, 3))",
    "kurtosis": "avg(power(z, 4))",
    "gradient": "regr_slope(y, x)",
    "intercept": "regr_intercept(y, x)",
    **{name: f"percentile_cont({p}) WITHIN GROUP (ORDER BY y)" for name, p in _PERCENTILES.items()},
}


@dataclass(frozen=True, slots=True)
class Series:
    """The values of one code from ``start`` to ``end`` (excluded), in UCUM units."""

    query: Query
    patient: str
    coded: Coded
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """What the values come to; None where that is not defined.

    ``total`` counts the resources, ``count`` those with a value, in the unit codes ``units``.
    Gradient and intercept are of a straight line over hours since the start.
    """

    total: int
    count: int
    units: tuple[str, ...]
    values: Mapping[str, float | None]


async def figures(tx: AsyncConnection, series: Series, ucum: str) -> Figures:
    """The statistics of a series; a value counts if its unit's system is ``ucum``."""
    binds = Binds()
    columns = ", ".join(f'{sql} AS "{name}"' for name, sql in _AGGREGATES.items())
    x = f"extract(epoch FROM d0.at - {binds.moment(series.start)})::float8 / 3600"
    statement = (
        f"WITH v AS MATERIALIZED (SELECT {x} AS x, q.low::float8 AS y, q.code AS unit"  # noqa: S608 (ours)
        f" {_from(series, ucum, binds)}),"
        " m AS (SELECT avg(y) AS mean, stddev_pop(y) AS sd FROM v)"
        " SELECT count(*) AS total, count(y) AS count,"
        f" array_agg(DISTINCT unit ORDER BY unit) FILTER (WHERE y IS NOT NULL) AS units, {columns}"
        " FROM v CROSS JOIN m CROSS JOIN LATERAL (SELECT (y - mean) / nullif(sd, 0) AS t) AS s"
        # What is next to nothing is nothing: its powers would be below all numbers.
        " CROSS JOIN LATERAL (SELECT CASE WHEN abs(t) < 1e-70 THEN 0 ELSE t END AS z) AS p"
    )
    row = (await tx.exec_driver_sql(statement, tuple(binds.values))).mappings().one()
    values = {name: row[name] for name in _AGGREGATES}
    return Figures(row["total"], row["count"], tuple(row["units"] or ()), values)


async def sources(tx: AsyncConnection, series: Series, ucum: str, count: int) -> list[Document]:
    """The newest ``count`` of the resources whose values count."""
    binds = Binds()
    columns = ", ".join(f"r0.{name}" for name in DOCUMENT)
    statement = (
        f"SELECT {columns} {_from(series, ucum, binds)} AND q.low IS NOT NULL"
        f" ORDER BY d0.at DESC, d0.id DESC LIMIT {binds.count(count)}"
    )
    return [document(row) for row in await tx.exec_driver_sql(statement, tuple(binds.values))]


def _from(series: Series, ucum: str, binds: Binds) -> str:
    """The resources ``r0`` and their values ``q``, if any, by the index rows ``d0``."""
    scope = Led(binds, series.query.type, patients=(series.patient,))
    coding = (series.coded.param, series.coded.code, series.coded.system)
    value = (
        "LEFT JOIN LATERAL (SELECT q.low, q.code FROM resource_quantity q"  # noqa: S608 (ours)
        " WHERE q.type = d0.type AND q.id = d0.id AND q.param = 'value-quantity'"
        f" AND q.low = q.high AND q.system = {binds.text(ucum)}"
        " ORDER BY q.number LIMIT 1) AS q ON true"
    )
    walked = walk(scope, series.query, series.patient, value)
    return (
        f"FROM (SELECT {', '.join(map(binds.text, coding))}) AS w (param, code, system)"
        f" CROSS JOIN {walked} AND d0.at >= {binds.moment(series.start)}"
        f" AND d0.at < {binds.moment(series.end)}"
    )
