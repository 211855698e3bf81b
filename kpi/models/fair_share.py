"""How many requests each caller of the API has made in the present minute, counted by all processes together."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class RequestCount(models.Model):
    """One row a caller, written anew each minute. The table is unlogged: a crash forgets a minute's count, and counting
    waits for no disk."""

    caller = models.CharField(_("调用方"), max_length=40, primary_key=True)
    minute = models.DateTimeField(_("分钟"))
    count = models.PositiveIntegerField(_("次数"))

    class Meta:
        verbose_name = _("接口调用次数")
        verbose_name_plural = _("接口调用次数")

    def __str__(self) -> str:
        return f"{self.caller} {self.count}"
