"""``manage.py alarm``: what is wrong with reminders, told on a way that does not use them. For cron."""

import os
import syslog
import time
from collections.abc import Iterator
from pathlib import Path
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.core.management.base import BaseCommand, CommandError
from django.db import Error
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import clock
from notifications import health
from notifications.digest import LANGUAGE

HOUR = 3600


class Command(BaseCommand):
    help = "Exit 1 and write to stderr, syslog and ALARM_EMAIL (at most one mail an hour) if reminders do not run."

    def handle(self, *args, **options):
        with override(LANGUAGE):
            found = list(problems())
            if not found:
                self.stdout.write("reminders run")
                return
            text = "\n".join(found)
            for line in found:
                syslog.syslog(syslog.LOG_ERR, f"kpi: {line}")
            raise CommandError(f"{text}\n{self._write_to(text)}")

    def _write_to(self, text: str) -> str:
        """Straight to the mail server; what became of it, for whoever reads cron's output."""
        state = Path(settings.ALARM_STATE_FILE)
        if not settings.ALARM_EMAIL:
            return _("没有设置 ALARM_EMAIL，未发邮件")
        if state.exists() and time.time() - state.stat().st_mtime < HOUR:
            return _("一小时内已发过邮件")
        try:
            send_mail(_("催报运行告警：%(site)s") % {"site": settings.SITE_URL}, text, None, list(settings.ALARM_EMAIL))
        except (SMTPException, OSError) as problem:
            return _("告警邮件未能发出：%(problem)s") % {"problem": problem}
        # Not through a link that somebody else has put there.
        os.close(os.open(state, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600))
        os.utime(state)
        return _("已发邮件：%(to)s") % {"to": "、".join(settings.ALARM_EMAIL)}


def problems() -> Iterator[str]:
    """A sentence for each thing that is wrong."""
    try:
        now = clock.now()
        found = health.look(now=now)
    except Error as problem:
        yield _("数据库无法访问：%(problem)s") % {"problem": str(problem).splitlines()[0]}
        return
    parts = {"tick": _("催报规划"), "send": _("消息发送")}
    for name in found.silent:
        age = getattr(found, name)
        if age is None:
            yield _("%(part)s从未运行") % {"part": parts[name]}
        else:
            yield _("%(part)s已停 %(minutes)s 分钟") % {"part": parts[name], "minutes": int(age.total_seconds() // 60)}
    if found.is_late:
        minutes = int(found.oldest_due.total_seconds() // 60)
        yield _("最早一条到时未发的消息已等 %(minutes)s 分钟") % {"minutes": minutes}
    if found.newly_dead:
        yield _("一小时内有 %(count)s 条消息无法送达") % {"count": found.newly_dead}
    if found.is_held:
        yield _("发送已暂停，待督查室核实后恢复")
