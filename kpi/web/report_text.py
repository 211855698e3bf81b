"""A report's text as it is handed over on a page: a file, or what was pasted."""

from __future__ import annotations

from django.http import HttpRequest

from kpi.documents.reading import MAX_BYTES, kept_text
from kpi.domain.errors import DomainError


def text_of(request: HttpRequest) -> str:
    """The text of the file in field ``file``, else of field ``text`` as the form sent it, else nothing.

    Raises what ``read_report`` refuses, with ``field`` naming where it was.
    """
    file = request.FILES.get("file")
    if file is None:
        return request.POST.get("text", "")
    try:
        return kept_text(file.read(MAX_BYTES + 1), file.name)
    except DomainError as problem:
        raise DomainError(problem.code, **{**problem.params, "field": "file"}) from problem
