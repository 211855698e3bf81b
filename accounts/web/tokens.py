"""API tokens of a person: made and shown once, listed, revoked; service tokens for the system administrator."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts import clock, tokens
from accounts.models import WHOLE_CITY, ApiToken, Role, Scope, TokenKind
from accounts.permissions import Actor

DAYS = {30: gettext_lazy("30 天"), 90: gettext_lazy("90 天"), 180: gettext_lazy("180 天"), 365: gettext_lazy("一年")}


class TokenForm(forms.Form):
    """What a new token is for. Only what the person could use is offered."""

    # What is missing is said by the page, in its own words.
    use_required_attribute = False

    name = forms.CharField(
        label=gettext_lazy("用途"),
        max_length=80,
        widget=forms.TextInput(attrs={"class": "inp", "placeholder": gettext_lazy("如：统计平台每月报数")}),
        error_messages={"required": gettext_lazy("请写明给哪个系统、做什么用")},
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("种类"), choices=TokenKind.choices, initial=TokenKind.PERSONAL, widget=forms.RadioSelect
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("还可以"), required=False, widget=forms.CheckboxSelectMultiple
    )
    departments = forms.ModelMultipleChoiceField(
        label=gettext_lazy("限于单位"), queryset=None, required=False,
        widget=forms.SelectMultiple(attrs={"class": "inp", "size": 6}),
    )  # fmt: skip
    days = forms.TypedChoiceField(
        label=gettext_lazy("有效期"), coerce=int, choices=list(DAYS.items()), initial=90,
        widget=forms.Select(attrs={"class": "inp"}),
    )  # fmt: skip

    def __init__(self, actor: Actor, *args: object, **kwargs: object):
        super().__init__(*args, **kwargs)
        useful = [scope for scope in tokens.scopes_for(actor) if scope is not Scope.READ]
        self.fields["scopes"].choices = [(scope.value, scope.label) for scope in useful]
        self.fields["departments"].queryset = tokens.departments_for(actor)

    def clean(self) -> dict[str, object]:
        said = super().clean()
        if said.get("departments") and WHOLE_CITY & set(said.get("scopes", ())):
            self.add_error("departments", _("报告期、通报得分、配置涉及全市，不能限于单位：请不选单位，或去掉这些权限"))
        return said

    def wish(self) -> tokens.Wish:
        said = self.cleaned_data
        return tokens.Wish(
            kind=TokenKind(said["kind"]),
            name=said["name"],
            scopes=[Scope(scope) for scope in said["scopes"]],
            days=said["days"],
            departments=list(said["departments"]),
        )


@login_required
@never_cache
def show_tokens(request: HttpRequest) -> HttpResponse:
    """My tokens and the form for a new one; a POST makes it and shows it, this once."""
    form = TokenForm(request.actor, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _show(request, form)
    issued = tokens.issue(wish=form.wish(), actor=request.actor, now=clock.now())
    return render(request, "accounts/token_made.html", {"issued": issued})


def _show(request: HttpRequest, form: TokenForm) -> HttpResponse:
    found = list(tokens.visible_to(request.actor))
    context = {
        "form": form,
        "mine": [token for token in found if token.user_id == request.user.pk],
        "others": [token for token in found if token.user_id != request.user.pk],
        "is_admin": request.actor.has(Role.SYSTEM_ADMIN),
        "now": clock.now(),
    }
    return render(request, "accounts/tokens.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """It opens nothing from now on. Another's does not exist."""
    token: ApiToken | None = tokens.visible_to(request.actor).filter(pk=pk).first()
    if token is None:
        raise Http404
    tokens.revoke(token=token, actor=request.actor, now=clock.now())
    messages.success(request, _("已撤销“%(name)s”，从现在起不能再用") % {"name": token.name})
    return redirect("tokens")
