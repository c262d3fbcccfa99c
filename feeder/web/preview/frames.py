"""What stands in the frames: pages of the site and mails, made fit to be looked at here.

Each frame is a sandbox without an origin: whatever runs in it reaches neither our own page nor its neighbours.
Addresses of the site lead to the preview, and the colours are those that were asked for, in any browser.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from feeder import links
from feeder.web.files import shelf

Scheme = Literal["auto", "light", "dark"]
SCHEMES: Final[tuple[Scheme, ...]] = ("auto", "light", "dark")

_SANDBOX: Final = "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox allow-forms allow-downloads"
_ANYTHING: Final = "'self' http: https: data: blob: 'unsafe-inline'"
PAGE_POLICY: Final = (
    f"{_SANDBOX}; default-src {_ANYTHING}; connect-src 'none'; object-src 'none'; base-uri 'self'; form-action 'none'; "
    "frame-ancestors 'self'"
)
"""Of pages of the site: what their templates do, they may do here, except to talk to anybody."""
LETTER_POLICY: Final = (
    f"{_SANDBOX}; default-src 'none'; img-src 'self' http: https: data:; style-src 'unsafe-inline'; "
    "script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""Of mails and other texts: nothing runs but our own script."""

_SCRIPT: Final = '<script src="/own/frame.js"></script>'
_MEDIA: Final = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)")
_DECLARED: Final = re.compile(r"(color-scheme\s*:\s*)(?:light dark|dark light|light|dark)\b")
_META: Final = re.compile(r'(<meta name="(?:color-scheme|supported-color-schemes)" content=")[a-z ]+"')
_BODY: Final = re.compile(r"<body\b(?:[^>\"']|\"[^\"]*\"|'[^']*')*>", re.IGNORECASE)
_END: Final = re.compile(r"</body\s*>", re.IGNORECASE)


def coloured(text: str, scheme: Scheme) -> str:
    """HTML or CSS whose colours are those of one scheme, whatever the browser prefers."""
    if scheme == "auto":
        return text
    text = _MEDIA.sub(lambda found: "(min-width: 0)" if found[1] == scheme else "(max-width: 0)", text)
    text = _META.sub(rf'\g<1>{scheme}"', text)
    return _DECLARED.sub(rf"\g<1>{scheme}", text)


def at_home(html: str, site_url: str, scheme: Scheme) -> str:
    """HTML in which the site's addresses lead to the preview, also those that begin at its root."""
    place = f"/site/{scheme}/"
    root = re.escape(urlsplit(site_url).path or "/")
    html = re.sub(rf'\b((?:href|src|poster)=")(?:{root})(?![/\\])', rf"\g<1>{place}", html)
    html = html.replace(f'="{site_url}', f'="{place}').replace(f'="{escape(site_url)}', f'="{place}')
    html = html.replace(f"; url={site_url}", f"; url={place}")  # of pages that only lead on
    return re.sub(rf'(srcset="[^"]*?){re.escape(site_url)}', rf"\g<1>{place}", html)


def framed(html: str, banner: str = "") -> str:
    """HTML with our script, which tells the page around of clicks and of scrolling, and with a banner on top."""
    opening = _BODY.search(html)
    if banner and opening:
        html = f"{html[: opening.end()]}{banner}{html[opening.end() :]}"
    ends = [found.start() for found in _END.finditer(html)]
    at = ends[-1] if ends else len(html)
    return f"{html[:at]}{_SCRIPT}{html[at:]}"


def banner(kind: str, text: str, language: str) -> str:
    """A line above a page that says it is not public yet."""
    colour = {"draft": "#8a5300", "later": "#1f4e9c"}.get(kind, "#5f5a54")
    style = (
        f"all:initial;display:block;box-sizing:border-box;padding:8px 16px;background:{colour};color:#fff;"
        "border-radius:0 0 6px 6px;font:600 14px/1.5 system-ui,sans-serif;text-align:center"
    )
    return f'<div role="note" lang="{escape(language)}" style="{style}">{escape(text)}</div>'


def file_of(path: str) -> str:
    """The file in ``out/`` that a path of the site means."""
    return f"{path}index.html" if not path or path.endswith("/") else path


def file_in(out: Path, path: str) -> Path | None:
    """A file of the output by its path there; None where there is none, and for a path that leads out of it."""
    plain = shelf.plain_path(links.encode(path).encode(), "")
    found = shelf.open_file(str(out), plain) if plain else None
    if found is None:
        return None
    found.close()
    return out / found.path


def page_address(permalink: str) -> str:
    """Where our own page shows a permalink."""
    page, mark, anchor = permalink.partition("#")
    return f"/page/{links.encode(page.lstrip('/'))}" + (f"#{links.encode(anchor)}" if mark else "")
