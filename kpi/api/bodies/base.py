"""Building blocks of shapes: strict requests, and pages of a list."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from kpi import refusals

EARLIEST, LATEST = 2000, 2099


class Strict(serializers.Serializer):
    """A request: a field nobody knows is refused, because it is a slip of the pen or an attempt."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(str(name) for name in set(data) - set(self.fields))
            if unknown:
                text = refusals.refusal("field_unknown", {})
                raise serializers.ValidationError(
                    {name[:80]: serializers.ErrorDetail(text, "field_unknown") for name in unknown[:20]}
                )
        return super().to_internal_value(data)


class Figure(serializers.CharField):
    """A figure as text, so that no digit is lost; a JSON number is taken as it was written."""

    def __init__(self, **kwargs: Any):
        super().__init__(**{"max_length": 40, "allow_null": True, "required": False, "allow_blank": True} | kwargs)


class Text(serializers.CharField):
    """Free text; services say how long it may be."""

    def __init__(self, **kwargs: Any):
        super().__init__(**{"required": False, "allow_blank": True, "max_length": 4000} | kwargs)


class Moment(serializers.DateTimeField):
    """A moment that somebody names, within what calendars and zones can reckon with."""

    default_error_messages: ClassVar[dict[str, object]] = {"date_malformed": _("年份超出范围")}

    def __init__(self, **kwargs: Any):
        super().__init__(**{"required": False, "allow_null": True} | kwargs)

    def enforce_timezone(self, value: datetime) -> datetime:
        if not EARLIEST <= value.year <= LATEST:
            self.fail("date_malformed")
        return super().enforce_timezone(value)


class Day(serializers.DateField):
    """A day that somebody names, within the same years."""

    default_error_messages: ClassVar[dict[str, object]] = Moment.default_error_messages

    def to_internal_value(self, value: Any) -> date:
        found = super().to_internal_value(value)
        if not EARLIEST <= found.year <= LATEST:
            self.fail("date_malformed")
        return found


def page_of(item: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """The shape of one page of a list of ``item``."""
    name = item.__name__.removesuffix("Body") + "Page"
    fields = {
        "items": item(many=True),
        "next": serializers.CharField(allow_null=True, help_text=_("下一页的地址；没有时为 null")),
    }
    return type(name, (serializers.Serializer,), fields)
