"""Every operation of the document, for each role, with what the document allows and what it does not (S3).

Whatever comes: no fault, no status the document does not name, and every answer in the shape it names.
"""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import transaction
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from kpi.models import Directive, ReminderPolicy, ScoreSheet, ScoringScheme, TargetChange
from tests.api.conftest import System
from tests.api.outside import plain
from tests.api.test_filing import undone

# One each here; `make fuzz` goes on.
EXAMPLES = 1
SHAPES = "urn:example:document"
NUMBERED = (Directive, ReminderPolicy, ScoreSheet, ScoringScheme, TargetChange)
ODD = ["", "x", "\x00", "９", "1E9", "-1", "A" * 300, "𠮷", "' OR 1=1 --", "2025-13", "9" * 30, "{}"]
HEADERS = {
    "If-Match": ['"v0"', '"v1"', '"v3"', '"9f86d081884c7d65"', "*", "v", None],
    "Idempotency-Key": ["k", None, "é", "x" * 300],
}


class Chance:
    """Values by the document's schemas, from a seed that a failure names."""

    def __init__(self, document: dict, seed: int):
        self.document, self.draw = document, random.Random(seed)

    def value(self, schema: dict) -> Any:
        if self.draw.random() < 0.12:
            return self.draw.choice([None, [], {}, True, 1.5, *ODD])
        if "$ref" in schema:
            return self.value(self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]])
        if "allOf" in schema or "oneOf" in schema:
            return self.value(self.draw.choice(schema.get("allOf") or schema["oneOf"]))
        if "enum" in schema:
            return self.draw.choice(schema["enum"])
        return getattr(self, f"_{schema.get('type', 'string')}")(schema)

    def place(self, name: str, known: dict[str, list[str]]) -> str:
        return self.draw.choice(known[name]) if self.draw.random() < 0.9 else self.draw.choice(ODD)

    def _string(self, schema: dict) -> str:
        if schema.get("format") == "date":
            return self.draw.choice(["2025-07-20", "2025-02-30", "2031-01-01"])
        usual = ["A06", "agriculture", "2025-06", "2.5", "示例说明，足够长的一段文字。", *ODD]
        return self.draw.choice(usual)

    def _integer(self, schema: dict) -> int:
        return self.draw.choice([0, 1, 3, 200, -5, 2**70])

    def _boolean(self, schema: dict) -> bool:
        return self.draw.random() < 0.5

    def _array(self, schema: dict) -> list:
        return [self.value(schema.get("items", {})) for _ in range(self.draw.randrange(3))]

    def _object(self, schema: dict) -> dict:
        needed, properties = schema.get("required", ()), schema.get("properties", {})
        return {
            name: self.value(inner) for name, inner in properties.items() if name in needed or self.draw.random() < 0.5
        }


def stated_operations(document: dict) -> list[tuple[str, str, dict]]:
    return [
        (method.upper(), address, stated)
        for address, path in document["paths"].items()
        for method, stated in path.items()
    ]


def attempt(asked: System, chance: Chance, method: str, address: str, stated: dict, known: dict[str, list[str]]):
    """One request; the answer."""
    parameters = stated.get("parameters", ())
    place = {
        each["name"]: quote(chance.place(each["name"], known), safe="") for each in parameters if each["in"] == "path"
    }
    query = {
        each["name"]: chance.value(each["schema"])
        for each in parameters
        if each["in"] == "query" and chance.draw.random() < 0.4
    }
    headers = {name: chance.draw.choice(HEADERS[name]) for name in HEADERS}
    headers = {name: value for name, value in headers.items() if value is not None}
    body = stated.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    sent = None if body is None else json.dumps(chance.value(body))
    path = address.removeprefix("/api/v1").format(**place)
    return asked.call(method, f"{path}?{urlencode(query)}", sent, **headers)


@pytest.mark.parametrize("person", ["nyj_staff", "nyj_head", "dcs_1", "mayor", "sysadmin"])
def test_nothing_but_what_the_document_says(system, person, settings):
    settings.API_REQUESTS_A_MINUTE = {"person": 9999, "service": 9999}
    asked = system(person)
    document = json.loads(asked.get("/schema/").content)
    document["registry"] = registry_of(document)
    known = {
        "year": ["2025", "2024"],
        "period": ["2025-06", "2025-05", "2025-12"],
        "code": ["A06", "I12", "T07", "A99"],
        # One of each kind of row that an address names by its number.
        "number": [
            *(str(model.objects.order_by("pk").values_list("pk", flat=True)[0]) for model in NUMBERED),
            "999999999",
        ],
        "id": ["00000000-0000-0000-0000-000000000001"],
    }
    for number, (method, address, stated) in enumerate(stated_operations(document)):
        for seed in range(EXAMPLES):
            chance = Chance(document, 1000 * number + seed)
            with undone(), transaction.atomic():
                answer = attempt(asked, chance, method, address, stated, known)
                told = f"{method} {address} seed {1000 * number + seed}: {answer.status_code}"
                check(document, stated, answer, told)


def elsewhere(schema: Any) -> Any:
    """A schema whose references lead to the document's shapes, which are read once and not with every answer."""
    return json.loads(json.dumps(plain(schema)).replace('"#/components/', f'"{SHAPES}#/components/'))


def registry_of(document: dict) -> Registry:
    shapes = {"components": elsewhere(document["components"])}
    return Registry().with_resource(SHAPES, DRAFT202012.create_resource(shapes))


def check(document: dict, stated: dict, answer: Any, told: str) -> None:
    found = stated["responses"].get(str(answer.status_code))
    assert found is not None, f"{told} {answer.content[:300]!r}"
    shapes = {media: each["schema"] for media, each in found.get("content", {}).items()}
    media = answer.get("Content-Type", "").partition(";")[0]
    if not shapes:
        assert answer.content == b"", told
        return
    assert media in shapes, f"{told} {media}"
    if media.endswith("json"):
        validator = Draft202012Validator(elsewhere(shapes[media]), registry=document["registry"])
        validator.validate(answer.json())
    if media == "application/problem+json":
        codes = document["components"]["schemas"]["ProblemBody"]["properties"]["code"]["x-codes"]
        assert answer.json()["code"] in codes, f"{told} {answer.json()['code']}"
