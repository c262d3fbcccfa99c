"""Coloured code that stood in the last version of a file, so that an edit of its text need not lex it again.

Pygments takes a tenth of a second to get ready: more than everything else that one edit costs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape

_BLOCK = re.compile(r'<pre class="highlight"><code class="language-([^"]*)">(.*?)</code></pre>', re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


def of(texts: Iterable[str]) -> dict[tuple[str, str], str]:
    """``(language, code)`` -> its HTML, for all coloured code in the HTML of a file's entries."""
    found = {}
    for html in texts:
        if '<pre class="highlight">' in html:
            found.update({(unescape(name), unescape(_TAG.sub("", body))): body for name, body in _BLOCK.findall(html)})
    return found
