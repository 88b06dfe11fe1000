"""E-mail by SMTP (RFC 5321): one message to one address, in one thread of mails for each alarm.

The text names no patient: it says what has happened and leads to where one has to log in.
"""

import asyncio
import smtplib
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from threading import Timer

from alerting.channels.channel import Refused
from core.errors import Unavailable
from core.messages import Message, headline
from core.moments import instant
from core.settings import SmtpTls

TIMEOUT_S = 10.0
DEADLINE_S = 30.0
"""For one step of the server's, and for all of them: then its connection is cut."""
THREADS = 4
_HTML = """<!DOCTYPE html><html lang="en"><body style="font-family: sans-serif">
<h1 style="font-size: 1.3em">{}</h1><p>{}</p><p><a href="{}">Open the alert</a></p>
</body></html>
"""


@dataclass(frozen=True, slots=True)
class Server:
    """Who takes our mail; ``sender`` is the address that it comes from."""

    host: str
    port: int
    tls: SmtpTls
    sender: str
    user: str | None = None
    password: str | None = None
    context: ssl.SSLContext = field(default_factory=ssl.create_default_context)


class Email:
    """Mail through one server; each message has a connection and a thread of its own."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="smtp")

    async def send(self, address: str, message: Message, key: str) -> str:
        """Hand the mail over to the server; its Message-ID. Raises Refused or Unavailable."""
        mail = letter(address, message, key, self._server.sender)
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._hand_over, mail)
        except smtplib.SMTPRecipientsRefused as error:
            raise _told([code for code, _ in error.recipients.values()]) from error
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            raise _told([error.smtp_code]) from error
        except (OSError, smtplib.SMTPException) as error:
            # A wrong password is ours to mend: the message is not to blame.
            raise Unavailable(f"smtp: {type(error).__name__}") from error
        return str(mail["Message-ID"])

    def _hand_over(self, mail: EmailMessage) -> None:
        server = self._server
        with self._connected() as smtp, _cut_after(smtp, DEADLINE_S):
            if server.tls is SmtpTls.STARTTLS:
                smtp.starttls(context=server.context)
            if server.user is not None:
                smtp.login(server.user, server.password or "")
            smtp.send_message(mail)

    def _connected(self) -> smtplib.SMTP:
        host, port, context = self._server.host, self._server.port, self._server.context
        if self._server.tls is SmtpTls.TLS:
            return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=context)
        return smtplib.SMTP(host, port, timeout=TIMEOUT_S)


def letter(address: str, message: Message, key: str, sender: str) -> EmailMessage:
    """The mail; the same ``key`` gives the same Message-ID. Raises Refused for a wrong address."""
    mail = EmailMessage()
    try:
        to, origin = Address(addr_spec=address), Address(addr_spec=sender)
    except (MessageError, ValueError, IndexError) as error:
        raise Refused("not an e-mail address") from error
    mail["To"], mail["From"] = str(to), str(origin)
    what = " ".join(headline(message).split())
    mail["Subject"] = f"[{message.priority.value}] {what}"
    mail["Date"] = format_datetime(message.opened_at)
    mail["Message-ID"] = f"<{key}@{origin.domain}>"
    mail["References"] = f"<{message.alarm}@{origin.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    lines = list(_lines(message))
    mail.set_content("\n".join((what, *lines, message.link, "")))
    told = "<br>".join(map(escape, lines))
    mail.add_alternative(_HTML.format(escape(what), told, escape(message.link)), subtype="html")
    return mail


@contextmanager
def _cut_after(smtp: smtplib.SMTP, seconds: float) -> Iterator[None]:
    """Whoever drips bytes keeps no thread: its socket is shut when the time is over."""

    def cut() -> None:
        with suppress(OSError, AttributeError):
            smtp.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]

    timer = Timer(seconds, cut)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _lines(message: Message) -> Iterator[str]:
    since = instant(message.opened_at)
    yield (
        f"Priority {message.priority.value}, since {since}, "
        f"{message.count} time(s), session {message.session}."
    )
    if message.confidence is not None:
        yield f"Confidence {message.confidence:.2f}."


def _told(codes: list[int]) -> Refused | Unavailable:
    told = f"smtp: {', '.join(map(str, codes))}"
    return Refused(told) if all(code >= 500 for code in codes) else Unavailable(told)
