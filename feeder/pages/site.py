"""All pages of a site: each method gives the document of one page, ready to be written.

Links between pages are relative, so that ``out/`` works wherever it is served; canonical addresses,
Open Graph and feeds are absolute.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from markupsafe import Markup

from feeder import links
from feeder.config.settings import Settings
from feeder.model import Digest, DigestLine, DigestList, Document, Feed, Headline, PublicEntry, Stage
from feeder.pages import article, paths, sitemap
from feeder.pages.content import fit
from feeder.pages.digest import parts, row
from feeder.pages.frames import Frames
from feeder.pages.metadata import news_article
from feeder.pages.rows import Lister, Row, direction
from feeder.pages.subscribe import groups, mail_offers
from feeder.pages.templating import Templates
from feeder.pages.wording import language_name, words

HTML = "text/html; charset=utf-8"
SUMMARISED = 5
"""Entries whose titles describe a digest."""
MOST_STORIES = 20_000
VERSION = 2
"""Bump when the same templates and entries give other pages."""


class Pages:
    """The pages of one publication."""

    def __init__(self, settings: Settings, *, author_pages: bool = True, digests: str = "") -> None:
        """``author_pages``: authors have pages, so entries link to them; ``digests``: where the digests are, if any."""
        site = settings.site
        self.settings = settings
        self.author_pages = author_pages
        self.site_url = site.url.rstrip("/") + "/"
        self.words = words(site.language)
        self.lister = Lister(self.site_url, site.language, ZoneInfo(site.timezone), self.words)
        constants = {
            "site": site,
            "t": self.words,
            "site_url": self.site_url,
            "site_direction": direction(site.language),
            "locale": site.language.replace("-", "_"),
            "digests": digests,
            "story": self._story,
        }
        self.templates = Templates(settings.root, constants, sandbox=site.sandbox)
        self.frames = Frames(self.templates, settings)
        self._stories: dict[tuple[Row, bool], Markup] = {}
        """Entries in lists: each stands in the same words on the pages of all its tags."""

    @property
    def style_url(self) -> str:
        """Absolute address of the stylesheet of the feeds (``Feed.style_url``)."""
        return self._url(self.frames.feed_style.path)

    @property
    def icon_url(self) -> str:
        """Absolute address of the icon (``Feed.icon``)."""
        return self._url(self.frames.icon.path) if self.frames.icon else self.settings.site.icon

    def assets(self) -> list[Document]:
        """Stylesheets and icon."""
        frames = self.frames
        return [document for document in (frames.style, frames.feed_style, frames.icon) if document is not None]

    def fingerprint(self) -> str:
        """Another one means that every page may look different: template files, icon, and this code."""
        return f"{VERSION}-{self.templates.fingerprint()}-{self.icon_url}"

    def entry(self, entry: PublicEntry) -> Document:
        """The page of one entry, at its permalink."""
        path = self._path_of(entry.url)
        root = paths.root(path)
        values = article.values(entry, self.lister, root, author_pages=self.author_pages)
        published = values["published"]
        assert isinstance(published, article.Time)
        values["json_ld"] = news_article(
            entry,
            published=published.datetime,
            updated=self.lister.local(max(entry.updated, entry.published)).isoformat(timespec="seconds"),
            publisher=self.settings.site.author or self.settings.site.title,
            icon=self.icon_url,
        )
        values["canonical"] = entry.url
        values["title"] = self._title(entry.title)
        values["description"] = entry.summary
        return self._render("entry.html", path, values, Stage.PAGE)

    def withdrawn(self, entry: PublicEntry) -> Document:
        """The page that stands where an entry was; it says so and nothing of what it was."""
        at = self.lister.local(entry.updated)
        time = article.Time(at.isoformat(timespec="seconds"), self.words.full_date(at))
        values = {"title": self._title(self.words.withdrawn), "at": time}
        return self._render("withdrawn.html", self._path_of(entry.url), values, Stage.PAGE)

    def index(self, headlines: Iterable[Headline], years: Mapping[int, int]) -> Document:
        """The front page: the latest entries, newest first, and the years with their number of entries."""
        root = paths.root("index.html")
        values = {
            "title": self.settings.site.title,
            "description": self.settings.site.description,
            "rows": self.lister.rows(headlines, root),
            "years": [
                (paths.href(root, paths.year(year)), self.words.year_of(year), self.words.entries(count))
                for year, count in sorted(years.items(), reverse=True)
            ],
        }
        return self._render("index.html", "index.html", values)

    def year(self, year: int, months: Mapping[int, int], headlines: Iterable[Headline] = ()) -> Document:
        """A year: its entries where they are given, newest first, else its months with their number of entries."""
        path = paths.year(year)
        root = paths.root(path)
        values = {
            "title": self._title(self.words.year_of(year)),
            "heading": self.words.year_of(year),
            "count": self.words.entries(sum(months.values())),
            "months": [
                (paths.href(root, paths.month(year, month)), self.words.months[month - 1], self.words.entries(count))
                for month, count in sorted(months.items(), reverse=True)
            ],
            "groups": list(self.lister.months(headlines, root)),
        }
        return self._render("year.html", path, values)

    def month(self, year: int, month: int, headlines: Iterable[Headline]) -> Document:
        """A month's entries, newest first."""
        path = paths.month(year, month)
        root = paths.root(path)
        rows = self.lister.rows(headlines, root)
        values = {
            "title": self._title(self.words.month_of(year, month)),
            "heading": self.words.month_of(year, month),
            "count": self.words.entries(len(rows)),
            "year": article.Link(self.words.year_of(year), paths.href(root, paths.year(year))),
            "rows": rows,
        }
        return self._render("month.html", path, values)

    def tags(self, counts: Mapping[str, int]) -> Document:
        """All tags with their number of entries, the most used first."""
        path = "tags/index.html"
        root = paths.root(path)
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        names = article.labels("tag", [name for name, _ in ordered], root)
        values = {
            "title": self._title(self.words.tags),
            "tags": [(link, count) for link, (_, count) in zip(names, ordered, strict=True)],
        }
        return self._render("tags.html", path, values)

    def label(self, kind: str, name: str, headlines: Iterable[Headline], page: int = 0, pages: int = 0) -> Document:
        """The page of a ``tag``, ``author`` or ``language``.

        Page 0 is the front page; of the ``pages`` older ones, 1 is the oldest, so that a full page stays as it is.
        """
        path = paths.label_page(kind, name, page)
        root = paths.root(path)
        shown = language_name(name) if kind == "language" else name
        numbered = f"{shown} · {self.words.page_number.format(page)}" if page else shown
        older, newer = (page - 1 if page else pages), (page + 1 if page < pages else 0)
        values = {
            "title": self._title(numbered),
            "kind": {"tag": self.words.tag, "author": self.words.by, "language": self.words.in_language}[kind],
            "heading": shown,
            "page": page,
            "rows": self.lister.rows(headlines, root),
            "older": paths.href(root, paths.label_page(kind, name, older)) if older else "",
            "newer": paths.href(root, paths.label_page(kind, name, newer)) if page else "",
            "feed": paths.href(root, f"{paths.label(kind, name)}/feed.atom"),
        }
        return self._render("label.html", path, values, feed=(shown, paths.label(kind, name)))

    def digest(self, digest: Digest) -> Document:
        """The page of a digest, with its entries as they are now, in the language it was written in."""
        path = self._path_of(digest.url)
        root = paths.root(path)
        lister = self._lister(digest.language)
        shown = parts(digest, lister, root)
        left = [part for part in shown if not part.withdrawn]
        values = {
            "title": f"{digest.title} · {digest.list.title}",
            "description": " · ".join(part.title for part in left[:SUMMARISED]),
            "subject": digest.title,
            "sent": article.Time(digest.at.isoformat(timespec="seconds"), lister.words.full_date(digest.at)),
            "count": lister.words.entries(len(left)) if left else "",
            "archive": article.Link(digest.list.title, lister.address(digest.list.page_url, root)),
            "preface": Markup(fit(digest.preface, digest.url, table=lister.words.table, code=lister.words.code)),  # noqa: S704
            "parts": shown,
            "corrections": [(lister.row(entry, root), entry.correction) for entry in digest.corrections],
            "older": row(digest.older, lister, root) if digest.older else None,
            "newer": row(digest.newer, lister, root) if digest.newer else None,
        }
        feed = (digest.list.title, f"digests/{digest.list.name}")
        return self._render("digest.html", path, values, Stage.PAGE, feed=feed, language=digest.language)

    def digests(self, archive: DigestList, lines: Iterable[DigestLine]) -> Document:
        """The digests of a list, the newest first, by year."""
        path = self._path_of(archive.page_url)
        root = paths.root(path)
        lister = self._lister(archive.language)
        years = groupby(lines, lambda line: line.at.year)
        values = {
            "title": f"{lister.words.digests} · {archive.title}",
            "description": archive.description,
            "list": mail_offers([archive], self.site_url, archive.language, lister.words)[0],
            "years": [(lister.words.year_of(year), [row(one, lister, root) for one in run]) for year, run in years],
        }
        feed = (archive.title, f"digests/{archive.name}")
        return self._render("digests.html", path, values, feed=feed, language=archive.language)

    def archives(self, lists: Sequence[tuple[DigestList, Sequence[DigestLine]]]) -> Document:
        """Where the digests of several lists are, with the latest of each; one list's own page takes its place."""
        path = "digests/index.html"
        if len(lists) == 1:
            return self.redirect("/digests/", lists[0][0].page_url)
        root = paths.root(path)
        language = self.settings.site.language
        offers = mail_offers([one for one, _ in lists], self.site_url, language, self.words)
        values = {
            "title": self._title(self.words.digests),
            "lists": [
                (offer, self.lister.address(offer.archive, root), [row(line, self.lister, root) for line in lines])
                for offer, (_, lines) in zip(offers, lists, strict=True)
            ],
        }
        return self._render("archives.html", path, values)

    def feeds(self, feeds: Sequence[Feed], lists: Sequence[DigestList] = ()) -> Document:
        """The page on which people find what a feed is, and the addresses of all of them."""
        values = {
            "title": self._title(self.words.subscribe),
            "groups": groups(feeds, self.site_url, self.settings.site.title, self.words),
            "lists": mail_offers(lists, self.site_url, self.settings.site.language, self.words),
            "opml": self._url("feeds.opml"),
        }
        return self._render("feeds.html", "subscribe/index.html", values)

    def not_found(self) -> Document:
        """``404.html``; a server shows it at any depth, so its links start at the host."""
        host_end = self.site_url.find("/", self.site_url.find("://") + 3)
        values = {"title": self._title(self.words.lost)}
        return self._render("404.html", "404.html", values, root=self.site_url[host_end:])

    def redirect(self, from_path: str, to_url: str) -> Document:
        """A page at an old address (a path of this site) that leads to the new one."""
        values = {"title": self.words.moved, "url": to_url}
        path = links.out_path(f"/{from_path.lstrip('/')}")
        return Document(
            path, HTML, self.templates.render("redirect.html", values).encode("utf-8", "replace"), Stage.PAGE
        )

    def sitemap(self, items: Iterable[tuple[str, datetime]]) -> list[Document]:
        """``sitemap.xml`` of addresses and when each last changed, oldest first; in parts above 50,000."""
        return sitemap.sitemap(self.site_url, items)

    def robots(self) -> Document:
        """``robots.txt``."""
        return sitemap.robots(self.site_url)

    def _story(self, row: Row, lead: bool = False) -> Markup:
        story = self._stories.get((row, lead))
        if story is None:
            if len(self._stories) >= MOST_STORIES:
                self._stories.clear()
            story = self._stories[row, lead] = self.templates.markup("story.html", {"row": row, "lead": lead})
        return story

    def _lister(self, language: str) -> Lister:
        """What writes lists in a language other than the site's."""
        if language.lower() == self.lister.language.lower():
            return self.lister
        return Lister(self.site_url, language, self.lister.zone, words(language))

    def _url(self, path: str) -> str:
        return links.url(self.site_url, path)

    def _path_of(self, url: str) -> str:
        return links.out_path("/" + url.removeprefix(self.site_url))

    def _title(self, name: str) -> str:
        return f"{name} · {self.settings.site.title}"

    def _render(
        self,
        template: str,
        path: str,
        values: Mapping[str, object],
        stage: Stage = Stage.INDEX,
        *,
        root: str = "",
        feed: tuple[str, str] | None = None,
        language: str = "",
    ) -> Document:
        root = root or paths.root(path)
        page: dict[str, object] = {"canonical": "", "description": "", **self.frames.frame(root, language), **values}
        if not page["canonical"]:
            page["canonical"] = self._url(path)
        if feed is not None:
            page["head"] = self.frames.head(root, *feed)
        text = self.templates.render(template, page)
        return Document(path, HTML, text.encode("utf-8", "replace"), stage)
