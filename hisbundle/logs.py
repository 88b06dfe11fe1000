"""Where log lines go: standard error, as text or as one JSON object a line."""

import logging
import sys

import structlog
from structlog.typing import Processor

from core.errors import Incorrect

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def configure_logs(level: str, *, as_json: bool) -> None:
    """Send our own lines and those of libraries the same way, from ``level`` on.

    Raises Incorrect for a level that is none.
    """
    lowest = logging.getLevelNamesMapping().get(level.upper())
    if lowest is None:
        raise Incorrect(f"HISBUNDLE_LOG_LEVEL is DEBUG, INFO, WARNING or ERROR, not {level!r}")
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            # The default shows local variables: keys and patients among them.
            exception_formatter=structlog.dev.plain_traceback,
        )
    )
    final = [renderer] if not as_json else [structlog.processors.format_exc_info, renderer]
    structlog.configure(
        processors=[*_SHARED, structlog.processors.StackInfoRenderer(), *final],
        wrapper_class=structlog.make_filtering_bound_logger(lowest),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
            foreign_pre_chain=_SHARED,
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    # Libraries speak up from WARNING on: their INFO is not about patients or devices.
    root.setLevel(max(logging.WARNING, lowest))
