"""How the pages look: templates, words and the few files they need, in the style of the site."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from typing import Final
from urllib.parse import unquote, urlsplit

from starlette.responses import Response

from feeder.config.settings import Settings
from feeder.errors import SettingsError
from feeder.model import Document
from feeder.output.generations import CURRENT
from feeder.pages import assets
from feeder.pages.rows import direction
from feeder.pages.templating import BadTemplateError, Templates, defaults
from feeder.pages.wording import words as page_words
from feeder.web import answers
from feeder.web.wording import Refusal, WebWords, tag_of, words

FOLDER: Final = "_feeder/"
"""Where the style, the script and the icon of the pages are, under the path of ``[web] url``."""
_FEEDS: Final = (("Atom", "application/atom+xml", "feed.atom"), ("RSS", "application/rss+xml", "feed.rss"))


class Look:
    """Makes the pages of one publication."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.base = _folder(settings.web.url)
        """Path under which the pages are, with a slash at both ends."""
        self.site_base = _folder(settings.site.url)
        """Likewise of the site."""
        self._site_url = settings.site.url.rstrip("/") + "/"
        self._templates = self._ready(Templates(settings.root, self._constants, sandbox=settings.site.sandbox))
        out = os.path.join(settings.root, settings.output.path)
        self._public = os.path.join(out, CURRENT) if settings.output.layout == "generations" else out
        self.files = dict(self._files())
        """Path under the base -> media type and bytes."""

    def page(
        self,
        template: str,
        language: str,
        title: str,
        values: Mapping[str, object] | None = None,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """A page made from ``templates/web/TEMPLATE.html``.

        Args:
            template: its name.
            language: BCP 47, of the list that the page is about; of none, the site's.
            title: of the page.
            values: what the template names, beside what every page has.
            status: HTTP status.
            headers: beside those of every answer.
        """
        given = {**self._frame(language), "heading": title, **(values or {})}
        given["title"] = f"{title} · {self.settings.site.title}"
        return answers.html(self._rendered(f"web/{template}.html", given), status, headers)

    def notice(
        self,
        language: str,
        title: str,
        *text: str,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> Response:
        """A page with a title and some sentences.

        ``values`` may have ``way`` (address and words of a link below), ``told`` (set apart, such as an address),
        ``also`` (language, title and text, once more in another language) and ``again`` (names and values of the fields
        that a button sends once more).
        """
        shown: dict[str, object] = {"text": text, "way": None, "told": "", "also": [], "again": None, **values}
        return self.page("notice", language, title, shown, status=status, headers=headers)

    def refusal(
        self,
        status: int,
        *,
        headers: Mapping[str, str] | None = None,
        language: str = "",
        again: Sequence[tuple[str, str]] | None = None,
    ) -> Response:
        """A page that says no.

        Args:
            status: HTTP status.
            headers: beside those of every answer.
            language: BCP 47; not given: the site's, and one of its lists.
            again: the fields that a button below sends once more; None: there is no button.
        """
        return self._said(lambda w: w.refusals.get(status, w.refusals[400]), status, headers, language, again=again)

    def bad_link(self) -> Response:
        """What every token that is not good gets, whatever is wrong with it."""
        return self._said(lambda w: w.bad_link, 404)

    def has_file(self, path: str) -> bool:
        """Whether there is a public file of that path in ``out/``."""
        return os.path.isfile(os.path.join(self._public, path))

    def _said(
        self,
        refusal: Callable[[WebWords], Refusal],
        status: int,
        headers: Mapping[str, str] | None = None,
        known: str = "",
        **values: object,
    ) -> Response:
        language = known or self.settings.site.language
        first = words(language)
        way = (self._site_url, first.to_site.format(site=self.settings.site.title))
        title, text = refusal(first)
        # Whoever comes here by a bad link may read the language of a list alone.
        others = {tag_of(one.language) for one in self.settings.lists if one.language and not known}
        also = [(tag, *refusal(words(tag))) for tag in sorted(others) if words(tag) is not first]
        return self.notice(language, title, text, status=status, headers=headers, way=way, also=also[:1], **values)

    def _rendered(self, name: str, values: Mapping[str, object]) -> str:
        try:
            return self._around(self._templates, name, values)
        except BadTemplateError:
            # What was asked for is done; a slip in a template of the publication must not hide that.
            return self._around(self._plain, name, values)

    def _around(self, templates: Templates, name: str, values: Mapping[str, object]) -> str:
        frame = dict(values)
        for part in ("header", "footer", "head"):
            frame[part] = templates.markup(f"{part}.html", frame)
        return templates.render(name, frame)

    def _frame(self, language: str) -> dict[str, object]:
        tag = tag_of(language)
        return {
            "root": self._site_url,
            "base": self.base,
            "page_language": tag,
            "page_direction": direction(tag),
            "locale": tag.replace("-", "_"),
            "t": page_words(tag),
            "w": words(tag),
            "description": "",
            "canonical": "",
            "digests": "digests/" if self.has_file("digests/index.html") else "",
            "style": self.base + self._style,
            "script": self.base + self._script,
            "icon": self.base + self._icon,
            "feeds": [
                (kind, f"{self.settings.site.title} ({name})", self._site_url + path) for name, kind, path in _FEEDS
            ],
        }

    @cached_property
    def _plain(self) -> Templates:
        """The templates that come with feeder, alone."""
        return self._ready(Templates(defaults().parent, self._constants, sandbox=True))

    def _ready(self, templates: Templates) -> Templates:
        # These pages are made while people look; whoever works on a template need not restart anything.
        templates.environment.auto_reload = True
        return templates

    @cached_property
    def _constants(self) -> dict[str, object]:
        site = self.settings.site
        return {"site": site, "site_url": self._site_url, "site_direction": direction(site.language)}

    def _icon_of_site(self) -> Document | None:
        try:
            return assets.icon(self._templates, self.settings)
        except SettingsError:
            return None  # the run that publishes says so

    def _files(self) -> list[tuple[str, tuple[str, bytes]]]:
        style = self._templates.read("style.css") + b"\n" + self._templates.read("web/style.css")
        script = self._templates.read("web/form.js")
        icon = self._icon_of_site()
        picture = icon.body if icon is not None else self._templates.read("icon.png")
        ending = os.path.splitext(icon.path)[1] if icon is not None else ".png"
        self._style = _named("style", ".css", style)
        self._script = _named("form", ".js", script)
        self._icon = _named("icon", ending, picture)
        return [
            (self._style, ("text/css; charset=utf-8", style)),
            (self._script, ("text/javascript; charset=utf-8", script)),
            (self._icon, (icon.media_type if icon is not None else "image/png", picture)),
        ]


def _folder(url: str) -> str:
    path = unquote(urlsplit(url).path)
    return path if path.endswith("/") else f"{path}/"


def _named(name: str, ending: str, data: bytes) -> str:
    return f"{FOLDER}{name}.{sha256(data).hexdigest()[:8]}{ending}"
