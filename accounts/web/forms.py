"""The sign-in form: user name and password, nothing to puzzle over."""

from django import forms
from django.contrib.auth.forms import AuthenticationForm
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
