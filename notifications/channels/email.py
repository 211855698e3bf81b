"""E-mail over SMTP, through Django's mail API."""

from __future__ import annotations

import smtplib

from django.core.mail import EmailMessage, get_connection

from notifications.channels.base import Message, PermanentFailure, TemporaryFailure

PERMANENT_FROM = 500


class EmailChannel:
    """Success is the server's 250. A 5xx answer is permanent; silence, a reset and 4xx are temporary."""

    def send(self, message: Message) -> None:
        mail = EmailMessage(
            subject=" ".join(message.subject.split()),
            body=message.text,
            to=[message.address],
            headers={"Message-ID": message.message_id},
            connection=get_connection(fail_silently=False),
        )
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as problem:
            codes = [code for code, _ in problem.recipients.values()]
            raise _failure(max(codes), problem) from problem
        except smtplib.SMTPResponseException as problem:
            raise _failure(problem.smtp_code, problem) from problem
        except (smtplib.SMTPException, OSError) as problem:
            raise TemporaryFailure(str(problem)) from problem


def _failure(code: int, problem: Exception) -> TemporaryFailure | PermanentFailure:
    return PermanentFailure(str(problem)) if code >= PERMANENT_FROM else TemporaryFailure(str(problem))
