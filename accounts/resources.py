"""Columns of the tables of people and units. Accounts and roles are two tables: two administrators keep them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from import_export import fields, widgets

from accounts import phones
from accounts.models import Department, Membership, Post, User
from accounts.tables import AuditedResource, CodeWidget


class DepartmentResource(AuditedResource):
    """Units by code; a parent is named by its code."""

    parent = fields.Field("parent", "parent", CodeWidget(Department, "code"))

    class Meta(AuditedResource.Meta):
        model = Department
        import_id_fields = ("code",)
        fields = ("code", "name", "short_name", "name_en", "kind", "parent", "ordinal", "duties", "is_active")

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().select_related("parent")


def read_phone(typed: str) -> str:
    """A number as it will be called; empty is allowed. Raises ``ValueError`` for one nobody can be reached at."""
    number = phones.normalised(typed)
    if typed and not number:
        raise ValueError(_("请填写 11 位手机号，可以带 +86"))
    return number


class PhoneWidget(widgets.CharWidget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return read_phone(super().clean(value, row, **kwargs) or "")


class UserResource(AuditedResource):
    """Accounts by user name. Passwords are neither shown nor taken: a new account has none until one is set."""

    phone = fields.Field("phone", "phone", PhoneWidget())

    class Meta(AuditedResource.Meta):
        model = User
        import_id_fields = ("username",)
        fields = ("username", "display_name", "email", "phone", "is_active", "is_staff")

    def after_init_instance(self, instance: User, new: bool, row: object, **kwargs: object) -> None:
        if new:
            instance.set_unusable_password()


def refuse_own_role(user: User, grantor: User | None) -> None:
    """Raises ``ValidationError``: who grants roles grants none to themselves, and changes none of their own."""
    if grantor is not None and user.pk == grantor.pk:
        raise ValidationError(_("不能给自己授予或变更角色，请由另一位安全管理员办理"), code="own_role")


class MembershipResource(AuditedResource):
    """Roles by person, role, place and first day: what may change is the last day, and who is the contact."""

    user = fields.Field("user", "user", CodeWidget(User, "username"))
    department = fields.Field("department", "department", CodeWidget(Department, "code"))
    post = fields.Field("post", "post", CodeWidget(Post, "code"))

    class Meta(AuditedResource.Meta):
        model = Membership
        import_id_fields = ("user", "role", "department", "post", "starts_on")
        fields = ("user", "role", "department", "post", "starts_on", "ends_on", "is_contact")

    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().select_related("user", "department", "post")

    def before_save_instance(self, instance: Membership, row: object, **kwargs: Any) -> None:
        refuse_own_role(instance.user, kwargs.get("user"))
        super().before_save_instance(instance, row, **kwargs)
