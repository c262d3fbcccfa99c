"""The pages of the preview itself: the bar on the left, what is looked at, and what is wrong with it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from hashlib import blake2b
from html import unescape
from pathlib import Path
from typing import Any, Final, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from feeder import links
from feeder.errors import FeederError
from feeder.mail import lists
from feeder.model import PublicEntry
from feeder.pages.templating import Templates, defaults
from feeder.upkeep import digests
from feeder.web.preview import board, feedviews, listing, plots, wechat
from feeder.web.preview.frames import file_in, file_of, page_address
from feeder.web.preview.letters import Letters, together
from feeder.web.preview.listing import Listed
from feeder.web.preview.showing import Lister, problems, problems_address
from feeder.web.preview.studio import Studio
from feeder.web.preview.words import Words, words

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
WAYS: Final = ("wide", "phone", "dark", "text", "source", "wechat")


class Views:
    """Answers for one preview."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.letters = Letters(studio)
        self.boot = secrets.token_hex(8)
        """Of this process: a browser that knows another one looks at everything anew."""
        self._templates = Environment(
            loader=FileSystemLoader(defaults() / "preview"),
            undefined=StrictUndefined,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    @property
    def words(self) -> Words:
        """The texts, in the site's language."""
        return words(self.studio.real.site.language)

    @property
    def lister(self) -> Lister:
        """Shows entries as things stand now."""
        site = self.studio.real.site
        return Lister(self.words, site.timezone, site.language, self.studio.state.problems)

    def front(self, _request: Request) -> Response:
        """``/``: the front page of the site."""
        return RedirectResponse("/page/")

    def page(self, request: Request) -> Response:
        """``/page/PATH``: a page of the site."""
        return self._of_site(request, "page")

    def pasted(self, request: Request) -> Response:
        """``/wechat/PATH``: an entry, made ready for a public account."""
        return self._of_site(request, "wechat")

    def found(self, request: Request) -> Response:
        """``/list?q=WORDS``: the entries alone."""
        values = self._list(request.query_params.get("q", ""))
        at = request.query_params.get("at", "")
        return HTMLResponse(self.render("list.html", at=at, **values))

    def problems(self, request: Request) -> Response:
        """``/problems``: all of them, or those of one ``?file=``."""
        path, found = request.query_params.get("file", ""), self.studio.state.problems
        if not path:
            return self._shell("problemlist.html", self.words.problems, "/problems", problems=problems(found))
        permalink = listing.of_file(self.studio.shadow, path)
        chosen = problems(one for one in found if one.path == path)
        if permalink and not any(one.rejects for one in chosen):
            return RedirectResponse(page_address(permalink))
        if not chosen and (why := self._expired(path)):
            return self._nothing(path, why)
        return self._shell("problemlist.html", path, problems_address(path), problems=chosen)

    def board(self, _request: Request) -> Response:
        """``/board``: the dashboard."""
        made = board.board(self.studio.real, self.studio.now(), self.words)
        drawn = [(one, plots.lines(one) if one.name == "subscribers" else plots.bars(one)) for one in made.plots]
        return self._shell("board.html", self.words.board, "/board", board=made, plots=drawn)

    def feeds(self, _request: Request) -> Response:
        """``/feeds``: all feeds."""
        t, kinds = self.words, feedviews.endings()
        found = [
            (
                f"/{links.decode(stem)}",
                [(f"/feed/{links.encode(stem)}.{kind}", kind) for kind in kinds]
                + [(f"/feed/{links.encode(stem)}.{kinds[0]}?as=reader", t.as_reader)],
            )
            for stem in feedviews.paths(self.studio.shadow)
        ]
        return self._shell("feeds.html", t.feeds, "/feeds", feeds=found)

    def feed(self, request: Request) -> Response:
        """``/feed/PATH``: a feed as text, or as a reader shows it."""
        path, t = request.path_params["path"], self.words
        file = self._file(path)
        if file is None:
            return self._nothing(t.no_page, t.no_page_text, 404)
        reader = request.query_params.get("as") == "reader"
        address = f"/feed/{links.encode(path)}"
        values: dict[str, Any] = {
            "others": (), "list_title": "", "size": t.bytes.format(file.stat().st_size), "view": "feed",
            "ways": ((address, t.as_text, not reader), (f"{address}?as=reader", t.as_reader, reader)),
            "lines": () if reader else feedviews.laid_out(file).rstrip("\n").split("\n"), "sample": False, "ahead": "",
        }  # fmt: skip
        frame = f"/reader/{{scheme}}/{links.encode(path)}" if reader else ""
        stamp = _stamp(file.read_bytes())
        return self._shell("digest.html", f"/{path}", "/feeds", frame=frame, stamp=stamp, problems=(), **values)

    def digest(self, request: Request) -> Response:
        """``/digest/LIST``: the next digest of a list."""
        known, t = self.studio.real.lists, self.words
        if not known:
            return self._nothing(t.no_digests, t.no_digests_text)
        name = request.path_params.get("name") or known[0].name
        way = request.query_params.get("as", "wide")
        try:
            letter = self.letters.of(name)
        except FeederError as error:
            return self._nothing(t.digests, f"{error} {error.hint}".strip(), 404)
        address = f"/digest/{name}"
        ways = zip(WAYS, (t.wide, t.phone, t.dark, t.text, t.source, t.wechat), strict=True)
        text = {"text": letter.text, "source": letter.source}.get(way, "")
        values: dict[str, Any] = {
            "others": [(f"/digest/{one.name}", lists.title_of(self.studio.real, one)) for one in known],
            "list_title": lists.title_of(self.studio.real, lists.find(self.studio.real, name)),
            "ways": [(f"{address}?as={one}", word, one == way) for one, word in ways],
            "size": t.bytes.format(letter.size),
            "lines": text.rstrip("\n").split("\n") if text else (),
            "sample": letter.sample,
            "ahead": "、".join(self._ahead(letter.entries)),
            "problems": [one for one in problems(self.studio.state.problems) if one.place.startswith("notes/")],
            "view": way,
        }
        if way == "wechat":
            values |= self._clip(together(letter, t.read_on), letter.subject, "", f"/clip-digest/{name}")
        frame = "" if text else f"/paste-digest/{{scheme}}/{name}" if way == "wechat" else f"/mail/{{scheme}}/{name}"
        values |= {"width": "phone" if way in ("phone", "wechat") else "wide" if way in ("wide", "dark") else ""}
        values |= {
            "scheme": "dark" if way == "dark" else "light",
            "frame": frame,
            "stamp": _stamp(letter.html.encode()),
        }
        return self._shell("digest.html", letter.subject, "/digest", **values)

    def clip(self, request: Request) -> Response:
        """``/clip/PATH``: what goes to the clipboard of an entry."""
        entry = self.entry(request.path_params["path"], request.query_params.get("item", ""))
        return _clipped(self.article(entry.html)) if entry else Response(status_code=404)

    def clip_digest(self, request: Request) -> Response:
        """``/clip-digest/LIST``: likewise of a digest."""
        letter = self.letters.of(request.path_params["name"])
        return _clipped(self.article(together(letter, self.words.read_on)))

    def entry(self, path: str, item: str) -> PublicEntry | None:
        """The entry at a path of the site, whole."""
        with digests.published(self.studio.shadow.settings) as catalog:
            permalink = "/" + path.removesuffix("index.html") + (f"#{item}" if item else "")
            record = catalog.history.at_permalink(permalink)
            return catalog.entry(record) if record and record.public else None

    def article(self, html: str) -> wechat.Article:
        """HTML as a public account takes it, in the look of the publication."""
        t = self.words
        real = self.studio.real
        css = Templates(real.root, {}, sandbox=real.site.sandbox).read("preview/wechat.css").decode("utf-8", "replace")
        return wechat.article(html, css, wechat.Words(t.wechat_heading, t.audio, t.video))

    def _of_site(self, request: Request, view: Literal["page", "wechat"]) -> Response:
        path, state, t = request.path_params["path"], self.studio.state, self.words
        shadow, now = self.studio.shadow, self.studio.now()
        here = listing.at_address(shadow, path, now)
        if not here and (moved := listing.moved_to(shadow, path)):
            return RedirectResponse(page_address(moved))
        gone = listing.only_was_shown(shadow, path)
        file = None if gone else self._file(file_of(path))
        paths = {one.path for one in here}
        beside = [one for one in state.problems if one.path in paths]
        shown = self.lister.entries(here)
        values: dict[str, Any] = {
            **self._list("", here),
            "view": view,
            "here": shown,
            "places_of": list(dict.fromkeys(one.place for one in shown))[:5],
            "problems": problems(beside),
            "missing": self._missing(path) if file is None else (),
            "frame": f"/site/{{scheme}}/{'404.html' if gone else links.encode(path)}",
            # With what the banner above it says, which is no part of the file.
            "stamp": _stamp(file.read_bytes() + repr([(one.mark, one.at) for one in here]).encode()) if file else "",
        }
        item = request.query_params.get("item", "")
        entry = self.entry(path, item) if view == "wechat" else None
        if entry:
            query = f"?item={links.encode(item)}" if item else ""
            values |= self._clip(entry.html, entry.title, entry.summary, f"/clip/{links.encode(path)}{query}")
            values |= {"frame": f"/paste/{{scheme}}/{links.encode(path)}{query}", "width": "phone", "scheme": "light"}
        elif view == "wechat":
            return self._nothing(t.wechat, t.no_entry, 404)
        title = _title(here, file, t)
        return self._shell("page.html", title, f"/page/{links.encode(path)}", 404 if file is None else 200, **values)

    def _missing(self, path: str) -> tuple[str, str]:
        """Heading and text in place of a page that there is not."""
        t = self.words
        why = self._expired(listing.path_of(self.studio.shadow, path))
        return (t.expired, why) if why else (t.no_page, t.no_page_text)

    def _expired(self, path: str) -> str:
        """What is said of an entry file whose entries left by themselves; empty for others."""
        at = listing.expired_at(self.studio.shadow, path, self.studio.now()) if path else None
        return self.words.expired_text.format(self.lister.instant(at)) if at else ""

    def render(self, template: str, **values: Any) -> str:  # noqa: ANN401  (what templates show)
        """The text of a template of ours."""
        return self._templates.get_template(template).render({"t": self.words, **values})

    def _clip(self, html: str, title: str, summary: str, address: str) -> dict[str, Any]:
        made = self.article(html)
        site, out = self.studio.real.site.url, self.studio.real.root / self.studio.real.output.path
        local = [url for url in made.pictures if url.startswith(site) and not _is_public(out, url[len(site) :])]
        return {"article": made, "local": local, "clip": address, "copy_title": title, "copy_summary": summary[:120]}

    def _ahead(self, entries: tuple[PublicEntry, ...]) -> list[str]:
        """Titles of those that the real digest would not have."""
        shadow, now, site = self.studio.shadow, self.studio.now(), self.studio.real.site.url
        with listing.opened(shadow) as (history, cache):
            listed = [
                listing.listed(record, cache, shadow.public, now)
                for entry in entries
                if entry.url.startswith(site) and (record := history.by_id(entry.id))
            ]
        return [one.title for one in listed if one.mark in ("draft", "later")]

    def _file(self, path: str) -> Path | None:
        """A file of the preview's output."""
        return file_in(self.studio.shadow.out, path)

    def _list(self, words_: str, here: Sequence[Listed] = ()) -> dict[str, Any]:
        """The entries of the bar, with those that are looked at, however old they are."""
        found = listing.entries(self.studio.shadow, words_, self.studio.now())
        found += [one for one in here if one not in found]
        lister, folder = self.lister, self.studio.real.entries.path
        shown = [*lister.broken(found, folder, words_), *lister.entries(found)]
        return {"entries": shown, "entries_folder": folder, "sought": bool(words_)}

    def _places(self) -> list[tuple[str, str, int | None]]:
        t = self.words
        return [
            ("/page/", t.front, None),
            ("/digest", t.digests, None),
            ("/feeds", t.feeds, None),
            ("/board", t.board, None),
            ("/problems", t.problems, len(self.studio.state.problems) + len(self.studio.state.stuck)),
        ]

    def _nothing(self, title: str, text: str, status: int = 200) -> Response:
        return self._shell("nothing.html", title, "", status, text=text)

    def _shell(self, template: str, title: str, at: str, status: int = 200, **values: Any) -> Response:  # noqa: ANN401  (what templates show)
        state, site = self.studio.state, self.studio.real.site
        lister = self.lister
        frame = {"frame": "", "stamp": "", "width": "", "scheme": "", "beside_name": self.words.problems}
        page: dict[str, Any] = {
            **frame, "language": site.language, "site": site, "boot": self.boot, "title": title,
            "at": at, "clock": lister.clock(state.at), "places": self._places(), "q": "",
            **({} if "entries" in values else self._list("")), **values,
            "state": {"number": state.number, "saved": state.saved, "at": state.at, "stuck": problems(state.stuck)},
        }  # fmt: skip
        return HTMLResponse(self.render(template, **page), status, {"Content-Security-Policy": POLICY})


def _clipped(article: wechat.Article) -> Response:
    return JSONResponse({"html": article.html, "text": article.text})


def _stamp(data: bytes) -> str:
    return blake2b(data, digest_size=8).hexdigest()


def _is_public(out: Path, address: str) -> bool:
    return (out / links.decode(address)).is_file() or (out / "current" / links.decode(address)).is_file()


def _title(here: list[Listed], file: Path | None, t: Words) -> str:
    if len(here) == 1:
        return here[0].title
    if file is None:
        return t.no_page
    head = file.read_text("utf-8", "replace")[:20_000]
    return unescape(head.partition("<title>")[2].partition("</title>")[0].partition(" · ")[0]).strip() or file.name
