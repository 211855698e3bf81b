"""The sign-in form: user name and password, nothing to puzzle over; and the form for another password."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.utils.translation import gettext_lazy as _

from accounts import lockout


class SignInForm(AuthenticationForm):
    """One message for every wrong combination, so that nobody learns which user names exist."""

    username = forms.CharField(label=_("用户名"), max_length=60, widget=forms.TextInput(attrs={"class": "inp"}))
    password = forms.CharField(label=_("密码"), max_length=128, widget=forms.PasswordInput(attrs={"class": "inp"}))
    error_messages = {
        "invalid_login": _("用户名或密码不正确。请检查大小写后重试；忘记密码请联系系统管理员。"),
        "inactive": _("此账号已停用，请联系系统管理员。"),
        "locked": _("连续输错 5 次密码，10 分钟内不能再从这里登录这个账号。急用请联系系统管理员解除。"),
    }

    def get_invalid_login_error(self) -> forms.ValidationError:
        code = "locked" if lockout.is_locked(self.request) else "invalid_login"
        return forms.ValidationError(self.error_messages[code], code=code)


class NewPasswordForm(PasswordChangeForm):
    """The old one, and the new one twice."""

    error_messages = PasswordChangeForm.error_messages | {
        "password_incorrect": _("原密码不正确"),
        "password_mismatch": _("两次输入的新密码不同"),
    }

    def __init__(self, *args: object, **kwargs: object):
        super().__init__(*args, **kwargs)
        labels = {"old_password": _("原密码"), "new_password1": _("新密码"), "new_password2": _("再输一次新密码")}
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].widget.attrs |= {"class": "inp", "autofocus": False}
