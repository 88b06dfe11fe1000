"""Mail to a real server, with and without TLS, and what it may answer."""

import asyncio
import contextlib
import email
import email.policy
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope

from alerting.channels.channel import Refused
from alerting.channels.email import Email, Server, letter
from core.errors import Unavailable
from core.messages import MessageEvent
from core.settings import SmtpTls
from tests.alerting.channels.test_sns import MESSAGE
from tests.ingest.certificates import make_certificates

DUTY, SENDER = "duty@example.org", "ecg@hospital.example"


class Postbox:
    """Keeps what it takes; ``answer`` is what it says of it."""

    def __init__(self, answer: str) -> None:
        self.answer = answer
        self.taken: list[Envelope] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        self.taken.append(envelope)
        return self.answer


@asynccontextmanager
async def serving(
    tls: SmtpTls, folder: Path, answer: str = "250 taken"
) -> AsyncIterator[tuple[Email, Postbox]]:
    made, box = make_certificates(folder), Postbox(answer)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(made.cert, made.key)
    upgraded: dict[str, Any] = (
        {"tls_context": ours, "require_starttls": True} if tls is SmtpTls.STARTTLS else {}
    )
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(box, **upgraded), "127.0.0.1", 0, ssl=ours if tls is SmtpTls.TLS else None
    )
    port = server.sockets[0].getsockname()[1]
    theirs = ssl.create_default_context(cafile=str(made.ca))
    async with server:
        yield Email(Server("localhost", port, tls, SENDER, context=theirs)), box


@pytest.mark.parametrize("tls", SmtpTls)
async def test_it_arrives(tls: SmtpTls, tmp_path: Path) -> None:
    async with serving(tls, tmp_path) as (channel, box):
        receipt = await channel.send(DUTY, MESSAGE, "notification-1")
    (taken,) = box.taken
    content = taken.content
    assert isinstance(content, bytes)
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert (taken.mail_from, taken.rcpt_tos) == (SENDER, [DUTY])
    assert mail["Subject"] == "[high] Ventricular tachycardia"
    assert mail["Message-ID"] == receipt == "<notification-1@hospital.example>"
    assert MESSAGE.alarm in mail["References"]
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        assert MESSAGE.link in part.get_content()
        assert "Confidence 0." in part.get_content()


def test_what_is_said_cannot_become_markup() -> None:
    mail = letter(DUTY, replace(MESSAGE, display="<img src=x>"), "k", SENDER)
    html = mail.get_body(("html",))
    assert html is not None
    assert "&lt;img src=x&gt;" in html.get_content()
    assert "<img" not in html.get_content()


@pytest.mark.parametrize(("answer", "told"), [("554 no", Refused), ("451 later", Unavailable)])
async def test_what_the_server_says_of_it_counts(
    answer: str, told: type[Exception], tmp_path: Path
) -> None:
    async with serving(SmtpTls.NONE, tmp_path, answer) as (channel, _):
        with pytest.raises(told):
            await channel.send(DUTY, MESSAGE, "k")


async def test_a_server_that_is_away_may_come_back(tmp_path: Path) -> None:
    async with serving(SmtpTls.NONE, tmp_path) as (channel, _):
        pass
    with pytest.raises(Unavailable):
        await channel.send(DUTY, MESSAGE, "k")


@pytest.mark.parametrize(
    "address", ["duty", "a@b.example\r\nBcc: c@d.example", "", "a b@c.example"]
)
def test_no_header_can_be_smuggled_in(address: str) -> None:
    with pytest.raises(Refused):
        letter(address, MESSAGE, "k", SENDER)
    spoilt = replace(MESSAGE, display="Pause\r\nBcc: x@y.example", event=MessageEvent.RESOLVE)
    mail = letter(DUTY, spoilt, "k", SENDER)
    assert mail["Bcc"] is None
    assert mail["Subject"] == "[high] Over: Pause Bcc: x@y.example"


async def test_a_server_that_drips_keeps_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alerting.channels.email.DEADLINE_S", 0.5)

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 me\r\n")
        with contextlib.suppress(OSError):
            while True:
                writer.write(b"2")
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    channel = Email(Server("localhost", port, SmtpTls.NONE, SENDER))
    async with asyncio.timeout(10):
        with pytest.raises(Unavailable):
            await channel.send(DUTY, MESSAGE, "k")
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0.2)  # the line's own end
