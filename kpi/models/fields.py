"""Field types shared by the models: one place says how wide a figure may be."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from kpi.domain.values import MAX_DIGITS

FIGURE_DECIMALS = 4

period_code_validator = RegexValidator(r"^\d{4}-(0[1-9]|1[0-2])$", _("报告期应写成 2025-06 的样子"))


class FigureField(models.DecimalField):
    """A figure of the yearly plan: at most 15 digits, 4 of them decimals, so that a workbook shows it exactly."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_digits", MAX_DIGITS)
        kwargs.setdefault("decimal_places", FIGURE_DECIMALS)
        super().__init__(*args, **kwargs)


class PeriodCodeField(models.CharField):
    """A reporting month written as ``2025-06``."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("max_length", 7)
        super().__init__(*args, **kwargs)
        self.validators = [*self.validators, period_code_validator]
