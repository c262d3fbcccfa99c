"""What stands around every page: its head with the addresses of the feeds, header, footer, stylesheet and icon."""

from __future__ import annotations

from functools import cached_property

from feeder import links
from feeder.config.settings import Settings
from feeder.model import Document
from feeder.pages import assets, paths
from feeder.pages.rows import direction
from feeder.pages.templating import Templates
from feeder.pages.wording import words

FORMATS = (
    ("Atom", "application/atom+xml", ".atom"),
    ("RSS", "application/rss+xml", ".rss"),
    ("JSON Feed", "application/feed+json", ".json"),
)


class Frames:
    """The frames of one publication's pages."""

    def __init__(self, templates: Templates, settings: Settings) -> None:
        """``templates``: those of the pages, with what is the same on all of them."""
        self.templates = templates
        self.settings = settings
        self.site_url = settings.site.url.rstrip("/") + "/"
        self._chrome: dict[tuple[str, str], dict[str, object]] = {}

    @cached_property
    def style(self) -> Document:
        """Stylesheet of the pages."""
        return assets.style(self.templates)

    @cached_property
    def feed_style(self) -> Document:
        """Stylesheet of the feeds."""
        return assets.feed_style(self.templates)

    @cached_property
    def icon(self) -> Document | None:
        """None where the icon lies elsewhere, or there is none."""
        return assets.icon(self.templates, self.settings)

    def frame(self, root: str, language: str = "") -> dict[str, object]:
        """What is the same on all pages of one depth and language, rendered once."""
        frame = self._chrome.get((root, language))
        if frame is None:
            page_language = language or self.settings.site.language
            frame = {
                "root": root,
                "page_language": page_language,
                "page_direction": direction(page_language),
                "locale": page_language.replace("-", "_"),
                "t": words(page_language),
            }
            frame["header"] = self.templates.markup("header.html", frame)
            frame["footer"] = self.templates.markup("footer.html", frame)
            frame["head"] = self.head(root, self.settings.site.title, "")
            self._chrome[root, language] = frame
        return frame

    def head(self, root: str, title: str, folder: str) -> str:
        """Style, icon and the addresses of the feeds: Atom first, since many readers take the first."""
        stem = links.url(self.site_url, f"{folder}/feed" if folder else "feed")
        values = {
            "root": root,
            "style": paths.href(root, self.style.path),
            "icon": paths.href(root, self.icon.path) if self.icon else self.settings.site.icon,
            "feeds": [(media_type, f"{title} ({name})", stem + suffix) for name, media_type, suffix in FORMATS],
        }
        return self.templates.markup("head.html", values)
