"""Shapes of exports as jobs."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from kpi.api.bodies.base import Strict
from kpi.domain.exporting import ExportKind


class ExportBody(serializers.Serializer):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    period = serializers.CharField()
    departments = serializers.ListField(child=serializers.CharField())
    state = serializers.CharField(help_text="queued、running、done、failed、cancelled、expired")
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    name = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    asked_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    error_code = serializers.CharField()


class NewExportBody(Strict):
    kind = serializers.ChoiceField([str(kind) for kind in ExportKind])
    period = serializers.CharField(max_length=7)
    departments = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=100, help_text=_("单位代码；不填为全部")
    )


class ExportActBody(Strict):
    act = serializers.ChoiceField(["cancel", "retry"])
