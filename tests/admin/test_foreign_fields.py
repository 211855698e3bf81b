"""No mass assignment: what a form, a table or a request does not offer cannot be sent along with it.

Forms of the administration, tables of import and bodies of the API are found by walking them, so that a new one is
covered from its first day.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django import forms
from django.contrib import admin
from django.db import models
from django.forms import BaseForm
from django.test import Client
from import_export.resources import ModelResource
from rest_framework.serializers import BaseSerializer, ListSerializer, Serializer

import accounts
import kpi
import notifications
from accounts.models import User
from accounts.tables import AuditedResource, TableAdmin
from kpi import urls
from kpi.api import views
from kpi.api.bodies.base import Strict
from kpi.models import Submission
from kpi.workbooks.importing import ReportResource
from tests.api.conftest import System, make_token

# What the server decides, in one table of this house or another.
SERVERS_OWN = {
    *("id", "pk", "owner", "owner_id", "author", "actor", "user", "user_id", "editor", "department", "department_id"),
    *("state", "status", "version", "cycle", "is_superuser", "is_staff", "is_active", "groups", "user_permissions"),
    *("password", "last_login", "role", "is_sample", "created_at", "submitted_at", "approved_at"),
}
# Who keeps what the administration holds; somebody of them may change each of its tables.
KEEPERS = ("sysadmin", "secadmin", "dcs_1")
EVERYTHING = SimpleNamespace(is_supervisor=True, has=lambda _role: True)


def ours(base: type) -> set[type]:
    """Classes of this house that are made of ``base``."""
    assert urls, "imported first: it registers how addresses are read"
    found = set()
    for package in (accounts, kpi, notifications):
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not {"migrations", "management"} & set(each.name.split(".")):
                module = importlib.import_module(each.name)
                found |= {one for one in vars(module).values() if isinstance(one, type) and one.__module__ == each.name}
    return {each for each in found if issubclass(each, base)}


# The administration's forms


def offered(kept: admin.ModelAdmin) -> Iterator[tuple[str, Any, type[forms.ModelForm]]]:
    """The form of a table and those of its parts, as far as anybody may write there."""
    request = SimpleNamespace(actor=EVERYTHING, user=None, GET={}, method="GET")
    for each in (kept, *(inline(kept.model, admin.site) for inline in kept.inlines)):
        if each.has_change_permission(request) or each.has_add_permission(
            request, *([None] if each is not kept else [])
        ):
            form = each.get_form(request) if each is kept else each.get_formset(request).form
            yield each.model._meta.label_lower, each, form


def test_every_form_of_the_administration_names_its_fields():
    """Without names the library offers every column, and every one that is added later."""
    found = [(label, each) for kept in admin.site._registry.values() for label, each, _form in offered(kept)]
    assert len(found) > 9, "the walk no longer finds the forms"
    assert [label for label, each in found if each.fields is None and each.form._meta.fields is None] == []


def typed(form: BaseForm) -> Iterator[tuple[str, str]]:
    """What a browser sends back in which nothing was changed."""
    for field in form:
        value = field.value()
        if isinstance(field.field.widget, forms.MultiWidget):
            for place, part in enumerate(field.field.widget.decompress(value)):
                yield f"{field.html_name}_{place}", "" if part is None else str(part)
            continue
        for each in value if isinstance(value, list | tuple | models.QuerySet) else [value]:
            if isinstance(field.field, forms.BooleanField):
                yield from [(field.html_name, "on")] if each else []
            else:
                yield field.html_name, "" if each is None else str(field.field.prepare_value(each))


def another(field: models.Field) -> str:
    """A value that would change a column."""
    if isinstance(field, models.DateTimeField):
        return "2031-01-01 00:00:00"
    return "2031-01-01" if isinstance(field, models.DateField) else "1"


def foreign_to(form: BaseForm, model: type[models.Model], prefix: str = "") -> dict[str, str]:
    """Everything that model, and any model, has and the form does not offer."""
    columns = {field.name: another(field) for field in model._meta.get_fields() if field.concrete}
    columns |= {field.attname: another(field) for field in model._meta.concrete_fields}
    named = {name: "1" for name in SERVERS_OWN} | columns
    return {f"{prefix}{name}": value for name, value in named.items() if name not in form.fields}


def row_of(obj: models.Model) -> dict[str, Any]:
    many = {
        field.name: sorted(getattr(obj, field.name).values_list("pk", flat=True)) for field in obj._meta.many_to_many
    }
    return type(obj)._default_manager.filter(pk=obj.pk).values().get() | many


def sent_to(client: Client, address: str) -> dict[str, list[str]] | None:
    """What is on the page of a row and everything foreign beside it; ``None`` where the person may not change it."""
    page = client.get(address)
    if page.status_code != 200 or not page.context["has_change_permission"]:
        return None
    form = page.context["adminform"].form
    sent: dict[str, list[str]] = {}
    for name, value in typed(form):
        sent.setdefault(name, []).append(value)
    # Whoever changes a role says why each time.
    sent |= {"reason": ["示例文件"]} if "reason" in form.fields else {}
    sent |= {name: [value] for name, value in foreign_to(form, form._meta.model).items()}
    for shown in page.context["inline_admin_formsets"]:
        formset = shown.formset
        sent |= {name: [value] for name, value in typed(formset.management_form)}
        for part in formset.forms:
            sent |= {name: [value] for name, value in typed(part)}
            foreign = foreign_to(part, formset.model, f"{part.prefix}-")
            sent |= {name: [value] for name, value in foreign.items()}
    return sent


def test_what_a_form_of_the_administration_does_not_offer_stays_as_it_was(as_user):
    saved = set()
    clients = [as_user(person) for person in KEEPERS]
    for model in admin.site._registry:
        obj = model._default_manager.order_by("pk").first()
        if obj is None:
            continue
        address = f"/manage/admin/{model._meta.app_label}/{model._meta.model_name}/{obj.pk}/change/"
        for client in clients:
            sent = sent_to(client, address)
            if sent is not None:
                before = row_of(obj)
                answer = client.post(address, sent)
                assert answer.status_code == 302, (address, answer.context["adminform"].form.errors)
                assert row_of(obj) == before
                saved.add(model._meta.label_lower)
    assert {"accounts.user", "accounts.membership", "kpi.indicator", "kpi.duerule"} <= saved


def test_a_form_that_offers_every_column_gives_them_away(as_user, monkeypatch):
    """Negative control: the same sent to a form without names of its own."""
    from accounts.admin import UserAdmin

    every = forms.modelform_factory(User, fields="__all__")
    monkeypatch.setattr(UserAdmin, "form", every)
    monkeypatch.setattr(UserAdmin, "fields", None)
    monkeypatch.setattr(UserAdmin, "save_model", lambda self, request, obj, form, change: obj.save())
    client, victim = as_user("sysadmin"), User.objects.get(username="nyj_staff")
    sent = {"username": "nyj_staff", "display_name": "x", "password": "y", "is_superuser": "on"}
    client.post(f"/manage/admin/accounts/user/{victim.pk}/change/", sent)
    victim.refresh_from_db()
    assert victim.is_superuser


# Tables of import


def tables() -> list[type[ModelResource]]:
    return sorted({each for kept in admin.site._registry.values() if isinstance(kept, TableAdmin)
                   for each in kept.resource_classes}, key=lambda each: each.__name__)  # fmt: skip


def test_every_table_of_import_names_its_columns():
    abstract = {each for each in ours(ModelResource) if each is AuditedResource or each.__subclasses__()}
    assert ours(ModelResource) - abstract == {*tables(), ReportResource}, "a table that no test looks at"
    assert all(each._meta.fields for each in tables())
    # The departments' own workbook writes through the service of the form and has no columns of a model at all.
    assert ReportResource._meta.fields == () and not ReportResource.fields


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.__name__)
def test_columns_a_table_does_not_have_are_not_written(db, table):
    model = table._meta.model
    obj = model._default_manager.order_by("pk").first()
    if obj is None:
        pytest.skip("nothing is kept there")
    dataset = table().export(model._default_manager.filter(pk=obj.pk))
    headers = set(dataset.headers)
    foreign = {name: value for name, value in foreign_to(SimpleNamespace(fields=headers), model).items()}
    for name, value in sorted(foreign.items()):
        dataset.append_col([value], header=name)
    before = row_of(obj)
    written = _change_one_word(table, dataset)
    result = table().import_data(dataset, user=User.objects.get(username="sysadmin"), raise_errors=True)
    assert not result.has_validation_errors(), result.invalid_rows[0].error
    after = row_of(obj)
    assert after.pop(written, None) != before.pop(written, None) or not written, "the row was not written at all"
    assert after == before


def _change_one_word(table: type[ModelResource], dataset: Any) -> str:
    """Change a column that may be, so that the row is written and not left out as unchanged; its attribute."""
    for name, field in table.fields.items():
        column = next((each for each in table._meta.model._meta.fields if each.name == field.attribute), None)
        is_words = isinstance(column, models.CharField | models.TextField) and not column.choices
        if is_words and not field.readonly and name not in table._meta.import_id_fields:
            place = dataset.headers.index(field.column_name)
            row = list(dataset[0])
            row[place] = f"{row[place]}改"
            del dataset[0]
            dataset.append(row)
            return column.name
    return ""


# Bodies of the API


def nested(field: Any) -> Iterator[BaseSerializer]:
    child = field.child if isinstance(field, ListSerializer) else field
    if isinstance(child, Serializer):
        yield child


def read_bodies() -> Iterator[tuple[str, object]]:
    """What operations say they read, by the names in their sources."""
    for found in pkgutil.iter_modules(views.__path__, f"{views.__name__}."):
        module = importlib.import_module(found.name)
        assert module.__file__
        with open(module.__file__, encoding="utf-8") as source:
            tree = ast.parse(source.read())
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            said = [each.value for each in node.keywords if each.arg == "body"]
            if isinstance(node.func, ast.Attribute) and node.func.attr == "read" and node.args:
                said.append(node.args[0])
            for each in said:
                text = ast.unparse(each)
                if text != "body" and not text.startswith("{"):
                    yield f"{found.name}:{node.lineno}", eval(text, vars(module))


def test_every_body_that_is_read_refuses_what_it_does_not_know():
    read = list(read_bodies())
    assert len(read) > 8, "the walk no longer finds the bodies"
    assert [place for place, body in read if not (isinstance(body, type) and issubclass(body, Strict))] == []


@pytest.mark.parametrize("body", sorted(ours(Strict) - {Strict}, key=str), ids=lambda body: body.__name__)
def test_a_foreign_field_in_a_body_is_refused_by_name(body):
    foreign = sorted(SERVERS_OWN - set(body().fields))
    for name in foreign:
        sent = body(data={name: 1})
        assert not sent.is_valid()
        assert sent.errors[name].code == "field_unknown", name
    for field in body().fields.values():
        assert all(isinstance(each, Strict) for each in nested(field)), (
            f"{field.field_name} takes what it does not know"
        )


def test_a_lenient_body_would_take_it(monkeypatch):
    """Negative control."""
    body = next(each for each in ours(Strict) - {Strict} if not each().fields)
    monkeypatch.setattr(Strict, "to_internal_value", Serializer.to_internal_value)
    assert body(data={"owner": 1}).is_valid()


# Requests, end to end


@pytest.fixture
def report(db) -> Callable[[], dict[str, Any]]:
    def stored() -> dict[str, Any]:
        return row_of(Submission.objects.get(period__code="2025-06", indicator__code="A06"))

    return stored


def test_a_report_filed_by_page_or_api_keeps_what_is_not_the_forms(as_user, report):
    form = {"action": "save", "version": "0", "editor": str(uuid4()), "narrative": "六月进展"}
    answer = as_user("nyj_staff").post("/2025/reports/2025-06/A06/", {name: "1" for name in SERVERS_OWN} | form)
    assert answer.status_code == 302
    filed = report()
    author = User.objects.get(username="nyj_staff")
    assert (filed["author_id"], filed["state"], filed["is_sample"]) == (author.pk, "draft", False)
    assert (filed["approved_at"], filed["version"], filed["narrative"]) == (None, 1, "六月进展")
    system = System(make_token("nyj_staff").text)
    etag = f'"v{filed["version"]}"'
    for name in sorted(SERVERS_OWN):
        answer = system.put("/2025/submissions/2025-06/A06/", {"narrative": "改", name: 1}, If_Match=etag)
        assert answer.status_code == 422 and answer.json()["errors"][0]["code"] == "field_unknown", name
    assert report() == filed
