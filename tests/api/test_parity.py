"""Everything the pages can do: each page has its operation or a reason, each act of a service its way in."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

from kpi.api import examples
from tests.api import acts
from tests.api.outside import plain

TABLE = Path(__file__).with_name("pages.csv")
WIZARD = "the wizard: people decide phrase by phrase with the text before their eyes"
# Acts that pages ask of the services and the API does not, and why.
BY_PEOPLE = {
    "kpi.services.batches.sign_off_batch": "several at once are several requests, each with its version",
    "kpi.services.batches.why_one_by_one": "several at once are several requests, each with its version",
    "kpi.services.decomposing.add_own": WIZARD,
    "kpi.services.decomposing.decide": WIZARD,
    "kpi.services.decomposing.decide_many": WIZARD,
    "kpi.services.decomposing.merge": WIZARD,
    "kpi.services.decomposing.save_details": WIZARD,
    "kpi.services.decomposing.split": WIZARD,
    "kpi.services.decomposing.undo": WIZARD,
    "kpi.services.decomposition_publishing.publish": WIZARD,
    "kpi.services.decompositions.begin": WIZARD,
    "kpi.services.decompositions.discard": WIZARD,
    "kpi.services.delegations.problems": "reads a form beside what cannot be read of it",
    "kpi.services.exporting.note_download": "the page's ledger comes at once; the API's is a job that notes it",
    "kpi.services.handouts.note_trail": "the trail is taken along by people who answer for what they read",
    "kpi.services.imports.keep_upload": "a workbook is how people carry many figures",
    "kpi.services.permissions.may_export": "shows or hides a link",
    "kpi.services.target_change_files.waiting": "shows what a form that comes back has kept",
}


def pages() -> set[str]:
    """The names of every page outside administration and the API."""

    def walk(patterns: list, prefix: str = "") -> Iterator[str]:
        for each in patterns:
            address = f"{prefix}{each.pattern}"
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, address)
            elif isinstance(each, URLPattern) and each.name and not address.startswith(("manage/admin/", "api/")):
                yield each.name

    return set(walk(get_resolver().url_patterns))


def lines() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_page_has_its_operation_or_a_reason():
    """A new page without a line is red, as is a line that says neither or both."""
    told = lines()
    assert sorted(line["page"] for line in told) == sorted(pages())
    assert [line["page"] for line in told if bool(line["operations"]) == bool(line["reason"])] == []


def test_every_operation_named_exists_and_none_is_forgotten():
    document = SchemaGenerator().get_schema(request=None, public=True)
    stated = {each["operationId"] for path in document["paths"].values() for each in path.values()}
    named = {name for line in lines() for name in line["operations"].split()}
    assert named <= stated and stated - named == {"reports_list", "periods_list"}, "lists that pages have as a menu"


def test_every_act_of_a_page_is_an_operation_or_peoples():
    """What pages ask of the services, the API asks of the same ones: an act without its operation is named here."""
    assert acts.of("kpi/web") - acts.of("kpi/api") == set(BY_PEOPLE)
    assert len(acts.of("kpi/api")) > 90


def test_every_operation_that_takes_json_has_an_example_in_its_shape():
    document = SchemaGenerator().get_schema(request=None, public=True)
    components = plain(document["components"])
    taking = {}
    for path in document["paths"].values():
        for stated in path.values():
            if body := stated.get("requestBody", {}).get("content", {}).get("application/json"):
                taking[stated["operationId"]] = body
    assert set(examples.BODIES) == set(taking)
    for name, body in taking.items():
        (example,) = body["examples"].values()
        assert example["value"] == examples.BODIES[name]
        Draft202012Validator({**plain(body["schema"]), "components": components}).validate(example["value"])
