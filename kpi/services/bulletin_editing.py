"""Writing a draft: its head, what is switched on, and what stands in place of generated paragraphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.permissions import Actor
from kpi.domain.bulletin_record import Content, Written
from kpi.domain.bulletins import DEMANDS, BulletinState, BulletinVerb, next_state
from kpi.domain.official import one_line, plain_text
from kpi.models import Bulletin, BulletinEdit
from kpi.selectors import bulletins as selector
from kpi.services import permissions
from kpi.services.bulletins import FLAGS, HEAD_FIELDS, lock, with_record
from kpi.services.content import MAX_TEXT, REASON_AT_LEAST, ContentInvalid, FieldError

MAX_REASON = 500


@dataclass(frozen=True)
class Typed:
    """A paragraph's field: ``was`` is what stood in it when the form was made. Equal to it, nobody wrote there."""

    key: str
    text: str
    was: str
    reason: str

    @property
    def is_changed(self) -> bool:
        return plain_text(self.text) != plain_text(self.was)


@dataclass(frozen=True)
class Wish:
    """All that the form says. ``reset`` and ``keep`` are keys of paragraphs to put back, or to keep as they were
    written although their numbers have changed."""

    head: Mapping[str, str]
    flags: Mapping[str, bool]
    demands: Sequence[str]
    paragraphs: Sequence[Typed] = ()
    reset: str = ""
    keep: str = ""


@transaction.atomic
def write_draft(*, bulletin: Bulletin, version: int, wish: Wish, actor: Actor, now: datetime) -> Bulletin:
    """Write everything the form says, or nothing.

    An emptied paragraph is left out of the document. Each edit needs a reason. Raises ``NotPermitted``,
    ``bulletin_stale``, ``bulletin_moved`` where it is no longer a draft, ``ContentInvalid``.
    """
    permissions.require_supervisor(actor)
    locked = lock(bulletin, version)
    next_state(BulletinState(locked.state), BulletinVerb.SAVE)
    errors: list[FieldError] = []
    before = _described(locked)
    for name, value in clean_head(wish.head, errors).items():
        setattr(locked, name, value)
    for name in FLAGS:
        setattr(locked, name, bool(wish.flags.get(name)))
    locked.demands = [code for code in DEMANDS if code in wish.demands]
    edits = _edits(locked, wish, errors, actor, now)
    if errors:
        raise ContentInvalid(errors)
    locked.version += 1
    locked.save()
    BulletinEdit.objects.bulk_create(edits)
    audit.record(
        action="bulletin.edited",
        obj=locked,
        actor=actor.user,
        now=now,
        before=before,
        after={**_described(locked), "paragraphs": {each.key: each.text for each in edits}},
        reason="；".join(f"{each.key}：{each.reason}" for each in edits if each.reason),
    )
    return locked


def _described(bulletin: Bulletin) -> dict[str, object]:
    return {name: getattr(bulletin, name) for name in (*HEAD_FIELDS, *FLAGS, "demands", "version")}


def clean_head(head: Mapping[str, str], errors: list[FieldError]) -> dict[str, str]:
    """The head's fields as they may be printed; what is missing or too long goes to ``errors``."""
    cleaned: dict[str, str] = {}
    for name in HEAD_FIELDS:
        cleaned[name] = text = one_line(head.get(name, ""))
        field = Bulletin._meta.get_field(name)
        if not text and not field.blank:
            errors.append(FieldError(name, "bulletin_field_required", {"name": str(field.verbose_name)}))
        elif len(text) > field.max_length:
            errors.append(FieldError(name, "text_too_long", {"limit": field.max_length, "length": len(text)}))
    return cleaned


def _edits(bulletin: Bulletin, wish: Wish, errors: list[FieldError], actor: Actor, now: datetime) -> list[BulletinEdit]:
    """Rows for the paragraphs that were rewritten, put back or kept (8 queries where there is any)."""
    changed = [each for each in wish.paragraphs if each.is_changed and each.key != wish.reset]
    if not changed and not wish.reset and not wish.keep:
        return []
    content, _board = selector.live(with_record(bulletin), actor, now)
    rows = [row for typed in changed if (row := _edit(content, typed, errors))]
    rows += [row for row in (_put_back(bulletin, content, wish.reset), _kept(content, wish, changed)) if row]
    for row in rows:
        row.bulletin, row.actor, row.at = bulletin, actor.user, now
    return rows


def _edit(content: Content, typed: Typed, errors: list[FieldError]) -> BulletinEdit | None:
    written, text, reason = content.paragraph(typed.key), plain_text(typed.text), one_line(typed.reason)
    if written is None:
        errors.append(FieldError(f"text-{typed.key}", "bulletin_paragraph_gone"))
        return None
    if text == written.paragraph.text:
        return _row(written, "", reason, is_reset=True)
    if len(text) > MAX_TEXT:
        errors.append(FieldError(f"text-{typed.key}", "text_too_long", {"limit": MAX_TEXT, "length": len(text)}))
    if len(reason) < REASON_AT_LEAST:
        errors.append(FieldError(f"reason-{typed.key}", "bulletin_reason_required", {"at_least": REASON_AT_LEAST}))
    elif len(reason) > MAX_REASON:
        errors.append(FieldError(f"reason-{typed.key}", "text_too_long", {"limit": MAX_REASON, "length": len(reason)}))
    return _row(written, text, reason)


def _row(written: Written, text: str, reason: str, *, is_reset: bool = False) -> BulletinEdit:
    return BulletinEdit(
        key=written.key,
        text=text,
        is_reset=is_reset,
        reason=reason,
        generated=written.paragraph.text,
        figures=written.paragraph.figures,
    )


def _put_back(bulletin: Bulletin, content: Content, key: str) -> BulletinEdit | None:
    """The generated text again; also for an edit whose paragraph is no longer generated."""
    written = content.paragraph(key)
    if written is not None and written.edit is not None:
        return _row(written, "", "", is_reset=True)
    return BulletinEdit(key=key, is_reset=True) if key in content.orphans else None


def _kept(content: Content, wish: Wish, changed: Sequence[Typed]) -> BulletinEdit | None:
    """The same words with the numbers of now, unless they are rewritten at the same time."""
    written = content.paragraph(wish.keep)
    if written is None or written.edit is None or wish.keep in {each.key for each in changed}:
        return None
    return _row(written, written.edit.text, written.edit.reason)
