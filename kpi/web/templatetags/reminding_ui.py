"""How reminders, their ways and their rules look in words."""

from __future__ import annotations

from collections.abc import Iterable

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from kpi import labels
from kpi.models import ReminderPolicy, ReminderStep
from kpi.services.foreseeing import Occasion
from kpi.web import ladder_words
from notifications.models import Delivery

register = template.Library()
register.simple_tag(ladder_words.when, name="step_when")


@register.simple_tag
def ways(deliveries: Iterable[Delivery]) -> SafeString:
    """The channels of a notice as tags; a group's with its name, because many read along."""
    return format_html_join(
        " ",
        '<span class="tag">{}{}</span>',
        ((way.get_channel_display(), f"：{way.robot.name}" if way.robot else "") for way in deliveries),
    )


@register.filter
def steps_of(policy: ReminderPolicy, ladder: str) -> list[ReminderStep]:
    """A version's steps of one ladder, lowest first, from what is loaded already."""
    return sorted((step for step in policy.steps.all() if step.ladder == ladder), key=lambda step: step.level)


@register.simple_tag
def why(found: Occasion) -> str:
    """“填报梯级第 2 级：截止前 2 个工作日，填报人”: the step that comes, and as what the person hears of it."""
    return _("%(ladder)s梯级第 %(level)s 级：%(when)s，%(duties)s") % {
        "ladder": labels.LADDER[found.ladder].text,
        "level": found.level,
        "when": ladder_words.when(found.ladder, found.offset_workdays),
        "duties": "、".join(labels.words(labels.AUDIENCE, found.duties)),
    }
