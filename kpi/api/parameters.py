"""Parameters that many operations take, as the document tells of them."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter

from kpi.api import words
from kpi.domain.values import Rag, SubmissionState


def query(name: str, description: object, **schema: object) -> OpenApiParameter:
    return OpenApiParameter(name, {"type": "string", **schema}, OpenApiParameter.QUERY, description=description)


MONTH = r"^\d{4}-\d{2}$"
PAGING = (
    query("limit", words.LIMIT, type="integer", minimum=1, maximum=200),
    query("cursor", words.CURSOR),
)
PERIOD = query("period", _("报告期，如 2025-06；默认当前一期"), pattern=MONTH)
AS_OF = query("as_of", _("看哪一天的情况，如 2025-03-15：取那天正在报送的一期"), format="date")
DEPARTMENT = query("department", _("牵头单位代码"), maxLength=40)
LAMP = query("lamp", _("只要这种灯"), enum=[str(rag) for rag in Rag])
STATE = query("state", _("只要这种状态"), enum=[str(state) for state in SubmissionState])
INDICATOR = query("indicator", _("任务编号"), pattern=r"^[TIA]\d{2,3}$")
EDITION = query("edition", _("第几版；默认最新"), type="integer", minimum=1, maximum=999)
