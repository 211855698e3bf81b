"""Commitments of a government work report, proposed from its text; a person accepts, corrects or drops them.

``extract(text, year) -> list[Extracted]`` is all the wizard needs: a quotation with its place (``text[start:end] ==
quote``), the place of its number and of its sentence, a proposed kind, metric, value, unit, comparator, deadline and
strength, how sure that is and why. One ``Extracted`` for each number, and for each clause that promises without one
(``value`` is ``None``). ``outline(text, year)`` gives every heading and sentence with the side it is on, so that the
sentences of the plan nobody owns yet can be counted (``Sentence.span``, ``Side.PLAN``, ``Role.SENTENCE``).

The way through the modules, each of which knows only the ones before it: ``folding`` (one way of writing, with the way
back), ``sentences`` (lines to headings and sentences), ``sections`` (looking back or ahead), ``numerals``, ``units``,
``quantities`` (numbers with a unit), ``names``, ``past`` and ``thresholds`` (numbers that are no targets), ``targets``,
``comparators``, ``deadlines``, ``strength``, ``clauses``, ``metrics``, ``explaining``, ``obligations`` (a sentence),
``report`` (all of them). Rules and figures: docs/rules/extraction.md.

Places are characters of the text as it was given: nothing is stripped, not even a byte order mark. Whoever reads a file
with ``open(path, encoding="utf-8").read()`` has the same ones. Any text is accepted; the work grows with its length.
"""

from kpi.domain.extraction.report import Extracted, Outline, Role, Sentence, extract, outline
from kpi.domain.extraction.sections import Side

__all__ = ["Extracted", "Outline", "Role", "Sentence", "Side", "extract", "outline"]
