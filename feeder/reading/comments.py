"""HTML comments that span lines: what an author has taken out must stay out, whatever is done to the lines."""

from __future__ import annotations

import re

_CODE = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")


class Comments:
    """Follows a text line by line (CommonMark 0.31 section 4.6, condition 2)."""

    __slots__ = ("inside",)

    def __init__(self) -> None:
        self.inside = False

    def take(self, line: str) -> bool:
        """Whether some of this line lies in a comment that goes on in the next one, or began before."""
        if self.inside:
            self.inside = "-->" not in line
            return True
        if "<!--" in line:
            bare = _CODE.sub("", line) if "`" in line else line
            start = bare.rfind("<!--")
            self.inside = start >= 0 and bare.find("-->", start) < 0
        return self.inside
