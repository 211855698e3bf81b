"""Entries of the audit trail in words: who in which post, what on which object, each changed value before and after."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import models
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import AuditEntry, Membership
from kpi import labels, trail_words, wording
from kpi.domain.values import Rag
from kpi.selectors.trail import SUBJECTS, Thing, things
from kpi.trail_words import Outcome

MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?")
LAMPS = ("lamp", "computed")
# A text longer than this is read in the raw values.
MOST_SHOWN = 400


@dataclass(frozen=True)
class Change:
    """One value: what it is called, what it was and what it became, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Row:
    """One entry, ready to be shown. ``posts`` are the roles the person held on that day, by the memberships on file."""

    entry: AuditEntry
    thing: Thing | None
    posts: str
    changes: Sequence[Change]

    @property
    def what(self) -> str:
        return trail_words.action_words(self.entry.action)

    @property
    def outcome(self) -> Outcome:
        return trail_words.outcome_of(self.entry.action)

    @property
    def who(self) -> str:
        """The person as recorded then; what nobody did is the system's."""
        is_system = self.entry.actor_id is None and self.entry.actor_label == "system"
        return _("系统或未登录者") if is_system else self.entry.actor_label

    @property
    def kind_of_object(self) -> str:
        return trail_words.object_words(self.entry.object_type)

    @property
    def object_name(self) -> str:
        """By code, name and month where the object has them, else as the entry kept it."""
        thing = self.thing
        if thing is None:
            return self.entry.object_label
        label = self.entry.object_label if SUBJECTS[self.entry.object_type].keeps_label else None
        parts = [label, thing.code, thing.name, wording.month(thing.period) if thing.period else None]
        return " ".join(part for part in parts if part) or self.entry.object_label

    @property
    def object_key(self) -> str:
        return f"{self.entry.object_type}:{self.entry.object_id}"

    @property
    def raw(self) -> str:
        kept = {"before": self.entry.before, "after": self.entry.after}
        return json.dumps(kept, ensure_ascii=False, indent=2, sort_keys=True)


def rows_of(entries: Sequence[AuditEntry]) -> list[Row]:
    """The entries in words, in their order (2 queries, whatever they are about)."""
    wanted = {(each.object_type, each.object_id) for each in entries}
    wanted |= {reference for each in entries for reference in _references(each)}
    known, held = things(wanted), _held(entries)
    return [
        Row(
            entry=each,
            thing=known.get((each.object_type, each.object_id)),
            posts=_posts_on(held.get(each.actor_id, ()), localtime(each.occurred_at).date()),
            changes=changes_of(each, known),
        )
        for each in entries
    ]


def _held(entries: Iterable[AuditEntry]) -> dict[int | None, list[Membership]]:
    people = {each.actor_id for each in entries if each.actor_id}
    held: dict[int | None, list[Membership]] = {}
    if people:
        for found in Membership.objects.filter(user__in=people).select_related("department", "post"):
            held.setdefault(found.user_id, []).append(found)
    return held


def _posts_on(held: Iterable[Membership], day: date) -> str:
    on_that_day = (each for each in held if each.starts_on <= day and (each.ends_on is None or day < each.ends_on))
    return "、".join(post_words(each) for each in on_that_day)


def post_words(held: Membership) -> str:
    """“市农业农村局 填报人”, “副市长 市领导”."""
    where = held.department.short_name if held.department else held.post.title if held.post else ""
    return f"{where} {held.get_role_display()}".strip()


def changes_of(entry: AuditEntry, known: Mapping[tuple[str, str], Thing]) -> list[Change]:
    """What is different afterwards, in the order of the names; of a new thing everything that is said of it."""
    before, after = _as_mapping(entry.before), _as_mapping(entry.after)
    names = sorted({*before, *after}, key=lambda name: (name not in after, name))
    return [
        Change(
            trail_words.field_words(entry.object_type, name),
            _value(entry.object_type, name, before.get(name), known),
            _value(entry.object_type, name, after.get(name), known),
        )
        for name in names
        if before.get(name) != after.get(name) and not (name in before and name not in after and after)
    ]


def _as_mapping(kept: Any) -> Mapping[str, Any]:
    return kept if isinstance(kept, dict) else {}


def _references(entry: AuditEntry) -> Iterable[tuple[str, str]]:
    """Rows of other tables that values name by number."""
    for kept in (entry.before, entry.after):
        for name, value in _as_mapping(kept).items():
            if (target := _target(entry.object_type, name, value)) is not None:
                yield target


def _target(object_type: str, name: str, value: object) -> tuple[str, str] | None:
    field = trail_words.field_of(object_type, name)
    is_number = isinstance(value, int) or (isinstance(value, str) and value.isdecimal())
    if field is None or not field.is_relation or field.related_model is None or not is_number:
        return None
    return field.related_model._meta.label_lower, str(value)


def _value(object_type: str, name: str, value: Any, known: Mapping[tuple[str, str], Thing]) -> str:
    """A value as a person reads it: a choice by its word, a row by its name, a moment by the city's clock."""
    if value in (None, "", [], {}, "None"):
        return wording.MISSING
    if (target := _target(object_type, name, value)) is not None and target in known:
        thing = known[target]
        return " ".join(part for part in (thing.code, thing.name, thing.period) if part)
    return _plain(value, _choices(object_type, name))


def _choices(object_type: str, name: str) -> Mapping[str, str]:
    if name in LAMPS:
        return {str(rag): str(labels.RAG[rag].text) for rag in Rag}
    field: models.Field | None = trail_words.field_of(object_type, name)
    return {str(code): str(word) for code, word in field.flatchoices} if field is not None else {}


def _plain(value: Any, choices: Mapping[str, str]) -> str:
    if isinstance(value, bool) or value in ("True", "False"):
        return _("是") if str(value) == "True" else _("否")
    if isinstance(value, list):
        return _cut("、".join(_plain(each, choices) for each in value))
    if isinstance(value, dict):
        return _cut("；".join(f"{name}：{_plain(each, choices)}" for name, each in value.items()))
    text = str(value)
    if MOMENT.fullmatch(text):
        moment = datetime.fromisoformat(text)
        return f"{localtime(moment) if moment.tzinfo else moment:%Y-%m-%d %H:%M}"
    return _cut(choices.get(text, text))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
