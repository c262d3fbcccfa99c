"""Code as the editor of WeChat public accounts keeps it: every blank and every line break spelled out."""

from __future__ import annotations

from typing import Final

from lxml.html import HtmlElement
from lxml.html.builder import E

NBSP: Final = "\N{NO-BREAK SPACE}"


def spell_out(code: HtmlElement) -> None:
    """Blanks and line breaks of code, as the editor keeps them."""
    inner = next(code.iterchildren("code"), code)
    last = inner
    while len(last) and not last[-1].tail:
        last = last[-1]
    if len(last):
        last[-1].tail = (last[-1].tail or "").rstrip("\n")
    elif last.text:
        last.text = last.text.rstrip("\n")
    for element in [inner, *inner.iterdescendants()]:
        if element is not inner and element.tail is not None:
            _broken(element, "tail")
        if element.text is not None:
            _broken(element, "text")
    _joined(inner)


def _joined(code: HtmlElement) -> None:
    """Blanks that stand alone go into the piece behind them: the editor drops them when it saves (doocs/md#894)."""
    for piece in list(code.iterdescendants()):
        behind = piece.getnext()
        if behind is None or behind.tag != "span":
            continue
        if piece.tail and not piece.tail.strip(NBSP):
            behind.text, piece.tail = piece.tail + (behind.text or ""), None
        if piece.tag == "span" and not len(piece) and not piece.tail and not (piece.text or "").strip(NBSP):
            behind.text = (piece.text or "") + (behind.text or "")
            piece.drop_tree()


def _broken(element: HtmlElement, where: str) -> None:
    text = getattr(element, where).expandtabs(4).replace(" ", NBSP)
    first, *rest = text.split("\n")
    setattr(element, where, first)
    at, place = (element, 0) if where == "text" else _behind(element)
    for number, line in enumerate(rest):
        made = E.br()
        made.tail = line
        at.insert(place + number, made)


def _behind(element: HtmlElement) -> tuple[HtmlElement, int]:
    parent = element.getparent()
    assert parent is not None  # it is inside of its code
    return parent, parent.index(element) + 1
