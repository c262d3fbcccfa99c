"""What stands in the frames, by address: pages of the site, mails, feeds in a reader, texts for a public account."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from feeder import links
from feeder.web.files.mediatypes import Types
from feeder.web.preview import feedviews, listing
from feeder.web.preview.frames import (
    LETTER_POLICY,
    PAGE_POLICY,
    SCHEMES,
    Scheme,
    at_home,
    banner,
    coloured,
    file_in,
    file_of,
    framed,
)
from feeder.web.preview.letters import together
from feeder.web.preview.views import Views

_READABLE: Final = ("text/html", "text/css")
_FREE: Final = (".woff", ".woff2", ".ttf", ".otf", ".js", ".mjs")
"""Endings of what a frame without an origin may only load where anybody may; there is nothing secret in them."""
_PAPER: Final = (
    '<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"></head>'
    '<body style="margin:0 auto;max-width:42rem;padding:16px;background:#fff">{html}</body></html>'
)


class Frames:
    """Answers for the frames of one preview."""

    def __init__(self, views: Views) -> None:
        self.views = views
        self.studio = views.studio

    def site(self, request: Request) -> Response:
        """``/site/SCHEME/PATH``: a file of the site."""
        path: str = request.path_params["path"]
        scheme = _scheme(request)
        if request.headers.get("sec-fetch-dest") == "document":
            return RedirectResponse(f"/page/{links.encode(path)}")  # it was opened in a tab of its own
        out = self.studio.shadow.out
        file = file_in(out, file_of(path))
        if file is None and file_in(out, f"{path}/index.html"):
            return RedirectResponse(f"/site/{scheme}/{links.encode(path)}/")
        shown = file or file_in(out, "404.html")
        return self._file(shown, path, scheme, 200 if file else 404) if shown else Response(status_code=404)

    def _file(self, file: Path, path: str, scheme: Scheme, status: int) -> Response:
        kind = Types().of(file.relative_to(self.studio.shadow.out).as_posix())
        if not kind.startswith(_READABLE):
            return FileResponse(file, media_type=kind, headers=_headers(file.name))
        text = file.read_text("utf-8", "replace")
        if kind.startswith("text/html"):
            text = framed(at_home(text, self.studio.shadow.settings.site.url, scheme), self._banner(path))
        return Response(coloured(text, scheme), status, _headers(file.name), kind)

    def mail(self, request: Request) -> Response:
        """``/mail/SCHEME/LIST``: the HTML of a digest."""
        letter = self.views.letters.of(request.path_params["name"])
        return self._letter(letter.html, _scheme(request))

    def reader(self, request: Request) -> Response:
        """``/reader/SCHEME/PATH``: a feed as a reader shows it."""
        path: str = request.path_params["path"]
        file = file_in(self.studio.shadow.out, path) if Types().is_feed(path) else None
        if file is None:
            return Response(status_code=404)
        entries = feedviews.read(file)
        site = self.studio.real.site
        html = self.views.render("reader.html", language=site.language, title=site.title, entries=entries)
        return self._letter(html, _scheme(request))

    def paste(self, request: Request) -> Response:
        """``/paste/SCHEME/PATH``: an entry as it will stand in a public account."""
        entry = self.views.entry(request.path_params["path"], request.query_params.get("item", ""))
        return self._paper(entry.html, entry.title) if entry else Response(status_code=404)

    def paste_digest(self, request: Request) -> Response:
        """``/paste-digest/SCHEME/LIST``: likewise a digest."""
        letter = self.views.letters.of(request.path_params["name"])
        return self._paper(together(letter, self.views.words.read_on), letter.subject)

    def _paper(self, html: str, title: str) -> Response:
        made = self.views.article(html).html
        language = self.studio.real.site.language
        return self._letter(_PAPER.format(language=escape(language), title=escape(title), html=made), "light")

    def _letter(self, html: str, scheme: Scheme) -> Response:
        text = framed(at_home(coloured(html, scheme), self.studio.shadow.settings.site.url, "auto"))
        return HTMLResponse(text, headers={"Content-Security-Policy": LETTER_POLICY})

    def _banner(self, path: str) -> str:
        here = listing.at_address(self.studio.shadow, path, self.studio.now())
        t = self.views.words
        if len(here) != 1:
            return ""
        one = here[0]
        when = self.views.lister.instant(one.at)
        text = {"draft": t.draft_banner, "later": t.later_banner.format(when)}.get(one.mark, "")
        return banner(one.mark, text, self.studio.real.site.language) if text else ""


def _headers(path: str) -> dict[str, str]:
    headers = {"Content-Security-Policy": PAGE_POLICY}
    if path.endswith(_FREE):
        headers["Access-Control-Allow-Origin"] = "*"
    return headers


def _scheme(request: Request) -> Scheme:
    given = request.path_params["scheme"]
    return given if given in SCHEMES else "auto"
