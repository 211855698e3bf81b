"""Files handed on as bytes: whatever one says it is stands beside it, and no cache keeps it."""

from __future__ import annotations

from typing import IO, Any

from django.http import FileResponse


def handed_on(content: IO[bytes] | Any, name: str) -> FileResponse:
    answer = FileResponse(content, as_attachment=True, filename=name, content_type="application/octet-stream")
    answer["Cache-Control"] = "private, no-store"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
