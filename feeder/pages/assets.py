"""The stylesheets and the icon, named by what is in them, so that browsers may keep them for ever."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from feeder.config.settings import Settings
from feeder.errors import Problem, SettingsError
from feeder.model import Document, Stage
from feeder.pages.templating import Templates

_TYPES = {
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ico": "image/vnd.microsoft.icon",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
}


def _named(name: str, ending: str, media_type: str, body: bytes) -> Document:
    return Document(f"assets/{name}.{sha256(body).hexdigest()[:8]}{ending}", media_type, body, Stage.ASSET)


def style(templates: Templates) -> Document:
    """The stylesheet of the pages."""
    return _named("style", ".css", "text/css", templates.read("style.css"))


def feed_style(templates: Templates) -> Document:
    """The stylesheet of the feeds, for people who open one in a browser."""
    return _named("feed", ".css", "text/css", templates.render("feed.css", {}).encode())


def icon(templates: Templates, settings: Settings) -> Document | None:
    """``site.icon``, else ours; None where ``site.icon`` is an address elsewhere."""
    name = settings.site.icon
    if "://" in name:
        return None
    if not name:
        return _named("icon", ".png", "image/png", templates.read("icon.png"))
    ending = os.path.splitext(name)[1].lower()
    if ending not in _TYPES:
        raise _wrong(f"site.icon is no image that browsers show: {name}", "use a square PNG or SVG file")
    try:
        body = Path(settings.root, name).read_bytes()
    except OSError as error:
        raise _wrong(
            f"cannot read site.icon: {name}: {error.strerror}", "put a square PNG or SVG file there"
        ) from error
    return _named("icon", ending, _TYPES[ending], body)


def _wrong(message: str, hint: str) -> SettingsError:
    return SettingsError(problems=(Problem("feeder.toml", message, hint),))
