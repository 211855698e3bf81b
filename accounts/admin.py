"""People and units. System administrators keep the accounts, security administrators grant roles, auditors read."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.generic import RedirectView
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import clock, passwords, second_factor
from accounts.administration import ReadOnlyAdmin, RoleAdmin, enter
from accounts.models import Delegation, Department, Membership, Post, Role, User
from accounts.resources import DepartmentResource, MembershipResource, UserResource, read_phone, refuse_own_role
from accounts.services import sign_out_elsewhere, unlock_sign_in
from accounts.tables import TableAdmin

admin.site.site_header = _("管理后台")
# One door: whoever has to prove more than a password proves it here, too.
admin.site.login = enter
# And one page for another password: the site's own would neither remember the former one nor leave an audit entry.
admin.site.password_change = RedirectView.as_view(pattern_name="password")

# What other applications offer to superusers, whom this house does not have: secrets of authenticator apps, and groups,
# which grant nothing here.
for model in (Group, StaticDevice, TOTPDevice):
    admin.site.unregister(model)


@admin.register(Department)
class DepartmentAdmin(TableAdmin):
    resource_classes = [DepartmentResource]
    editors = frozenset({Role.SYSTEM_ADMIN, Role.SUPERVISOR})
    viewers = frozenset({Role.SECURITY_ADMIN, Role.AUDITOR})
    fields = ("code", "name", "short_name", "name_en", "kind", "parent", "ordinal", "duties", "is_active")
    list_display = ("ordinal", "name", "short_name", "kind", "parent", "is_active")
    list_display_links = ("name",)
    list_filter = ("kind", "is_active")
    list_select_related = ("parent",)
    search_fields = ("code", "name", "short_name")


@admin.register(Post)
class PostAdmin(RoleAdmin):
    editors = frozenset({Role.SYSTEM_ADMIN})
    viewers = frozenset({Role.SECURITY_ADMIN, Role.SUPERVISOR})
    fields = ("code", "title", "title_en", "ordinal")
    list_display = ("ordinal", "title", "code")
    list_display_links = ("title",)


class UserForm(forms.ModelForm):
    """A password is set here and never shown, and changed at the next sign-in; left empty it stays as it is."""

    new_password = forms.CharField(
        label=_("新密码"), required=False, widget=forms.PasswordInput(render_value=False), max_length=128
    )

    class Meta:
        model = User
        fields = ("username", "display_name", "email", "phone", "is_active", "is_staff")

    def clean_new_password(self) -> str:
        password = self.cleaned_data["new_password"]
        if password:
            validate_password(password, self.instance)
        return password

    def clean_phone(self) -> str:
        """As it will be called; empty is allowed, a number nobody can be reached at is not."""
        try:
            return read_phone(self.cleaned_data["phone"])
        except ValueError as problem:
            raise forms.ValidationError(str(problem), code="phone_unreadable") from problem

    def save(self, commit: bool = True) -> User:
        user = super().save(commit=False)
        if user._state.adding:
            user.set_unusable_password()
        if commit:
            user.save()
        return user


@admin.register(User)
class UserAdmin(TableAdmin):
    resource_classes = [UserResource]
    form = UserForm
    editors = frozenset({Role.SYSTEM_ADMIN})
    viewers = frozenset({Role.SECURITY_ADMIN})
    list_display = ("username", "display_name", "is_active", "is_staff")
    list_filter = ("is_active",)
    search_fields = ("username", "display_name")

    def save_model(self, request: HttpRequest, obj: User, form: UserForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.cleaned_data["new_password"]:
            passwords.put(user=obj, password=form.cleaned_data["new_password"], actor=request.user, now=clock.now())

    actions = ("sign_out_everywhere", "unlock_sign_in", "forget_second_factor")

    @admin.action(description=_("结束所选用户的全部登录"), permissions=["view"])
    def sign_out_everywhere(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        ended = sum(sign_out_elsewhere(user=user, actor=request.user, now=clock.now()) for user in chosen)
        said = ngettext("已结束 %(count)s 处登录", "已结束 %(count)s 处登录", ended) % {"count": ended}
        self.message_user(request, said)

    @admin.action(description=_("解除所选用户的登录锁定"), permissions=["change"])
    def unlock_sign_in(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        for user in chosen:
            unlock_sign_in(user=user, actor=request.user, now=clock.now())
        self.message_user(request, _("已解除，可以重新登录"))

    @admin.action(description=_("清除所选用户的验证应用和恢复码"), permissions=["change"])
    def forget_second_factor(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        for user in chosen:
            second_factor.forget(user=user, actor=request.user, now=clock.now())
            sign_out_elsewhere(user=user, actor=request.user, now=clock.now())
        self.message_user(request, _("已清除，并已结束其全部登录"))


class MembershipForm(forms.ModelForm):
    """Whoever grants or ends a role says on what ground: the trail keeps it, the row does not. ``grantor`` is who
    grants: never to themselves."""

    grantor: User | None = None
    reason = forms.CharField(
        label=_("依据"),
        max_length=200,
        widget=forms.TextInput(attrs={"size": 60}),
        help_text=_("如任免文件、调令或书面申请；写入审计记录"),
        error_messages={"required": _("请写明依据")},
    )

    class Meta:
        model = Membership
        fields = ("user", "role", "department", "post", "starts_on", "ends_on", "is_contact")

    def clean_user(self) -> User:
        refuse_own_role(self.cleaned_data["user"], self.grantor)
        return self.cleaned_data["user"]


@admin.register(Membership)
class MembershipAdmin(TableAdmin):
    resource_classes = [MembershipResource]
    form = MembershipForm
    editors = frozenset({Role.SECURITY_ADMIN})
    viewers = frozenset({Role.SYSTEM_ADMIN, Role.AUDITOR})
    list_display = ("user", "role", "department", "post", "starts_on", "ends_on")
    list_filter = ("role",)
    list_select_related = ("user", "department", "post")
    autocomplete_fields = ("user", "department")

    def get_form(
        self, request: HttpRequest, obj: Membership | None = None, change: bool = False, **kwargs: object
    ) -> type[forms.ModelForm]:
        form = super().get_form(request, obj, change, **kwargs)
        form.grantor = request.user
        return form

    def has_change_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        """One's own is to look at: another security administrator changes it."""
        is_own = obj is not None and obj.user_id == request.user.pk
        return not is_own and super().has_change_permission(request, obj)


@admin.register(Delegation)
class DelegationAdmin(ReadOnlyAdmin):
    """Heads lend and take back their signature on their own page."""

    viewers = frozenset({Role.SECURITY_ADMIN, Role.AUDITOR, Role.SUPERVISOR})
    list_display = ("head", "delegate", "department", "starts_on", "ends_on", "revoked_at", "reason")
    list_filter = ("department",)
    list_select_related = ("head", "delegate", "department")
