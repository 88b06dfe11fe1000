"""Reports on their way to a real MLLP listener: down, deaf, rude, and in order."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import hl7
import pytest
from hl7.mllp import HL7StreamReader, HL7StreamWriter, start_hl7_server

from core.errors import NotFound
from fhir.hl7v2.message import Letterhead
from fhir.publishing import courier as couriers
from fhir.publishing.courier import Courier, Receiver
from fhir.publishing.publisher import Publisher
from store import hl7v2
from store.database import Database
from tests.fhir.clinic import Clinic, open_clinic, strips

Answer = Callable[[Any, HL7StreamWriter], None]


def accept(message: Any, writer: HL7StreamWriter) -> None:
    writer.writemessage(_ack(message, "AA"))


def refuse(message: Any, writer: HL7StreamWriter) -> None:
    writer.writemessage(_ack(message, "AE"))


def drop(message: Any, writer: HL7StreamWriter) -> None:
    writer.write(b"\x0bMSH|^~\\&|EHR")
    writer.close()


def babble(message: Any, writer: HL7StreamWriter) -> None:
    writer.writeblock(b"hello")


def stammer(message: Any, writer: HL7StreamWriter) -> None:
    writer.writeblock(b"BHS|\rMSH|")  # the library fails an assertion of its own


def flood(message: Any, writer: HL7StreamWriter) -> None:
    writer.write(b"\x0bMSH|^~\\&|" + b"x" * 200_000)


def confuse(message: Any, writer: HL7StreamWriter) -> None:
    writer.writeblock(str(_ack(message, "AA")).replace(str(message["MSH"][0][10]), "X").encode())


def _ack(message: Any, code: str) -> Any:
    head = message.segment("MSH")
    return hl7.parse(
        f"MSH|^~\\&|EHR||HIS||20260301||ACK^R01^ACK|1|P|2.5.1\rMSA|{code}|{head(10)}\r"
    )


class Hospital:
    """What the listener has read, and what it answers to each: the last goes for all others."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.received: list[Any] = []
        self.port = 0

    async def serve(self, reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                message = await reader.readmessage()
                self.received.append(message)
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                answer(message, writer)
        writer.close()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        server = await start_hl7_server(self.serve, "127.0.0.1", self.port, encoding="utf-8")
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            await server.wait_closed()

    def courier(self, database: Database, answer_s: float = 5.0) -> Courier:
        receiver = Receiver("127.0.0.1", self.port, answer_s=answer_s)
        return Courier(database, receiver, poll_s=0.02, pause_min_s=0.01)


@pytest.fixture
async def clinic(database: Database) -> Clinic:
    return await open_clinic(database, chunks=16)


async def report(clinic: Clinic, first: int, letterhead: Letterhead | None = Letterhead()) -> None:  # noqa: B008
    """A strip more, published; the session has ended."""
    await clinic.analyse(strips(1, first))
    await clinic.end()
    publisher = Publisher(clinic.database, report_interval_s=60, letterhead=letterhead)
    while await publisher.turn():
        pass


async def put(database: Database, *rows: tuple[str, str]) -> None:
    """Messages by control id and stream."""
    async with database.transaction() as tx:
        for number, (control, stream) in enumerate(rows):
            er7 = f"MSH|^~\\&|HIS||||20260301||ORU^R01|{control}|P|2.5.1\rPID|1||é\r"
            await hl7v2.add(tx, control, f"r{number}", 1, stream, er7)


async def counts(database: Database) -> dict[str, int]:
    async with database.transaction() as tx:
        return await hl7v2.counts(tx)


async def until(database: Database, courier: Courier, **expected: int) -> None:
    """Run the courier until the outbox is so."""
    stop = asyncio.Event()
    running = asyncio.create_task(courier.run(stop))
    async with asyncio.timeout(20):
        while True:
            if await counts(database) == expected:
                break
            await asyncio.sleep(0.02)
    stop.set()
    await running


def sent(hospital: Hospital) -> list[str]:
    return [str(message.segment("MSH")(10)) for message in hospital.received]


async def test_final_reports_and_their_corrections_arrive(clinic: Clinic) -> None:
    await report(clinic, 0)
    assert await counts(clinic.database) == {"waiting": 1}
    await report(clinic, 1)
    hospital = Hospital(accept)
    async with hospital.open():
        await until(clinic.database, hospital.courier(clinic.database), acknowledged=2)
    assert [str(m.segment("OBR")(25)) for m in hospital.received] == ["F", "C"]
    assert len({str(m.segment("OBR")(3)) for m in hospital.received}) == 1
    assert len(set(sent(hospital))) == 2
    async with clinic.database.transaction() as tx:
        assert await hl7v2.claim(tx) is None


async def test_nothing_is_put_out_unless_somebody_takes_it(clinic: Clinic) -> None:
    await report(clinic, 0, None)
    assert await counts(clinic.database) == {}


async def test_a_running_session_is_not_told(clinic: Clinic) -> None:
    await clinic.analyse(strips(1))
    await clinic.quiet()
    publisher = Publisher(clinic.database, report_interval_s=1, letterhead=Letterhead())
    while await publisher.turn():
        pass
    assert [r["status"] for r in await clinic.all("DiagnosticReport")] == ["partial"]
    assert await counts(clinic.database) == {}


async def test_down_at_first(database: Database) -> None:
    await put(database, ("A", "p1"))
    hospital = Hospital(accept)
    async with hospital.open():
        pass
    courier = hospital.courier(database)
    assert await courier.turn()
    async with database.transaction() as tx:
        (waiting,) = await hl7v2.unacknowledged(tx, 10)
    assert (waiting.status, waiting.attempts) == ("waiting", 1)
    assert waiting.error
    async with hospital.open():
        await until(database, hospital.courier(database), acknowledged=1)
    assert sent(hospital) == ["A"]


@pytest.mark.parametrize("rude", [refuse, drop, babble, stammer, flood, confuse])
async def test_the_same_message_again_until_it_is_accepted(
    database: Database, rude: Answer
) -> None:
    await put(database, ("A", "p1"))
    hospital = Hospital(rude, rude, accept)
    async with hospital.open():
        await until(database, hospital.courier(database), acknowledged=1)
    assert sent(hospital) == ["A", "A", "A"]
    assert len(set(map(str, hospital.received))) == 1
    assert str(hospital.received[0].segment("PID")(3)) == "é"


async def test_nobody_answers_in_time(database: Database) -> None:
    await put(database, ("A", "p1"))
    hospital = Hospital(lambda message, writer: None, accept)
    async with hospital.open():
        await until(database, hospital.courier(database, answer_s=0.2), acknowledged=1)
    assert sent(hospital) == ["A", "A"]


async def test_what_is_refused_too_often_is_held_and_lets_others_by(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(couriers, "REFUSALS_MAX", 2)
    await put(database, ("A", "p1"), ("B", "p1"))
    hospital = Hospital(refuse, refuse, accept)
    async with hospital.open():
        await until(database, hospital.courier(database), held=1, acknowledged=1)
        assert sent(hospital) == ["A", "A", "B"]
        async with database.transaction() as tx:
            (held,) = await hl7v2.unacknowledged(tx, 10)
            assert (held.control_id, held.status, held.error) == ("A", "held", "refused with AE")
            with pytest.raises(NotFound):
                await hl7v2.resend(tx, "B")
            assert await hl7v2.resend(tx, "A") == 1
        await until(database, hospital.courier(database), acknowledged=2)
    assert sent(hospital)[-1] == "A"


async def test_an_answer_that_breaks_the_parser_is_a_refusal_too(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(couriers, "REFUSALS_MAX", 2)
    await put(database, ("A", "p1"), ("B", "p1"))
    hospital = Hospital(stammer, stammer, accept)
    async with hospital.open():
        await until(database, hospital.courier(database), held=1, acknowledged=1)
    assert sent(hospital) == ["A", "A", "B"]


async def test_in_order_of_each_patient_and_never_twice_at_once(database: Database) -> None:
    await put(database, *((f"{patient}{n}", patient) for n in range(4) for patient in "abc"))
    hospital = Hospital(refuse, drop, accept, refuse, accept)
    async with hospital.open():
        several = [hospital.courier(database) for _ in range(3)]
        await asyncio.gather(*(until(database, each, acknowledged=12) for each in several))
    for patient in "abc":
        told = [name for name in sent(hospital) if name.startswith(patient)]
        assert list(dict.fromkeys(told)) == [f"{patient}{n}" for n in range(4)]
        assert told == sorted(told)
    assert len(hospital.received) == 12 + 3


async def test_a_courier_that_is_killed_leaves_its_message_to_the_next(database: Database) -> None:
    await put(database, ("A", "p1"))
    hospital = Hospital(lambda message, writer: None, accept)
    async with hospital.open():
        killed = asyncio.create_task(hospital.courier(database).turn())
        async with asyncio.timeout(5):
            while True:
                if hospital.received:
                    break
                await asyncio.sleep(0.01)
        assert not await hospital.courier(database).turn()  # nobody else takes it meanwhile
        killed.cancel()
        await asyncio.wait([killed])
        await until(database, hospital.courier(database), acknowledged=1)
    assert sent(hospital) == ["A", "A"]
