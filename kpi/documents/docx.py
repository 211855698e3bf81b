"""A bulletin as a Word document. Every word of a person's goes in as text: no field, no link, no markup."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC

from docx import Document as new_document
from docx.document import Document as Word
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from kpi.documents.official import (
    BODY,
    BOTTOM,
    CHARACTER,
    CHARACTERS,
    FACES,
    FANGSONG,
    FOOTER,
    HEI,
    KAI,
    LEFT,
    LINE_PITCH,
    NUMBER,
    PAGE,
    RED,
    RIGHT,
    SMALL,
    SONG,
    SONG_TITLE,
    TIGHTER,
    TITLE,
    TOP,
    TYPE_WIDTH,
    Document,
    Face,
    document_of,
    mark_size,
    printed_on,
)
from kpi.domain.bulletin_record import Content
from kpi.domain.official import one_line, width
from kpi.models import Bulletin

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TWIPS = 20
# Millimetres of the annex's columns: 156 in all.
COLUMNS = (("序号", 12), ("任务", 35), ("牵头单位", 22), ("进度", 34), ("亮灯", 13), ("原因、措施和预计追平", 40))
ANNEX_TEXT = 10.5


# The standard's order of what is put in by hand and what may stand behind it (ISO/IEC 29500-1).
ORDER = {
    "rPr": "spacing w kern position sz szCs highlight u effect lang",
    "pPr": "framePr widowControl numPr suppressLineNumbers pBdr shd tabs suppressAutoHyphens kinsoku wordWrap "
    "overflowPunct topLinePunct autoSpaceDE autoSpaceDN bidi adjustRightInd snapToGrid spacing ind contextualSpacing "
    "mirrorIndents suppressOverlap jc textDirection textAlignment rPr sectPr",
    "tblPr": "tblStyle tblpPr tblOverlap bidiVisual tblStyleRowBandSize tblStyleColBandSize tblW jc tblCellSpacing "
    "tblInd tblBorders shd tblLayout tblCellMar tblLook",
}


def render(bulletin: Bulletin, content: Content) -> bytes:
    """The file's bytes. A draft says at its head that it is one."""
    return write(document_of(bulletin, content))


def write(document: Document) -> bytes:
    word = new_document()
    _set_up(word)
    _properties(word, document)
    _head(word, document)
    _body(word, document)
    if document.annex:
        _annex(word, document)
    _imprint(word, document)
    buffer = io.BytesIO()
    word.save(buffer)
    return buffer.getvalue()


def _properties(word: Word, document: Document) -> None:
    about = word.core_properties
    about.title, about.author, about.subject = document.title, document.signer, document.number
    about.comments = about.keywords = about.last_modified_by = ""
    about.created = about.modified = document.made_at.astimezone(UTC).replace(tzinfo=None)


def _set_up(word: Word) -> None:
    """Page, grid, page numbers, the body's style; nothing of the library's template is left in the properties."""
    section = word.sections[0]
    section.page_width, section.page_height = Mm(PAGE[0]), Mm(PAGE[1])
    section.top_margin, section.bottom_margin = Mm(TOP), Mm(BOTTOM)
    section.left_margin, section.right_margin = Mm(LEFT), Mm(RIGHT)
    section.header_distance, section.footer_distance = Mm(15), Mm(FOOTER)
    grid = section._sectPr.find(qn("w:docGrid"))  # the library's template has one
    grid.set(qn("w:type"), "lines")
    grid.set(qn("w:linePitch"), str(int(LINE_PITCH * TWIPS)))
    style = word.styles["Normal"]
    _face(style.element.get_or_add_rPr(), FANGSONG)
    style.font.size = Pt(BODY)
    _put(style.element.get_or_add_rPr(), f'<w:spacing {nsdecls("w")} w:val="{-int(TIGHTER * TWIPS)}"/>')
    style.paragraph_format.line_spacing = Pt(LINE_PITCH)
    style.paragraph_format.space_before = style.paragraph_format.space_after = Pt(0)
    style.paragraph_format.widow_control = False
    word.settings.odd_and_even_pages_header_footer = True
    _page_number(section.footer.paragraphs[0], ALIGN.RIGHT)
    _page_number(section.even_page_footer.paragraphs[0], ALIGN.LEFT)
    _font_table(word)
    _clear_template(word)


def _clear_template(word: Word) -> None:
    """Take out what the library's own template brings along: its faces, its language, its picture."""
    defaults = word.styles.element.find(f".//{qn('w:rPrDefault')}/{qn('w:rPr')}")
    _face(defaults, FANGSONG)
    defaults.find(qn("w:lang")).set(qn("w:eastAsia"), "zh-CN")
    relations = word.part.package.rels
    for key in [key for key, each in relations.items() if each.reltype.endswith("/thumbnail")]:
        del relations[key]


def _put(properties, markup: str) -> None:
    """Add a property at its place: Word refuses a file whose properties stand in another order than the standard's."""
    element = parse_xml(markup)
    order = ORDER[properties.tag.rpartition("}")[2]].split()
    behind = order[order.index(element.tag.rpartition("}")[2]) + 1 :]
    properties.insert_element_before(element, *(f"w:{name}" for name in behind))


def _page_number(paragraph: Paragraph, side: ALIGN) -> None:
    """“— 1 —” in 四号 宋体, one character from the outer edge: right on odd pages, left on even ones."""
    paragraph.alignment = side
    form = paragraph.paragraph_format
    form.right_indent, form.left_indent = (Pt(NUMBER), None) if side == ALIGN.RIGHT else (None, Pt(NUMBER))
    form.line_spacing = Pt(NUMBER + 4)
    _run(paragraph, "— ", SONG, NUMBER)
    for kind, code in (("begin", ""), ("", " PAGE "), ("separate", ""), ("text", "1"), ("end", "")):
        run = _run(paragraph, code if kind == "text" else "", SONG, NUMBER)
        if kind in ("begin", "separate", "end"):
            run._r.append(parse_xml(f'<w:fldChar {nsdecls("w")} w:fldCharType="{kind}"/>'))
        elif not kind:
            run._r.append(parse_xml(f'<w:instrText {nsdecls("w")} xml:space="preserve">{code}</w:instrText>'))
    _run(paragraph, " —", SONG, NUMBER)


def _font_table(word: Word) -> None:
    """Say in the file itself what may stand in for a face that the reader's computer does not have."""
    part = next(each for each in word.part.package.iter_parts() if str(each.partname) == "/word/fontTable.xml")
    fonts = "".join(
        f'<w:font w:name="{face.name}"><w:altName w:val="{face.instead}"/><w:panose1 w:val="{face.panose}"/>'
        f'<w:charset w:val="86"/><w:family w:val="{face.family}"/><w:pitch w:val="variable"/></w:font>'
        for face in FACES
    )
    part._blob = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:fonts {nsdecls("w")}>{fonts}</w:fonts>'.encode()
    )


def _face(properties, face: Face) -> None:
    """Chinese and Latin letters alike, as official documents set them."""
    fonts = properties.get_or_add_rFonts()
    for name in list(fonts.attrib):
        del fonts.attrib[name]
    for slot in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{slot}"), face.name)
    fonts.set(qn("w:hint"), "eastAsia")


def _run(paragraph: Paragraph, text: str, face: Face | None = None, size: float | None = None) -> Run:
    run = paragraph.add_run(one_line(text) if text.strip() == text else text)
    if face is not None:
        _face(run._r.get_or_add_rPr(), face)
    if size is not None:
        run.font.size = Pt(size)
    return run


def _blank(word: Word, count: int = 1) -> None:
    for _line in range(count):
        word.add_paragraph()


def _centred(word: Word, text: str, face: Face | None = None, size: float | None = None) -> Paragraph:
    paragraph = word.add_paragraph()
    paragraph.alignment = ALIGN.CENTER
    _run(paragraph, text, face, size)
    return paragraph


def _head(word: Word, document: Document) -> None:
    """The issuer in red 35 mm below the type area's edge, the number two lines below it, and the red line."""
    if document.is_draft:
        note = word.add_paragraph()
        _run(note, "草稿，未经签发，不得外传", HEI)
    points = mark_size(document.mark)
    mark = _centred(word, document.mark, SONG_TITLE, points)
    mark.runs[0].font.color.rgb = RGBColor.from_string(RED)
    mark.paragraph_format.space_before = Mm(35) - (Pt(LINE_PITCH) if document.is_draft else 0)
    mark.paragraph_format.line_spacing = Pt(points * 1.3)
    _blank(word, 2)
    number = _centred(word, document.number or "（发文字号在签发时编定）")
    # 4 mm below the number: 11.3 pt, which a border counts in whole points.
    _border(number, "bottom", size=16, space=11, colour=RED)
    _blank(word, 2)
    title = _centred(word, document.title, SONG_TITLE, TITLE)
    title.paragraph_format.line_spacing = Pt(34)
    _blank(word)
    _run(word.add_paragraph(), f"{document.addressed_to}：")


def _border(paragraph: Paragraph, side: str, *, size: int, space: int, colour: str) -> None:
    """``size`` in eighths of a point, ``space`` in points."""
    edge = f'<w:{side} w:val="single" w:sz="{size}" w:space="{space}" w:color="{colour}"/>'
    _put(paragraph._p.get_or_add_pPr(), f"<w:pBdr {nsdecls('w')}>{edge}</w:pBdr>")


def _body(word: Word, document: Document) -> None:
    for chapter in document.chapters:
        heading = _indented(word)
        _run(heading, chapter.heading, HEI)
        heading.paragraph_format.keep_with_next = True
        for line in chapter.lines:
            paragraph = _indented(word)
            if line.lead:
                _run(paragraph, line.lead, KAI)
            _run(paragraph, line.text)
    if document.annex_title:
        _blank(word)
        _run(_indented(word), f"附件：{document.annex_title}")
    _signature(word, document)


def _indented(word: Word) -> Paragraph:
    """Two characters in."""
    paragraph = word.add_paragraph()
    paragraph.alignment = ALIGN.JUSTIFY
    paragraph.paragraph_format.first_line_indent = Pt(2 * CHARACTER)
    return paragraph


def _signature(word: Word, document: Document) -> None:
    """Two characters from the right edge, the date's first character two to the right of the issuer's."""
    _blank(word, 2)
    # A page with nothing but the signature is what the standard forbids: the text's end goes with it (7.3.5.4).
    for paragraph in word.paragraphs[-5 if document.annex_title else -3 :]:
        paragraph.paragraph_format.keep_with_next = True
    day = document.day or "（签发日期）"
    start = max(CHARACTERS - 2 - max(width(document.signer), width(day) + 2), 0)
    for text, indent in ((document.signer, start), (day, start + 2)):
        paragraph = word.add_paragraph()
        paragraph.paragraph_format.left_indent = Pt(indent * CHARACTER)
        paragraph.paragraph_format.keep_with_next = text == document.signer
        _run(paragraph, text)


def _annex(word: Word, document: Document) -> None:
    """On a page of its own: “附件” in 黑体 at the edge, its title, the table with its head on each page."""
    first = word.add_paragraph()
    first.paragraph_format.page_break_before = True
    _run(first, "附件", HEI)
    _blank(word)
    title = _centred(word, document.annex_title, SONG_TITLE, TITLE)
    title.paragraph_format.line_spacing = Pt(34)
    title.paragraph_format.space_after = Pt(10)
    table = word.add_table(rows=1, cols=len(COLUMNS))
    table.style, table.autofit = "Table Grid", False
    # Word reads the cells' widths, LibreOffice the grid's.
    for column, (_name, millimetres) in zip(table.columns, COLUMNS, strict=True):
        column.width = Mm(millimetres)
    _row(table.rows[0], [name for name, _mm in COLUMNS], HEI)
    table.rows[0]._tr.get_or_add_trPr().append(parse_xml(f"<w:tblHeader {nsdecls('w')}/>"))
    for number, row in enumerate(document.annex, start=1):
        _row(table.add_row(), [str(number), f"{row.code} {row.name}", row.lead, row.figures, row.lamp, row.said])
    for line in table.rows:
        line._tr.get_or_add_trPr().append(parse_xml(f"<w:cantSplit {nsdecls('w')}/>"))
        for cell, (_name, millimetres) in zip(line.cells, COLUMNS, strict=True):
            cell.width = Mm(millimetres)


def _row(row, texts: Sequence[str], face: Face | None = None) -> None:
    for cell, text in zip(row.cells, texts, strict=True):
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.line_spacing = Pt(ANNEX_TEXT * 1.4)
        # The page's grid is for its 22 lines of text; small print in a table keeps its own distance.
        _put(paragraph._p.get_or_add_pPr(), f'<w:snapToGrid {nsdecls("w")} w:val="0"/>')
        _run(paragraph, text, face, ANNEX_TEXT)


def _imprint(word: Word, document: Document) -> None:
    """版记 at the foot of the last page: copied to, issuer and day of printing, between lines as wide as the text."""
    lines = [f"抄送：{document.copied_to}。"] if document.copied_to else []
    lines.append(f"{document.signer}\t{printed_on(document) or '（印发日期）'}")
    # Two tables that touch are one: what stands before may be the annex.
    word.add_paragraph().paragraph_format.line_spacing = Pt(1)
    table = word.add_table(rows=len(lines), cols=1)
    _at_the_foot(table)
    for cell, text in zip(table.columns[0].cells, lines, strict=True):
        cell.width = Mm(TYPE_WIDTH)
        paragraph = cell.paragraphs[0]
        form = paragraph.paragraph_format
        form.left_indent = form.right_indent = Pt(SMALL)
        form.tab_stops.add_tab_stop(Mm(TYPE_WIDTH) - Pt(SMALL), alignment=2)
        left, tab, right = text.partition("\t")
        _run(paragraph, left, FANGSONG, SMALL)
        if tab:
            paragraph.add_run("\t")
            _run(paragraph, right, FANGSONG, SMALL)
    word.add_paragraph().paragraph_format.line_spacing = Pt(1)


def _at_the_foot(table) -> None:
    """A floating table at the foot of the type area; thick lines at its edges, thin ones between (GB/T 9704 7.4.1)."""
    table.autofit = False
    table.columns[0].width = Mm(TYPE_WIDTH)
    thick, thin = 'w:val="single" w:sz="8" w:color="000000"', 'w:val="single" w:sz="6" w:color="000000"'
    for markup in (
        f'<w:tblpPr {nsdecls("w")} w:leftFromText="0" w:rightFromText="0" w:vertAnchor="margin" w:horzAnchor="margin" '
        'w:tblpXSpec="left" w:tblpYSpec="bottom"/>',
        f"<w:tblBorders {nsdecls('w')}><w:top {thick}/><w:bottom {thick}/><w:insideH {thin}/></w:tblBorders>",
        f'<w:tblCellMar {nsdecls("w")}><w:left w:w="0" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tblCellMar>',
    ):
        _put(table._tbl.tblPr, markup)
