"""What every administration page shares: rights by role, and an audit entry for each change."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms.models import BaseModelFormSet, ModelForm, model_to_dict
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import audit, clock, phones
from accounts.models import Role


def enter(request: HttpRequest) -> HttpResponse:
    """In place of the site's own sign-in form: a stranger goes to the one there is, others are refused."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index"))
    if not admin.site.has_permission(request):
        raise PermissionDenied
    return redirect("admin:index")


def nothing_here(request: HttpRequest, rest: str) -> HttpResponse:
    """In place of the site's jump to any row of any table, which told which rows there are; no page leads there."""
    raise Http404


class RoleAdmin(admin.ModelAdmin):
    """Opened by roles, never by superuser flags. Nothing is deleted here: rows are switched off instead."""

    viewers: frozenset[Role] = frozenset()
    editors: frozenset[Role] = frozenset()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self.is_one_of(request, self.viewers | self.editors)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self.is_one_of(request, self.editors)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.is_one_of(request, self.editors)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict | None = None) -> HttpResponse:
        """The framework looks for the row first, and so tells which ones there are to whoever may see none."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def save_model(self, request: HttpRequest, obj: models.Model, form: ModelForm, change: bool) -> None:
        before = values_of(type(obj)._default_manager.get(pk=obj.pk)) if change else None
        super().save_model(request, obj, form, change)
        record_change(obj, before, request, reason=form.cleaned_data.get("reason", ""))

    def save_formset(self, request: HttpRequest, form: object, formset: BaseModelFormSet, change: bool) -> None:
        """Parts of a row are changes of their own: one entry for each."""
        stored = formset.model._default_manager.in_bulk([part.instance.pk for part in formset.initial_forms])
        before = {key: values_of(part) for key, part in stored.items()}
        super().save_formset(request, form, formset, change)
        for part in (*formset.new_objects, *(part for part, _fields in formset.changed_objects)):
            record_change(part, before.get(part.pk), request)

    def is_one_of(self, request: HttpRequest, roles: Iterable[Role]) -> bool:
        return bool(request.actor) and any(request.actor.has(role) for role in roles)


class ReadOnlyAdmin(RoleAdmin):
    """To look at only."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


def values_of(obj: models.Model) -> dict[str, object]:
    """Field values as the audit keeps them; many-to-many relations by their own entries."""
    plain = [field.name for field in obj._meta.concrete_fields if field.name not in ("password", "last_login")]
    values = {name: str(value) for name, value in model_to_dict(obj, fields=plain).items()}
    # The trail is read by many and kept for ever: enough of a number to tell that it changed.
    return values | ({"phone": phones.masked(values["phone"])} if "phone" in values else {})


def record_change(
    obj: models.Model, before: dict[str, object] | None, request: HttpRequest, *, reason: str = ""
) -> None:
    audit.record(
        action=f"{obj._meta.model_name}.{'changed' if before else 'created'}",
        obj=obj,
        actor=request.user,
        now=clock.now(),
        before=before,
        after=values_of(obj),
        reason=reason,
    )
