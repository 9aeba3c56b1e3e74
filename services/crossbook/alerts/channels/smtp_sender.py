"""One mail to one SMTP server: to a checked address, in TLS unless that was settled otherwise, and never in part.

What a reply means: 4yz may work later, 5yz is a person's to mend. Where only some receivers were refused the others
have the mail: who has is handed back, so that the next try leaves them out.
"""

import asyncio
import socket
from dataclasses import dataclass
from email.message import EmailMessage

import aiosmtplib

from crossbook.alerts.channels.answer import words
from crossbook.alerts.channels.dialing import first_to_answer, in_turn
from crossbook.alerts.channels.http_sender import HttpSender, tls_problem
from crossbook.alerts.channels.outcome import Delivered, Failed, Outcome, Retry
from crossbook.alerts.channels.targets import TargetRefusedError, TargetUnresolvedError
from crossbook.pb.v1 import alerts_pb2 as pb

OUR_NAME = "crossbook.invalid"  # in EHLO: the machine's own name is nobody's business
PERMANENT = range(500, 600)


@dataclass(frozen=True, slots=True)
class Sent:
    """How it ended, and the receivers of this try whose server took it."""

    outcome: Outcome
    taken: tuple[str, ...] = ()


async def send_mail(config: pb.EmailChannel, mail: EmailMessage, recipients: list[str], http: HttpSender) -> Sent:
    """One try, that lasts no longer than one of HTTP does."""
    try:
        async with asyncio.timeout(http.try_seconds):
            return await _send(config, mail, recipients, http)
    except TargetRefusedError as error:
        return Sent(Failed(str(error)))
    except TargetUnresolvedError as error:
        return Sent(Retry(str(error)))
    except (TimeoutError, aiosmtplib.SMTPTimeoutError):
        return Sent(Retry(f"no answer within {http.try_seconds:g} s"))
    except aiosmtplib.SMTPRecipientsRefused as error:
        return Sent(_worst([(one.code, one.message) for one in error.recipients], len(recipients)))
    except aiosmtplib.SMTPResponseException as error:
        return Sent(_of_reply(error.code, error.message))
    except aiosmtplib.SMTPException as error:
        return Sent(Retry(tls_problem(error) or _said(error)))
    except OSError as error:
        return Sent(Retry(tls_problem(error) or "cannot connect"))


async def _send(config: pb.EmailChannel, mail: EmailMessage, recipients: list[str], http: HttpSender) -> Sent:
    is_tls = config.security == pb.SMTP_SECURITY_TLS
    port = config.port or (465 if is_tls else 587)
    addresses = in_turn(await http.policy.resolve(config.host, port))
    connected = await first_to_answer(addresses, lambda address: _dial(address, port), _close)
    smtp = aiosmtplib.SMTP(
        hostname=config.host,
        sock=connected,
        use_tls=is_tls,
        start_tls=not (is_tls or config.security == pb.SMTP_SECURITY_NONE),
        tls_context=http.tls,
        username=config.username or None,
        password=config.password or None,
        local_hostname=OUR_NAME,
        timeout=http.try_seconds,
    )
    try:
        async with smtp:
            refused, _ = await smtp.send_message(mail, sender=config.sender, recipients=recipients)
    finally:
        connected.close()
    taken = tuple(one for one in recipients if one not in refused)
    if not refused:
        return Sent(Delivered(), taken)
    return Sent(_worst([(reply.code, reply.message) for reply in refused.values()], len(recipients)), taken)


async def _dial(address: str, port: int) -> socket.socket:
    found = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    found.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(found, (address, port))
    except BaseException:
        found.close()
        raise
    return found


async def _close(connected: socket.socket) -> None:
    connected.close()


def _worst(replies: list[tuple[int, str]], of: int) -> Outcome:
    """Those that may work later are tried again first; what is left then is final."""
    code, message = min(replies)
    outcome = _of_reply(code, message)
    reason = (
        f"{len(replies)} of {of} receivers refused: {outcome.reason}" if isinstance(outcome, Retry | Failed) else ""
    )
    return Failed(reason) if isinstance(outcome, Failed) else Retry(reason)


def _of_reply(code: int, message: str) -> Outcome:
    reason = f"SMTP {code}: {words(message)}"
    return Failed(reason) if code in PERMANENT else Retry(reason)


def _said(error: Exception) -> str:
    if isinstance(error, aiosmtplib.SMTPConnectError | aiosmtplib.SMTPServerDisconnected):
        return "the server broke off" if isinstance(error, aiosmtplib.SMTPServerDisconnected) else "cannot connect"
    return f"the server cannot be used: {words(error)}"
