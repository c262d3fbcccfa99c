"""Where an element stands in its document."""

from __future__ import annotations

from typing import cast

from lxml import etree


def line_of(element: etree._Element) -> int:
    """The line an element begins on; 0 where lxml does not know."""
    return cast("int | None", element.sourceline) or 0
