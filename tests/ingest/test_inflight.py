import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from ingest.frames import STORED, Frame, Outcome
from ingest.inflight import InFlight, Settled


class _Puppet:
    """Settles each frame when, and as, the test says."""

    def __init__(self) -> None:
        self.futures: dict[bytes, asyncio.Future[Outcome]] = {}

    async def submit(self, frame: Frame) -> Outcome:
        future = self.futures.setdefault(frame.payload, asyncio.Future())
        return await future


class _Observed:
    def __init__(self) -> None:
        self.puppet = _Puppet()
        self.settled: list[int | None] = []
        self.failures: list[BaseException] = []
        self.in_flight = InFlight(self.puppet, self._settle, self.failures.append)

    def _settle(self, settled: Sequence[Settled]) -> None:
        self.settled += [packet_id for packet_id, _, _ in settled]

    def start(self, number: int) -> None:
        self.in_flight.start(Frame("t", b"%d" % number), number or None)


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@given(st.permutations(range(8)))
def test_outcomes_are_told_in_the_order_of_arrival(order: list[int]) -> None:
    async def play() -> None:
        observed = _Observed()
        for number in range(8):
            observed.start(number)
        assert (len(observed.in_flight), observed.in_flight.n_unacked) == (8, 7)
        await _turns()
        for number in order:
            observed.puppet.futures[b"%d" % number].set_result(STORED)
            await _turns()
            known = len(observed.settled)
            assert observed.settled == [None, *range(1, 8)][:known]
        assert len(observed.settled) == 8
        assert (len(observed.in_flight), observed.in_flight.n_unacked) == (0, 0)

    asyncio.run(play())


async def test_nothing_is_told_after_a_failure() -> None:
    observed = _Observed()
    for number in range(1, 4):
        observed.start(number)
    await _turns()
    futures = observed.puppet.futures
    futures[b"2"].set_exception(RuntimeError("bug"))
    futures[b"1"].set_result(STORED)
    await _turns()
    assert observed.settled == [1]
    assert [str(error) for error in observed.failures] == ["bug"]
    observed.in_flight.release()
    futures[b"3"].set_result(STORED)
    await _turns()
    assert observed.settled == [1]


async def test_waiting_and_letting_go() -> None:
    observed = _Observed()
    observed.start(1)
    await observed.in_flight.wait(0.01)
    (task,) = observed.in_flight.release()
    assert len(observed.in_flight) == 0
    await observed.in_flight.wait(10)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert observed.failures == []


async def test_waiting_ends_when_outcomes_are_told_not_when_they_are_known() -> None:
    observed = _Observed()
    observed.start(1)
    await asyncio.sleep(0)
    (future,) = observed.puppet.futures.values()
    future.set_result(STORED)
    await asyncio.sleep(0)  # the task is done, its outcome not yet told
    assert observed.settled == []
    await observed.in_flight.wait(10)
    assert observed.settled == [1]
