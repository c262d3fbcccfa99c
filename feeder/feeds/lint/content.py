"""Rules on the HTML of an entry: absolute addresses, and only what the W3C validator holds for safe."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from feeder import links
from feeder.feeds.lint.findings import Findings

_ELEMENT_NAMES = """
    a abbr acronym address area article aside audio b bdi big blockquote br button canvas caption center cite code
    col colgroup data datalist dd del details dfn dialog dir div dl dt em fieldset figcaption figure font footer
    form h1 h2 h3 h4 h5 h6 header hgroup hr i img input ins kbd label legend li m main map mark menu meter nav
    noscript ol optgroup option output p picture pre progress q rp rt ruby s samp section select small source span
    strike strong sub summary sup table tbody td template textarea tfoot th thead time tr track tt u ul var video
    wbr
"""
_ATTRIBUTE_NAMES = """
    abbr accept accesskey action align alt autoplay axis background bgcolor border cellpadding cellspacing char
    charoff charset checked cite class clear color cols colspan compact contenteditable coords crossorigin data
    datetime decoding default dir disabled download draggable enctype face for form frame headers height hidden
    high href hreflang hspace id inputmode is ismap itemid itemprop itemref itemscope itemtype kind label lang
    list loading longdesc loop low max maxlength media method min minlength multiple muted name noshade nowrap
    open optimum pattern ping placeholder playsinline poster preload readonly referrerpolicy rel required rev
    reversed rows rowspan rules scope selected shape size sizes span spellcheck src srclang srcset start step
    summary tabindex target title translate type usemap valign value vspace width wrap
"""

ELEMENTS = frozenset(_ELEMENT_NAMES.split())
"""What the W3C validator accepts in content without a warning (its ``acceptable_elements``)."""

ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
"""What it accepts as attributes, ``data-*`` aside; neither ``controls`` nor ``role`` nor ``aria-*`` is among them."""

_ADDRESSES = frozenset({"href", "src", "poster", "cite", "longdesc", "background", "action"})
_STYLE = re.compile(r"(?:\s*[-\w]+\s*:\s*[#%.,\s\w!-]+(?:;|$))*\s*")
_SAFE_NAMES = "http https mailto tel sms ftp geo xmpp irc ircs magnet matrix webcal data news sip sips"
_SAFE_SCHEMES = frozenset(_SAFE_NAMES.split())


class _Rules(HTMLParser):
    def __init__(self, findings: Findings, line: int) -> None:
        super().__init__(convert_charrefs=True)
        self.findings = findings
        self.line = line

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ELEMENTS:
            self.findings.add(f"<{tag}> in the content", "the sanitiser removes it; validators warn of it", self.line)
        for name, value in attrs:
            self._attribute(tag, name, value or "")

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name == "style":
            if not _STYLE.fullmatch(value):
                self.findings.add(f"style in the content: {value}", "only plain properties are safe", self.line)
        elif name not in ATTRIBUTES and not name.startswith("data-"):
            self.findings.add(f"{name} of <{tag}> in the content", "validators warn of this attribute", self.line)
        for address in _addresses(name, value):
            self._address(tag, name, address)

    def _address(self, tag: str, name: str, address: str) -> None:
        what = f"{name} of <{tag}>"
        scheme = address.partition(":")[0].lower() if links.is_absolute(address) else ""
        if not scheme or scheme == "feeder":
            self.findings.uri(address, what, self.line)
        elif scheme not in _SAFE_SCHEMES:
            self.findings.add(f"{what} has a risky address: {address}", "only https and its like are safe", self.line)


def _addresses(name: str, value: str) -> list[str]:
    if name == "srcset":
        return [candidate.split()[0] for candidate in value.split(", ") if candidate.split()]
    return [value.strip()] if name in _ADDRESSES else []


def lint(html: str, findings: Findings, line: int = 0) -> None:
    """The HTML of one entry; ``line`` is that of its element in the document."""
    findings.characters(html, "the content", line)
    rules = _Rules(findings, line)
    rules.feed(html)
    rules.close()
