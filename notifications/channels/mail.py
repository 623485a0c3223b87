"""Mail, through the operator's own SMTP server."""

import asyncio
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate
from typing import Final

import aiosmtplib

from api.core.settings import Smtp
from notifications.channels import Address, Limits, Message
from notifications.rules import Fate, Outcome

NO_MAILBOX: Final = frozenset({550, 551, 553})
NOT_BELIEVED: Final = frozenset({454, 530, 534, 535, 538})


class Mail:
    """Keeps up to `at_once` connections to the server and uses them again."""

    def __init__(self, smtp: Smtp, limits: Limits) -> None:
        self.at_once = min(limits.at_once, 8)
        self._smtp = smtp
        self._seconds = limits.seconds
        self._idle: list[aiosmtplib.SMTP] = []
        self._places = asyncio.Semaphore(self.at_once)

    async def send(self, message: Message, to: Address) -> Outcome:
        mail = _phrased(message, self._smtp.sender, to["to"])
        async with self._places:
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._sent(mail)
            except (TimeoutError, aiosmtplib.SMTPTimeoutError):
                return Outcome(Fate.LATER, "timeout")
            except ssl.SSLError:
                return Outcome(Fate.FAULT, "tls")
            except aiosmtplib.SMTPRecipientsRefused as error:
                return _of_recipient(error.recipients[0].code)
            except aiosmtplib.SMTPSenderRefused as error:
                return _of_us(error.code)
            except aiosmtplib.SMTPAuthenticationError as error:
                return _of_us(error.code)
            except aiosmtplib.SMTPResponseException as error:
                return _of_message(error.code)
            except aiosmtplib.SMTPNotSupported:
                return Outcome(Fate.FAULT, "tls")
            except ValueError:  # an address no server would take
                return Outcome(Fate.REFUSED, "unsendable")
            except (aiosmtplib.SMTPException, OSError) as error:
                # The bare class is the library's word for what the server does not offer.
                is_fault = type(error) is aiosmtplib.SMTPException
                is_fault = is_fault or isinstance(error.__cause__, ssl.SSLError)
                return (
                    Outcome(Fate.FAULT, "tls") if is_fault else Outcome(Fate.LATER, "unreachable")
                )

    async def _sent(self, mail: EmailMessage) -> Outcome:
        """On a connection that is open; one the server closed meanwhile is opened anew."""
        while self._idle:
            client = self._idle.pop()
            with suppress(aiosmtplib.SMTPServerDisconnected):
                return await self._on(client, mail)
        client = aiosmtplib.SMTP(
            hostname=self._smtp.host,
            port=self._smtp.port,
            timeout=self._seconds,
            use_tls=self._smtp.tls == "tls",
            start_tls=self._smtp.tls == "starttls",
            username=self._smtp.user,
            password=self._smtp.password,
        )
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        return await self._on(client, mail)

    async def _on(self, client: aiosmtplib.SMTP, mail: EmailMessage) -> Outcome:
        try:
            await client.send_message(mail)
        except aiosmtplib.SMTPResponseException:
            await self._keep(client)
            raise
        except aiosmtplib.SMTPRecipientsRefused:
            await self._keep(client)
            raise
        except BaseException:
            client.close()
            raise
        self._idle.append(client)
        return Outcome(Fate.SENT)

    async def _keep(self, client: aiosmtplib.SMTP) -> None:
        try:
            await client.rset()
        except (aiosmtplib.SMTPException, OSError):
            client.close()
        else:
            self._idle.append(client)

    async def close(self) -> None:
        for client in self._idle:
            client.close()
        self._idle.clear()


def _phrased(message: Message, sender: str, to: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = message.title
    mail["Date"] = formatdate(usegmt=True)
    mail["Message-ID"] = f"<{message.key}@{sender.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"{message.body}\n\n{message.url}\n" if message.url else f"{message.body}\n")
    return mail


def _of_recipient(code: int) -> Outcome:
    if code in NO_MAILBOX:
        return Outcome(Fate.GONE, f"smtp {code}")
    return Outcome(Fate.LATER if code < 500 else Fate.REFUSED, f"smtp {code}")


def _of_us(code: int) -> Outcome:
    if code < 500 and code not in NOT_BELIEVED:
        return Outcome(Fate.LATER, f"smtp {code}")
    return Outcome(Fate.FAULT, f"smtp {code}")


def _of_message(code: int) -> Outcome:
    if code in NOT_BELIEVED:
        return _of_us(code)
    return Outcome(Fate.LATER if code < 500 else Fate.REFUSED, f"smtp {code}")
