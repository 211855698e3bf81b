"""What may be sent to each operation, as an example of it in the document; every figure and name is a sample (示例).

A test holds each against the shape of its operation, and that none is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiExample

WHY = "示例：数据核实有误，需要更正"
UNTIL = "2025-07-20T18:00:00+08:00"
FIGURE = {"value": "2.86", "narrative": "本月完成示例工程两处，累计完成示例数量。", "outlook": "confident"}
WISH = {
    "reason": "disaster",
    "text": "示例：受灾面积经核定，按核定数调整全年目标。",
    "target": "6.20",
    "plan": {"2025-12": "6.20"},
}
POLICY = {
    "effective_from": "2025-09-01",
    "opens_at": "08:30",
    "closes_at": "18:00",
    "slots": ["09:00", "15:00"],
    "most_pushes": 3,
    "brake_count": 500,
    "brake_minutes": 10,
    "basis": "示例依据",
    "steps": [
        {
            "ladder": "report",
            "offset": -2,
            "at": "09:00",
            "audience": ["staff"],
            "pushed": True,
            "passes": False,
            "drafts": False,
        }
    ],
}
SCHEME = {
    "name": "示例方案",
    "effective_from": "2025-09-01",
    "basis": "capped",
    "answer_workdays": 5,
    "source": "示例文件",
    "lead_weight": "1",
    "supporting_weight": "0.2",
    "weight_must": "3",
    "weight_aim": "2",
    "weight_support": "1",
    "most_deduction": "10",
    "most_bonus": "5",
    "bonus_breaks_ties_only": False,
    "is_ranked": False,
    "lines": [{"reason": "late", "points": "0.5", "cap": "3"}],
    "weights": [{"indicator": "A06", "weight": "2", "is_key": True}],
}
BODIES: Mapping[str, Mapping[str, Any]] = {
    "bulletins_draft": {"period": "2025-05"},
    "bulletins_edit": {
        "mark": "督查通报",
        "series": "示例督",
        "title": "示例通报",
        "addressed_to": "各单位",
        "signer": "示例签发人",
        "copied_to": "",
        "has_good": True,
        "has_praise": False,
        "has_reminder": False,
        "tells_all_heads": False,
        "demands": ["duty"],
        "paragraphs": [{"key": "overall", "text": "示例：新的文字。", "was": "示例：原来的文字。", "reason": WHY}],
    },
    "bulletins_step": {"step": "publish", "number": 6},
    "chases_send": {"departments": ["agriculture", "tourism"], "note": "示例附言"},
    "configuration_add": {"code": "A90", "quote": "建设高标准农田", "name": "示例任务", "kind": "cumulative"},
    "configuration_change": {"notes": "示例备注", "needs_cosign": True},
    "configuration_set_aside": {"quote": "示例：报告原文中的一句", "reason": "示例：属于背景，不立项"},
    "configuration_switch": {"is_active": False, "confirm": "A06", "reason": WHY},
    "delegations_give": {
        "department": "agriculture",
        "delegate": "nyj_staff",
        "starts_on": "2025-07-05",
        "last_on": "2025-07-09",
        "reason": "示例：外出学习",
    },
    "directives_issue": {"indicator": "A06", "kind": "instruct", "text": "示例：请加快推进", "due_on": "2025-07-20"},
    "directives_step": {"step": "reply", "text": "示例：已办理完成"},
    "exports_act": {"act": "cancel"},
    "exports_ask": {"kind": "ledger", "period": "2025-06", "departments": ["agriculture"]},
    "extensions_answer": {"until": UNTIL, "answer": "示例：同意"},
    "extensions_ask": {"department": "agriculture", "reason": WHY},
    "extensions_give": {"department": "agriculture", "reason": WHY, "until": UNTIL},
    "handovers_decide": {"to": "tourism", "effective_on": "2025-08-01", "reason": WHY, "keeps_supporting": True},
    "notices_act": {"act": "snooze", "until": "next_day"},
    "notices_act_on_many": {"act": "archive", "tab": "action"},
    "notices_undo": {"at": "2025-07-02T09:00:00+08:00"},
    "periods_answer_unlock": {"act": "confirm", "confirm": "2025-05"},
    "periods_ask_unlock": {"reason": WHY},
    "periods_change_window": {"act": "extend", "until": UNTIL, "reason": WHY, "confirm": "2025-06"},
    "periods_lock": {"confirm": "2025-06"},
    "periods_undo_change": {"reason": WHY, "confirm": "2025-06"},
    "plans_change": {"points": {"2025-06": "3.1", "2025-12": "7.5"}},
    "policies_add": POLICY,
    "policies_change": POLICY,
    "preferences_store": {"wanted": ["duty:email"], "digest_at": "09:00", "opens_at": "08:30", "closes_at": "17:30"},
    "reports_correct": {"text": "示例：更正后的全文", "reason": WHY},
    "schemes_add": {**SCHEME, "begun_from": 1},
    "schemes_change": SCHEME,
    "scores_add_case": {"reason": "false_data", "basis": "示例文件〔2025〕1号"},
    "scores_answer": {"answer": "object", "text": WHY},
    "scores_correct": {"line": 1, "value": "90", "reason": "rule_misapplied", "words": WHY},
    "scores_draft": {"period": "2025-05"},
    "scores_reply": {"text": WHY},
    "scores_step": {"step": "open"},
    "splits_change": {"shares": {"yongding": "3.0", "wulingyuan": "1.2"}},
    "submissions_approve": {"comment": "示例：属实"},
    "submissions_correct": {"reason": WHY},
    "submissions_cosign": {"department": "tourism", "stance": "confirmed"},
    "submissions_lamp": {"lamp": "amber", "reason": "示例理由：需要再看一看。"},
    "submissions_return": {"reason": WHY},
    "submissions_save": FIGURE,
    "submissions_sign_off": {"comment": "示例：同意"},
    "submissions_submit": {**FIGURE, "sure_of": "2.86"},
    "succession_decide": {"act": "continue", "codes": ["A06", "T07"]},
    "target_changes_add_window": {
        "effective_from": "2025-08-01",
        "opens_on": "09-01",
        "closes_on": "09-30",
        "basis": "示例依据",
    },
    "target_changes_ask": {**WISH, "indicator": "A06", "form": "0d4f4c1e-6a52-4d3e-9a55-0f6f9f5e2b11"},
    "target_changes_repair": WISH,
    "target_changes_step": {"step": "sign"},
    "years_open": {"year": 2026, "title": "示例：2026 年政府工作报告"},
}


def of(name: str) -> list[OpenApiExample] | None:
    """The example of an operation; ``None`` for one that takes no JSON."""
    body = BODIES.get(name)
    return None if body is None else [OpenApiExample("sample", summary="示例", value=body, request_only=True)]
