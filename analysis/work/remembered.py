"""Pipelines that a worker keeps between turns, so that it need not load what it has just stored.

One is gone on with only if the stored state is, byte for byte, what was dumped from it: whatever
another worker, late chunks or another version have done in between, the store decides.
"""

from collections import OrderedDict

from analysis.session.pipeline import SessionPipeline

MOST = 512
"""Pipelines kept, the latest: some 100 kB each at 125 Hz."""


class Remembered:
    """By session row: the stored bytes, and the pipeline that they were dumped from."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[int, tuple[bytes, SessionPipeline]] = OrderedDict()

    def take(self, row: int, state: bytes | None) -> SessionPipeline | None:
        """The pipeline that stands where ``state`` does, if it is here; it is no longer kept.

        It is changed from here on, and kept again only once that is stored.
        """
        stored, pipeline = self._kept.pop(row, (None, None))
        if pipeline is None or state is None or stored != state:
            return None
        pipeline.is_short = False  # says nothing of the chunks that come now
        return pipeline

    def keep(self, row: int, state: bytes, pipeline: SessionPipeline) -> None:
        """Keep what has been stored, in the place of whatever was kept longest."""
        self._kept[row] = state, pipeline
        self._kept.move_to_end(row)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
