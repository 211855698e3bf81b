"""Tables that administrators export, change in Excel and import again: previewed row by row, then written all or none.

What is confirmed is what was previewed: a seal binds the confirmation to the person, the file's content, what the
preview said would change, and half an hour.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import tablib
from django import forms
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.core.files.storage import storages
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from import_export import resources, widgets
from import_export.admin import ImportExportMixin
from import_export.formats.base_formats import Format
from import_export.forms import ConfirmImportForm
from import_export.instance_loaders import ModelInstanceLoader
from import_export.results import Result
from import_export.tmp_storages import MediaStorage

from accounts import audit, clock
from accounts.administration import RoleAdmin, values_of
from accounts.spreadsheets import SpreadsheetRefused
from accounts.spreadsheets.formats import FORMATS, BoundedXLSX

SEAL = "accounts.tables"
VALID_SECONDS = 30 * 60


class UploadShelf(MediaStorage):
    """Where an upload waits for its confirmation: beside the exports, on every server; what is left there is cleaned
    with them."""

    def _configure_storage(self) -> None:
        self._storage = storages["exports"]


class SealedConfirmForm(ConfirmImportForm):
    seal = forms.CharField(widget=forms.HiddenInput())


class Overtaken(Exception):
    """What is to be written is not what was previewed; the text says why."""


class TableAdmin(ImportExportMixin, RoleAdmin):
    """With import and export as workbook or CSV: first a preview, then a confirmation."""

    formats = FORMATS
    import_formats = FORMATS
    export_formats = FORMATS
    import_template_name = "admin/table_import.html"
    tmp_storage_class = UploadShelf
    confirm_form_class = SealedConfirmForm

    # Here and not with the other rights: the library's own, which admit everybody, would come first.
    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.is_one_of(request, self.editors)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_tmp_storage_class_kwargs(self) -> dict[str, object]:
        return {"MEDIA_FOLDER": None}

    def add_data_read_fail_error_to_form(self, form: forms.Form, e: Exception) -> None:
        """A refused file says why; anything else keeps the library's words."""
        if isinstance(e, SpreadsheetRefused):
            form.add_error("import_file", str(e))
        else:
            super().add_data_read_fail_error_to_form(form, e)

    def get_export_data(self, file_format: Format, request: HttpRequest, queryset: models.QuerySet, **kwargs: Any):
        """The file; that somebody took it is on record."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        data = self.get_data_for_export(
            request, queryset, force_native_type=isinstance(file_format, BoundedXLSX), **kwargs
        )
        with transaction.atomic():
            said = {"table": self.opts.label_lower, "rows": len(data), "format": file_format.get_extension()}
            action = f"{self.opts.model_name}.exported"
            audit.record(action=action, obj=request.user, actor=request.user, now=clock.now(), after=said)
        return file_format.export_data(data)

    # Confirming

    def get_confirm_form_initial(self, request: HttpRequest, import_form: forms.Form | None) -> dict[str, object]:
        initial = super().get_confirm_form_initial(request, import_form)
        return initial | {"seal": signing.dumps(self._sealed(request, initial), salt=SEAL)} if initial else initial

    def _sealed(self, request: HttpRequest, said: dict[str, object]) -> dict[str, object]:
        named = {name: str(said[name]) for name in ("import_file_name", "format", "resource")}
        return {
            **named,
            "table": self.opts.label_lower,
            "user": request.user.pk,
            "content": request.imported_content,
            "changes": request.imported_changes,
        }

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Write what was previewed, or answer 409 and write nothing."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        try:
            request.seal = self._opened(request)
            return super().process_import(request, **kwargs)
        except (Overtaken, SpreadsheetRefused) as problem:
            context = {**self.admin_site.each_context(request), "opts": self.opts, "problem": str(problem)}
            return TemplateResponse(request, "admin/import_overtaken.html", context, status=409)
        except FileNotFoundError:
            context = {**self.admin_site.each_context(request), "opts": self.opts, "problem": _done_already()}
            return TemplateResponse(request, "admin/import_overtaken.html", context, status=409)

    def _opened(self, request: HttpRequest) -> dict[str, object]:
        """What the preview sealed. Raises ``Overtaken`` where it is another's, too old, or about something else."""
        try:
            seal = signing.loads(request.POST.get("seal", ""), salt=SEAL, max_age=VALID_SECONDS)
        except signing.SignatureExpired as problem:
            raise Overtaken(_("预览已超过 30 分钟，没有写入任何一行，请重新上传")) from problem
        except signing.BadSignature as problem:
            raise Overtaken(_("要确认的不是预览的那份文件，没有写入任何一行，请重新上传")) from problem
        named = {name: request.POST.get(name, "") for name in ("import_file_name", "format", "resource")}
        expected = {**named, "table": self.opts.label_lower, "user": request.user.pk}
        if any(seal[name] != value for name, value in expected.items()):
            raise Overtaken(_("要确认的不是预览的那份文件，没有写入任何一行，请重新上传"))
        return seal

    def process_dataset(self, dataset: tablib.Dataset, form: forms.Form, request: HttpRequest, **kwargs: Any) -> Result:
        with transaction.atomic(), audit.together():
            result = super().process_dataset(dataset, form, request, rollback_on_validation_errors=True, **kwargs)
            if request.imported_content != request.seal["content"]:
                raise Overtaken(_("要确认的不是预览的那份文件，没有写入任何一行，请重新上传"))
            is_whole = not (result.has_errors() or result.has_validation_errors())
            if not is_whole or request.imported_changes != request.seal["changes"]:
                raise Overtaken(_("预览之后数据有变化，没有写入任何一行，请重新上传并核对新的预览"))
        return result


def _done_already() -> str:
    return _("这份文件已经导入过，或已被清理；没有写入任何一行")


def _digest(said: Iterable[object]) -> str:
    text = json.dumps(list(said), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


class Known(ModelInstanceLoader):
    """Every row of the table by what identifies it, read once a file (1 query, and those of its prefetches)."""

    def __init__(self, resource: resources.ModelResource, dataset: tablib.Dataset | None = None):
        super().__init__(resource, dataset)
        self._identity = [resource.fields[name] for name in resource.get_import_id_fields()]
        self._known: dict[tuple[object, ...], models.Model] | None = None

    def get_instance(self, row: Any) -> models.Model | None:
        if self._known is None:
            stored = self.get_queryset()
            self._known = {tuple(field.get_value(each) for field in self._identity): each for each in stored}
        return self._known.get(tuple(field.clean(row) for field in self._identity))


class AuditedResource(resources.ModelResource):
    """Validates every row like a form, writes all or nothing, and leaves an audit entry for each changed row."""

    class Meta:
        abstract = True
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = True
        use_transactions = True
        instance_loader_class = Known

    def before_import(self, dataset: tablib.Dataset, **kwargs: Any) -> None:
        """Remember what the file says, for the seal."""
        if request := kwargs.get("request"):
            request.imported_content = _digest([list(dataset.headers or []), *map(list, dataset)])

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

    def after_import(self, dataset: tablib.Dataset, result: Result, **kwargs: Any) -> None:
        """Remember what would change, for the seal. The library's own step is left out on purpose: it would set the
        table's sequence back under other writers."""
        if request := kwargs.get("request"):
            request.imported_changes = _digest([[row.import_type, list(row.diff or ())] for row in result.rows])


class CodeWidget(widgets.ForeignKeyWidget):
    """A row of another table, named by its code; an unknown one is said in words. The table is read once a file."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> models.Model | None:
        code = str(value if value is not None else "").strip()
        if not code:
            return None
        found = self.known(row).get(code)
        if found is None:
            words = {"what": self.model._meta.verbose_name, "value": code}
            raise ValueError(_("找不到%(what)s %(value)s") % words)
        return found

    def known(self, row: Any) -> dict[str, models.Model]:
        if not hasattr(self, "_known"):
            self._known = {getattr(each, self.field): each for each in self.model._default_manager.all()}
        return self._known


class CodesWidget(widgets.ManyToManyWidget):
    """Several rows of another table by their codes, apart by semicolons; none is dropped in silence."""

    def __init__(self, model: type[models.Model]):
        super().__init__(model, separator=";", field="code")
        self._one = CodeWidget(model, "code")

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> list[models.Model]:
        codes = str(value if value is not None else "").split(self.separator)
        found = (self._one.clean(code, row) for code in codes)
        return [each for each in found if each is not None]
