"""Recognise a site made with another generator, by its files: where its entries are, and what it is called.

Only what is plainly readable is taken over: ``key = "value"`` and ``key: value`` lines of its settings.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

_LIMIT = 1 << 18
_PAIR = re.compile(
    r"""^(?P<key>[A-Za-z_]+)[ \t]*[=:][ \t]*(?:"(?P<a>[^"\n]*)"|'(?P<b>[^'\n]*)'|(?P<c>[^#\n"']+))""", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Site:
    """Another generator's site, as far as its settings say."""

    generator: str
    """``Hugo``, ``Jekyll``, ``Hexo``, ``Pelican`` or ``Eleventy``."""
    entries: str
    """Folder of its posts, from the site's root."""
    permalink: str = ""
    """Its usual pattern of addresses; empty for ours."""
    title: str = ""
    url: str = ""
    language: str = ""
    author: str = ""
    timezone: str = ""


_HUGO = ("hugo.toml", "hugo.yaml", "hugo.yml", "config.toml", "config.yaml", "config.yml", "config/_default/hugo.toml",
         "config/_default/config.toml", "config/_default/hugo.yaml")  # fmt: skip
_HUGO_FOLDERS = ("content/posts", "content/post", "content/blog", "content/news")


def recognise(root: str) -> Site | None:
    """The site in ``root``, or ``None``."""
    return _hexo(root) or _jekyll(root) or _pelican(root) or _hugo(root)


def _hexo(root: str) -> Site | None:
    text = _text(root, "_config.yml")
    if text is None or not os.path.isdir(os.path.join(root, "source/_posts")):
        return None
    return _site("Hexo", "source/_posts", _pairs(text), permalink="/{year}/{month}/{day}/{slug}/")


def _jekyll(root: str) -> Site | None:
    text = _text(root, "_config.yml")
    if text is None or not os.path.isdir(os.path.join(root, "_posts")):
        return None
    return _site("Jekyll", "_posts", _pairs(text))


def _pelican(root: str) -> Site | None:
    text = _text(root, "pelicanconf.py")
    if text is None:
        return None
    pairs = _pairs(text)
    folder = pairs.get("path", "content").strip("/") or "content"
    return _site("Pelican", folder, pairs) if os.path.isdir(os.path.join(root, folder)) else None


def _hugo(root: str) -> Site | None:
    for name in _HUGO:
        text = _text(root, name)
        if text is None or not os.path.isdir(os.path.join(root, "content")):
            continue
        folder = next((one for one in _HUGO_FOLDERS if os.path.isdir(os.path.join(root, one))), "content")
        section = folder.partition("/")[2]
        pattern = f"/{section}/{{slug}}/" if section else ""
        return _site("Hugo", folder, _pairs(text), permalink=pattern)
    return None


def _site(generator: str, folder: str, pairs: dict[str, str], *, permalink: str = "") -> Site:
    def first(*names: str) -> str:
        return next((pairs[name] for name in names if pairs.get(name)), "")

    url = first("baseurl", "siteurl", "url")
    if "://" not in url:
        url = first("siteurl", "url")
    return Site(
        generator,
        folder,
        permalink,
        title=first("title", "sitename"),
        url=url if "://" in url else "",
        language=first("languagecode", "defaultcontentlanguage", "default_lang", "lang", "language", "locale"),
        author=first("author"),
        timezone=first("timezone"),
    )


def _pairs(text: str) -> dict[str, str]:
    """Top-level pairs of TOML, YAML or Python by their lower-case names; the first of each."""
    top = re.split(r"^\s*\[", text, maxsplit=1, flags=re.MULTILINE)[0]
    found: dict[str, str] = {}
    for match in _PAIR.finditer(top):
        value = (match["a"] or match["b"] or match["c"] or "").strip()
        found.setdefault(match["key"].casefold(), value)
    return found


def _text(root: str, name: str) -> str | None:
    path = os.path.join(root, name)
    try:
        with open(path, "rb") as file:
            return file.read(_LIMIT).decode("utf-8-sig", "replace").replace("\r\n", "\n")
    except OSError:
        return None
