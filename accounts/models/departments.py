"""The city's units as an ordered tree, and the leaders' posts. Duties belong to these, never to a person."""

import pghistory
from django.db import models
from django.utils.translation import gettext_lazy as _


class DepartmentKind(models.TextChoices):
    CITY_LEADERSHIP = "city_leadership", _("市政府领导")
    CITY_UNIT = "city_unit", _("市直单位")
    DISTRICT = "district", _("区县")
    TOWNSHIP = "township", _("乡镇")
    SUBDISTRICT = "subdistrict", _("街道")
    OTHER = "other", _("其他单位")


class DepartmentManager(models.Manager):
    def get_by_natural_key(self, code: str) -> "Department":
        return self.get(code=code)


@pghistory.track()
class Department(models.Model):
    """A unit of the city in its official order (机构序列); a township belongs to its district."""

    code = models.SlugField(_("代码"), max_length=40, unique=True)
    name = models.CharField(_("名称"), max_length=80)
    short_name = models.CharField(_("简称"), max_length=40)
    name_en = models.CharField(_("英文名"), max_length=120, blank=True)
    kind = models.CharField(_("类别"), max_length=20, choices=DepartmentKind.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上级")
    )
    ordinal = models.PositiveIntegerField(_("机构序列"))
    duties = models.TextField(_("职责"), blank=True)
    is_active = models.BooleanField(_("启用"), default=True)

    objects = DepartmentManager()

    class Meta:
        verbose_name = _("单位")
        verbose_name_plural = _("单位")
        ordering = ("ordinal", "code")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(parent__isnull=True) | ~models.Q(parent=models.F("id")),
                name="department_not_its_own_parent",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[str]:
        return (self.code,)


class Post(models.Model):
    """A leader's post, e.g. 分管文旅副市长. Whoever holds it answers for what it owns."""

    code = models.SlugField(_("代码"), max_length=40, unique=True)
    title = models.CharField(_("职务"), max_length=60)
    title_en = models.CharField(_("英文"), max_length=120, blank=True)
    ordinal = models.PositiveIntegerField(_("排序"))

    class Meta:
        verbose_name = _("职务")
        verbose_name_plural = _("职务")
        ordering = ("ordinal", "code")

    def __str__(self) -> str:
        return self.title
