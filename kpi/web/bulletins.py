"""A bulletin as its pages show it: numbers with what they count and where that is shown, and the form of a draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.http import QueryDict
from django.urls import reverse

from accounts.permissions import Actor
from kpi import labels
from kpi.domain.bulletin_record import Change, Content, Edit, Part, Written
from kpi.domain.bulletin_text import Field
from kpi.domain.bulletins import DEMANDS
from kpi.models import Bulletin
from kpi.services.bulletin_editing import Typed, Wish
from kpi.services.bulletins import FLAGS, HEAD_FIELDS
from kpi.services.content import FieldError

WAS, TEXT, REASON = "was-", "text-", "reason-"
SHARE = "_share"
# The lists that show what a number counts, by lamp.
LAMPS = {"done": "done", "ahead": "green", "on_plan": "green", "red": "red", "amber": "amber", "not_due": "not_due"}
REPORTING = ("asked", "on_time", "late", "missing", "pending")
OF_DIRECTIVES = {
    "directives": "open",
    "directives_closed": "closed",
    "directives_waiting": "issued",
    "directives_in_hand": "in_hand",
    "directives_in_review": "review",
    "directives_overdue": "overdue",
}


@dataclass(frozen=True)
class Piece:
    """Words, or a number with ``what`` it counts and the ``url`` of the page that shows it."""

    text: str
    what: str = ""
    url: str = ""


@dataclass(frozen=True)
class Shown:
    """A paragraph to read."""

    key: str
    lead: str
    pieces: Sequence[Piece]
    edit: Edit | None = None


def what(source: str) -> str:
    """What a field counts, in words."""
    return str(labels.BULLETIN_FIELD["share" if source.endswith(SHARE) else source].text)


def links(bulletin: Bulletin, actor: Actor) -> Callable[[Field], str]:
    """Where a reader finds what a number counts; empty where they may not see all of it."""
    year, period = bulletin.report.year, bulletin.period.code
    at = f"?period={period}"

    def url(found: Field) -> str:
        source = found.source.removesuffix(SHARE)
        if source in ("figures", "catch_up"):
            return reverse("indicator", args=[year, found.code]) + at
        if found.code:
            return reverse("department", args=[year, found.code]) + at
        if source in LAMPS:
            return f"{reverse('kpis', args=[year])}{at}&lamp={LAMPS[source]}"
        if source in OF_DIRECTIVES:
            sees_all = actor.is_leader or actor.is_supervisor
            return f"{reverse('directives', args=[year])}?tab={OF_DIRECTIVES[source]}" if sees_all else ""
        if source in (*REPORTING, "newly_done", "red_change", "amber_change"):
            return reverse("brief", args=[year, period])
        return reverse("cockpit", args=[year]) + at

    return url


def shown(part: Part, url: Callable[[Field], str]) -> list[Shown]:
    """The paragraphs of a section that are not left out."""
    return [_shown(each, url) for each in part.shown]


def _shown(each: Written, url: Callable[[Field], str]) -> Shown:
    if each.edit is not None:
        return Shown(each.key, each.paragraph.lead, [Piece(each.text)], each.edit)
    return Shown(each.key, each.paragraph.lead, generated(each, url))


def generated(each: Written, url: Callable[[Field], str]) -> list[Piece]:
    """The paragraph as it was made of facts."""
    return [
        Piece(piece.text, what(piece.source), url(piece)) if isinstance(piece, Field) else Piece(piece)
        for piece in each.paragraph.pieces
    ]


@dataclass(frozen=True)
class ParagraphField:
    """One paragraph in the form. ``text`` is what stands in the field, ``was`` what is stored, ``reason`` as typed."""

    key: str
    lead: str
    pieces: Sequence[Piece]
    text: str
    was: str
    reason: str
    edit: Edit | None
    changes: Sequence[Change]
    errors: Sequence[FieldError] = ()

    @property
    def is_open(self) -> bool:
        """Whether the field is shown at once: it holds words that are not stored, or a decision waits."""
        return self.text != self.was or bool(self.errors) or bool(self.changes)

    @property
    def is_left_out(self) -> bool:
        return self.edit is not None and not self.edit.text

    @property
    def rows(self) -> int:
        """About as many lines as the text needs."""
        return min(max(len(self.text) // 34 + self.text.count("\n") + 1, 3), 12)


@dataclass(frozen=True)
class DraftForm:
    """The whole form: what is stored, or what was typed where it was refused."""

    head: Mapping[str, str]
    flags: Mapping[str, bool]
    demands: Sequence[str]
    sections: Sequence[tuple[str, Sequence[ParagraphField]]]
    errors: Mapping[str, Sequence[FieldError]] = field(default_factory=dict)
    # Typed for paragraphs that are not generated any more.
    homeless: Sequence[str] = ()


def form_of(
    bulletin: Bulletin,
    content: Content,
    url: Callable[[Field], str],
    posted: QueryDict | None = None,
    errors: Sequence[FieldError] = (),
) -> DraftForm:
    """The form of a draft. ``posted`` is what was typed and not stored: it stands in the fields again, while fields
    nobody touched show what is stored now."""
    by_field: dict[str, list[FieldError]] = {}
    for error in errors:
        by_field.setdefault(error.field, []).append(error)
    sections = [
        (part.title, [_field(each, url, posted, by_field) for each in part.paragraphs]) for part in content.parts
    ]
    if posted is None:
        head = {name: getattr(bulletin, name) for name in HEAD_FIELDS}
        flags = {name: getattr(bulletin, name) for name in FLAGS}
        return DraftForm(head, flags, bulletin.demands, sections, by_field)
    wish = wish_of(posted)
    known = {each.key for _title, fields in sections for each in fields}
    homeless = [each.text for each in wish.paragraphs if each.is_changed and each.key not in known]
    return DraftForm(wish.head, wish.flags, wish.demands, sections, by_field, homeless)


def _field(
    each: Written, url: Callable[[Field], str], posted: QueryDict | None, errors: Mapping[str, Sequence[FieldError]]
) -> ParagraphField:
    typed = _typed(posted, each.key) if posted is not None and f"{WAS}{each.key}" in posted else None
    is_changed = typed is not None and typed.is_changed
    return ParagraphField(
        key=each.key,
        lead=each.paragraph.lead,
        pieces=generated(each, url),
        text=typed.text if typed and is_changed else each.text,
        was=each.text,
        reason=typed.reason if typed else "",
        edit=each.edit,
        changes=each.changes,
        errors=(*errors.get(f"{TEXT}{each.key}", ()), *errors.get(f"{REASON}{each.key}", ())),
    )


def _typed(posted: QueryDict, key: str) -> Typed:
    was = posted.get(f"{WAS}{key}", "")
    return Typed(key, posted.get(f"{TEXT}{key}", was), was, posted.get(f"{REASON}{key}", ""))


def wish_of(posted: QueryDict) -> Wish:
    """Everything the form says, as it was typed."""
    keys = [name.removeprefix(WAS) for name in posted if name.startswith(WAS)]
    return Wish(
        head={name: posted.get(name, "") for name in HEAD_FIELDS},
        flags={name: bool(posted.get(name)) for name in FLAGS},
        demands=[code for code in DEMANDS if code in posted.getlist("demands")],
        paragraphs=[_typed(posted, key) for key in keys],
        reset=posted.get("reset", ""),
        keep=posted.get("keep", ""),
    )
