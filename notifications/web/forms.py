"""What is typed about a robot. The address and the secret are never sent back to the browser."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from notifications.channels import hooks
from notifications.models import Robot
from notifications.models.robots import ROBOT_CHANNELS
from notifications.selectors import units_for_robots


def _secret_input(**attributes: str) -> forms.PasswordInput:
    """Not filled again after an error: what was pasted is a key, and the page may be looked at by others."""
    return forms.PasswordInput(
        render_value=False, attrs={"class": "inp", "autocomplete": "off", "spellcheck": "false"} | attributes
    )


class HookForm(forms.Form):
    """Where the robot is reached. ``channel`` is the robot's; the form for a new one asks for it."""

    address = forms.CharField(label=_("Webhook 地址"), max_length=500, required=False, widget=_secret_input())
    secret = forms.CharField(label=_("签名密钥"), max_length=200, required=False, widget=_secret_input())

    def __init__(self, *args: Any, channel: str = "", **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.channel = channel

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        channel = cleaned.get("channel") or self.channel
        if channel and "address" in cleaned:
            try:
                hooks.place_of(cleaned["address"], channel)
            except hooks.HookRefused as problem:
                self.add_error("address", forms.ValidationError(problem.words, code=problem.code))
        return cleaned


class RobotForm(HookForm):
    """A robot for a unit's group."""

    channel = forms.ChoiceField(
        label=_("渠道"),
        choices=[("", _("请选择")), *((channel.value, channel.label) for channel in ROBOT_CHANNELS)],
        widget=forms.Select(attrs={"class": "inp"}),
        error_messages={"required": _("请选择渠道")},
    )
    department = forms.ModelChoiceField(
        label=_("单位"),
        queryset=None,
        empty_label=_("请选择"),
        widget=forms.Select(attrs={"class": "inp"}),
        error_messages={"required": _("请选择单位")},
    )
    name = forms.CharField(
        label=_("群名"),
        max_length=60,
        widget=forms.TextInput(attrs={"class": "inp", "autocomplete": "off"}),
        error_messages={"required": _("请填写群名，便于辨认")},
    )
    field_order = ("channel", "department", "name", "address", "secret")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["department"].queryset = units_for_robots()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        same = {name: cleaned.get(name) for name in ("channel", "department")}
        if all(same.values()) and Robot.objects.filter(**same, is_enabled=True).exists():
            self.add_error("department", taken())
        return cleaned


def taken() -> forms.ValidationError:
    return forms.ValidationError(_("该单位在这个渠道已有启用的机器人，请先停用原来的"), code="robot_taken")
