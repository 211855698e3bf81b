"""What every administration page shares: rights by role, an audit entry for each change, imports within bounds."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms
from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms.models import BaseModelFormSet, model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from import_export import resources
from import_export.admin import ImportExportMixin

from accounts import audit, clock, phones
from accounts.models import Role
from accounts.spreadsheets import FORMATS, SpreadsheetRefused


def enter(request: HttpRequest) -> HttpResponse:
    """In place of the site's own sign-in form: a stranger goes to the one there is, others are refused."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index"))
    if not admin.site.has_permission(request):
        raise PermissionDenied
    return redirect("admin:index")


class RoleAdmin(admin.ModelAdmin):
    """Opened by roles, never by superuser flags. Nothing is deleted here: rows are switched off instead."""

    viewers: frozenset[Role] = frozenset()
    editors: frozenset[Role] = frozenset()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._is_one_of(request, self.viewers | self.editors)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._is_one_of(request, self.editors)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._is_one_of(request, self.editors)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self._is_one_of(request, self.editors)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def save_model(self, request: HttpRequest, obj: models.Model, form: object, change: bool) -> None:
        before = values_of(type(obj)._default_manager.get(pk=obj.pk)) if change else None
        super().save_model(request, obj, form, change)
        record_change(obj, before, request)

    def save_formset(self, request: HttpRequest, form: object, formset: BaseModelFormSet, change: bool) -> None:
        """Parts of a row are changes of their own: one entry for each."""
        stored = formset.model._default_manager.in_bulk([part.instance.pk for part in formset.initial_forms])
        before = {key: values_of(part) for key, part in stored.items()}
        super().save_formset(request, form, formset, change)
        for part in (*formset.new_objects, *(part for part, _fields in formset.changed_objects)):
            record_change(part, before.get(part.pk), request)

    def _is_one_of(self, request: HttpRequest, roles: Iterable[Role]) -> bool:
        return bool(request.actor) and any(request.actor.has(role) for role in roles)


class ReadOnlyAdmin(RoleAdmin):
    """To look at only."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class TableAdmin(ImportExportMixin, RoleAdmin):
    """With import and export as workbook or CSV: first a preview, then a confirmation."""

    formats = FORMATS
    import_formats = FORMATS
    export_formats = FORMATS

    def add_data_read_fail_error_to_form(self, form: forms.Form, e: Exception) -> None:
        """A refused file says why; anything else keeps the library's words."""
        if isinstance(e, SpreadsheetRefused):
            form.add_error("import_file", str(e))
        else:
            super().add_data_read_fail_error_to_form(form, e)


class AuditedResource(resources.ModelResource):
    """Validates every row like a form, writes all or nothing, and leaves an audit entry for each changed row."""

    class Meta:
        abstract = True
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = True
        use_transactions = True

    def before_save_instance(self, instance: models.Model, row: object, **kwargs: object) -> None:
        stored = type(instance)._default_manager.filter(pk=instance.pk).first()
        instance._before_import = values_of(stored) if stored else None  # type: ignore[attr-defined]

    def after_save_instance(self, instance: models.Model, row: object, **kwargs: object) -> None:
        if not kwargs.get("dry_run"):
            audit.record(
                action=f"{instance._meta.model_name}.imported",
                obj=instance,
                actor=kwargs.get("user"),  # type: ignore[arg-type]
                now=clock.now(),
                before=instance._before_import,  # type: ignore[attr-defined]
                after=values_of(instance),
            )

    def after_import(self, dataset: object, result: object, **kwargs: object) -> None:
        """Nothing: the library would set the table's sequence back under other writers."""


def values_of(obj: models.Model) -> dict[str, object]:
    """Field values as the audit keeps them; many-to-many relations by their own entries."""
    plain = [field.name for field in obj._meta.concrete_fields if field.name not in ("password", "last_login")]
    values = {name: str(value) for name, value in model_to_dict(obj, fields=plain).items()}
    # The trail is read by many and kept for ever: enough of a number to tell that it changed.
    return values | ({"phone": phones.masked(values["phone"])} if "phone" in values else {})


def record_change(obj: models.Model, before: dict[str, object] | None, request: HttpRequest) -> None:
    action = f"{obj._meta.model_name}.{'changed' if before else 'created'}"
    audit.record(action=action, obj=obj, actor=request.user, now=clock.now(), before=before, after=values_of(obj))
