"""The sign-in form: user name and password, nothing to puzzle over; and the form for another password."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import lockout

LOCKED = _("连续输错 5 次密码，10 分钟内不能再从这里登录这个账号。急用请联系系统管理员解除。")
HELP = _("请换用平时的电脑，或稍后再试；急用请联系系统管理员解除。")


class SignInForm(AuthenticationForm):
    """One message for every wrong combination, so that nobody learns which user names exist."""

    username = forms.CharField(label=_("用户名"), max_length=60, widget=forms.TextInput(attrs={"class": "inp"}))
    password = forms.CharField(label=_("密码"), max_length=128, widget=forms.PasswordInput(attrs={"class": "inp"}))
    error_messages = {
        "invalid_login": _("用户名或密码不正确。请检查大小写后重试；忘记密码请联系系统管理员。"),
        "inactive": _("此账号已停用，请联系系统管理员。"),
    }
    # What became of a try that was refused, and for how long the next one would be.
    refused: lockout.TryRefused | None = None

    def clean(self) -> dict[str, object]:
        name, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if name is None or not password:
            return self.cleaned_data
        try:
            self.user_cache = lockout.read(self.request, username=name, password=password)
        except lockout.TryRefused as refused:
            self.refused = refused
            raise forms.ValidationError(said(refused), code=refused.code) from refused
        if self.user_cache is None:
            raise self.get_invalid_login_error()
        self.confirm_login_allowed(self.user_cache)
        return self.cleaned_data


def said(refused: lockout.TryRefused) -> str:
    """A refused try in words: why, how long, and what to do."""
    if refused.code == "locked":
        return str(LOCKED)
    minutes = -(-refused.wait // timedelta(minutes=1))
    why = ngettext(
        "有人正从多处试这个账号的密码，%(minutes)s 分钟内只能从以前登录过的电脑登录。",
        "有人正从多处试这个账号的密码，%(minutes)s 分钟内只能从以前登录过的电脑登录。",
        minutes,
    )
    return why % {"minutes": minutes} + str(HELP)


class NewPasswordForm(PasswordChangeForm):
    """The old one, and the new one twice."""

    error_messages = PasswordChangeForm.error_messages | {
        "password_incorrect": _("原密码不正确"),
        "password_mismatch": _("两次输入的新密码不同"),
    }

    def __init__(self, request: HttpRequest, *args: object, **kwargs: object):
        super().__init__(request.user, *args, **kwargs)
        self.request = request
        labels = {"old_password": _("原密码"), "new_password1": _("新密码"), "new_password2": _("再输一次新密码")}
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].widget.attrs |= {"class": "inp", "autofocus": False}

    def clean_old_password(self) -> str:
        """Guessed no more often than at the door: a computer left open must not tell its owner's password."""
        typed = self.cleaned_data["old_password"]
        try:
            user = lockout.read(self.request, username=self.user.get_username(), password=typed)
        except lockout.TryRefused as refused:
            raise forms.ValidationError(said(refused), code=refused.code) from refused
        if user is None:
            raise forms.ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return typed
