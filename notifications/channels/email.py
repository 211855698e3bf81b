"""E-mail over SMTP, through Django's mail API."""

from __future__ import annotations

import smtplib
import socket
import ssl
import unicodedata
from contextlib import suppress

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils.translation import gettext as _

from notifications.channels.base import (
    Failure,
    Message,
    MessageRefused,
    OutOfOrder,
    PermanentFailure,
    TemporaryFailure,
)
from notifications.channels.redaction import redacted

PERMANENT_FROM = 500
# “Sign in first” and its relatives: said to any recipient, and not because of them.
SIGN_IN = (530, 534, 535, 538)
TOO_LARGE = 552


class EmailChannel:
    """Success is the server's 250.

    A 5xx for the recipient or the text is permanent. Sign-in, sender and TLS are settings of ours: nobody's message is
    given up for them. Silence and 4xx are temporary; a connection lost after the text may mean that it arrived, so that
    it is sent again under the same Message-ID.
    """

    def parts(self, message: Message) -> list[Message]:
        return [message]

    def send(self, part: Message) -> None:
        connection = get_connection(fail_silently=False)
        mail = EmailMessage(
            subject=_one_line(part.subject),
            body=part.text,
            to=[part.address],
            headers={"Message-ID": part.message_id},
            connection=connection,
        )
        try:
            # Django sends nothing and says so where no recipient is left.
            if mail.send() != 1:
                raise PermanentFailure(_("没有可用的邮箱地址"), "bad_address")
        except (smtplib.SMTPException, OSError) as problem:
            raise _failure(problem) from problem
        except ValueError as problem:
            # A line break in an address would begin a header of its own.
            raise PermanentFailure(_("邮箱地址不能用"), "bad_address") from problem
        finally:
            # Django leaves it open where signing in failed.
            with suppress(smtplib.SMTPException, OSError):
                connection.close()


def _failure(problem: Exception) -> Failure:
    match problem:
        case smtplib.SMTPRecipientsRefused():
            code = max((code for code, _said in problem.recipients.values()), default=0)
            return _of_ours(problem, code) if code in SIGN_IN else _by(code, problem, PermanentFailure)
        case smtplib.SMTPDataError():
            return _by(problem.smtp_code, problem, MessageRefused)
        case smtplib.SMTPSenderRefused(smtp_code=code) if code == TOO_LARGE:
            return MessageRefused(_said(problem), str(code))
        case smtplib.SMTPResponseException():
            return _by(problem.smtp_code, problem, OutOfOrder)
        case smtplib.SMTPNotSupportedError() | ssl.SSLCertVerificationError() | socket.gaierror():
            return _of_ours(problem, type(problem).__name__)
        case smtplib.SMTPServerDisconnected():
            return TemporaryFailure(_("连接中断，不知是否送达"), "disconnected")
        case _:
            return TemporaryFailure(_said(problem))


def _by(code: int, problem: Exception, permanent: type[Failure]) -> Failure:
    return (permanent if code >= PERMANENT_FROM else TemporaryFailure)(_said(problem), str(code))


def _of_ours(problem: Exception, code: object) -> Failure:
    return OutOfOrder(_said(problem), str(code))


def _said(problem: Exception) -> str:
    return redacted(str(problem), settings.EMAIL_HOST_PASSWORD)


def _one_line(subject: str) -> str:
    """A header holds one line and no control characters."""
    return "".join(sign for sign in " ".join(subject.split()) if unicodedata.category(sign) != "Cc")
