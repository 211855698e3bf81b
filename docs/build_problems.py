"""Writes ``docs/api-problems.md``: every code a refusal of the API may carry, with its status and its sentence.

The codes and their statuses are read where the sources refuse, the sentences from ``kpi.refusals``. ``--check`` writes
nothing and exits 1 where the page is another than that.
"""

from __future__ import annotations

import ast
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "api-problems.md"
# What refuses → where its code stands among the arguments, and the status that `kpi.api.problems` answers it with.
REFUSING = {
    "DomainError": (0, 422),
    "ContentInvalid": (0, 422),
    "NotPermitted": (0, 403),
    "PermissionRefused": (0, 403),
    "require": (1, 403),
    "IllegalTransition": (0, 409),
    "PeriodClosed": (0, 409),
    "StaleVersion": (0, 412),
    "Unauthorized": (0, 401),
    "FieldError": (1, 422),
    "Flaw": (1, 422),
    "fail": (1, 422),
}
# Codes of the framework, and of what has no exception of ours.
FRAMEWORK = {
    "not_found": 404,
    "not_authenticated": 401,
    "permission_denied": 403,
    "method_not_allowed": 405,
    "unsupported_media_type": 415,
    "throttled": 429,
    "bad_request": 400,
    "forbidden": 403,
    "csrf_failed": 403,
    "fault": 500,
}
# Codes that are put together, or handed on, so that no call names them.
HANDED_ON = {"token_revoked": 401, "token_expired": 401, "token_owner_inactive": 401, "content_invalid": 422,
             "request_too_large": 413, "malformed": 400, "second_factor_required": 401}  # fmt: skip
HEAD = """# 接口的拒绝代码 · Codes of refusals

<!-- 由 docs/build_problems.py 生成，不要手改。 -->

应答都是 `application/problem+json`；`type` 为 `urn:kpi:problem:<code>`。
状态码为 422 的，也可能在 `errors` 里逐个字段出现。`%(…)s` 处填入当时的值。
英文说明请带 `Accept-Language: en`。OpenAPI 文档的 `ProblemBody.code` 下列有同一份清单（`x-codes`）。

| 代码 | 状态码 | 说明 |
| --- | --- | --- |
"""


def statuses() -> Mapping[str, set[int]]:
    """Every code that the sources refuse with, and the statuses it is answered with."""
    found: dict[str, set[int]] = defaultdict(set)
    for app in ("accounts", "kpi", "notifications"):
        for path in (ROOT / app).rglob("*.py"):
            for code, status in _refusals(ast.parse(path.read_text(encoding="utf-8"))):
                found[code].add(status)
    for code, status in (FRAMEWORK | HANDED_ON).items():
        found[code].add(status)
    return found


def _refusals(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        place, status = REFUSING.get(name, (None, 0))
        if name == "Refused" and len(node.args) == 2 and isinstance(node.args[0], ast.Constant):
            place, status = 1, int(str(node.args[0].value))
        if place is None or len(node.args) <= place:
            continue
        code = node.args[place]
        if isinstance(code, ast.Constant) and isinstance(code.value, str):
            yield code.value, status


def page() -> str:
    """The whole page, in Chinese."""
    from django.utils.translation import override

    from kpi.api.problems import sentences

    known = statuses()
    with override("zh-hans"):
        lines = [_line(code, sentence, known.get(code, {422})) for code, sentence in sorted(sentences().items())]
    return HEAD + "\n".join(lines) + "\n"


def _line(code: str, sentence: str, found: set[int]) -> str:
    said = sentence.replace("|", "\\|").replace("\n", " ")
    return f"| `{code}` | {'、'.join(str(status) for status in sorted(found))} | {said} |"


def main() -> int:
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.setdefault(name, "postgres://none@127.0.0.1:1/none" if "DATA" in name else "redis://127.0.0.1:1/0")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    text = page()
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    if "--check" in sys.argv:
        print("docs/api-problems.md is not what the sources say; run: python docs/build_problems.py", file=sys.stderr)
        return 1
    PAGE.write_text(text, encoding="utf-8")
    print("api-problems.md written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
