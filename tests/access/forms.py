"""What is sent where an empty form says nothing, because no step is named in it: the least that names one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.access.samples import LOCKED, OPEN

Form = Mapping[str, Any]

PAGES: Mapping[str, Form] = {
    "/<year>/bulletins/": {"period": "2025-03"},
    "/<year>/bulletins/<period>/": {"action": "send"},
    "/<year>/desk/chase/": {"period": OPEN},
    "/<year>/desk/report/": {"action": "preview"},
    "/<year>/desk/review/<pk>/": {"action": "return"},
    "/<year>/desk/succession/": {"action": "continue"},
    "/<year>/directives/<pk>/": {"action": "reply"},
    "/<year>/kpis/<code>/follow/": {"action": "follow"},
    "/<year>/scores/": {"period": LOCKED},
    "/<year>/scores/<period>/": {"action": "open"},
    "/<year>/scores/<period>/posts/<code>/": {"action": "add"},
    "/<year>/scores/<period>/units/<code>/": {"action": "accept"},
    "/<year>/signoff/<pk>/": {"action": "return"},
    "/<year>/target-changes/<pk>/": {"action": "agree"},
    "/decompose/<pk>/": {"action": "undo"},
    "/inbox/<pk>/": {"action": "read"},
    "/inbox/all/": {"action": "read", "tab": "action"},
    "/inbox/undo/": {"at": "2025-07-02T09:00:00+08:00"},
    "/notices/robots/<pk>/": {"action": "replace"},
}
# In place of the document's example, where it would be refused for what it says before it is asked who sends it.
API: Mapping[str, Form] = {
    "/api/v1/<year>/submissions/<period>/<code>/": {},
    "/api/v1/<year>/submissions/<period>/<code>/submit/": {},
    "/api/v1/<year>/submissions/<period>/<code>/cosign/": {"department": "commerce", "stance": "agreed"},
}
