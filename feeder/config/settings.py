"""The settings, typed; ``feeder.toml`` is read into them.

Every field's docstring is the comment a person reads in the JSON Schema and in docs/reference/settings.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from feeder.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """``[site]``: who publishes, where, in which language and zone."""

    title: str
    """Name of the publication; the title of its feeds and pages."""
    url: str
    """Absolute address under which out/ is served; it ends with a slash, which is added where missing."""
    language: str = "zh-CN"
    """Language of the entries that name none, as BCP 47 writes it: zh-CN, en, de-AT."""
    timezone: str = "Asia/Shanghai"
    """IANA name of the zone that dates without one are in, and that pages and feeds show."""
    author: str = ""
    """Author of the entries that name none."""
    email: str = ""
    """Address of whoever is responsible for a podcast, public in its feed; without it there are no tags of Apple's."""
    description: str = ""
    """One sentence about the publication; the subtitle of its feeds."""
    rights: str = ""
    """Copyright or licence notice, shown in feeds and in the footer."""
    icon: str = ""
    """A square image, as a path in the publication or an absolute address."""
    authority: str = ""
    """Authority of newly minted ids (RFC 4151), as "news.example.org,2026"; empty: the host and year of the first \
publish with a real url, then kept in the history."""
    icp: str = ""
    """备案号 (ICP filing number), shown in the footer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """``[entries]``: where they are and how they are addressed."""

    path: str = "entries"
    """Folder of the entry files, from the publication's root; also content/posts, _posts, source/_posts …"""
    permalink: str = "/{year}/{month}/{slug}/"
    """Pattern of new entries' addresses; tokens {year}, {month}, {day}, {slug} and {page} (the file's name). \
Addresses already public stay."""
    page_title: bool = True
    """Put the title of a news page before that of its items where they stand alone: 天数智芯：融资消息."""
    items: Literal["pages", "anchors"] = "pages"
    """Give each item of a news page a page of its own ("pages"), or a place on one page ("anchors")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeds:
    """``[feeds]``: what subscribers get."""

    size: int = 20
    """Entries in a feed and in an archive document, 1 to 1000; entries of the last seven days come on top."""
    also: tuple[str, ...] = ()
    """Old addresses in out/ at which the main feed is written as well: index.xml, atom.xml, feed/index.xml …"""
    hub: str = ""
    """Absolute address of a WebSub hub, named in the feeds; empty for none."""
    bump: Literal["notable", "any"] = "notable"
    """Which edits give an entry a new "updated": those the author marks ("notable"), or every one ("any")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """``[output]``: where the files go."""

    path: str = "out"
    """Folder that is served, from the publication's root, or an absolute path."""
    layout: Literal["files", "generations"] = "files"
    """Change files in place ("files"), or make a folder a run and flip out/current to it ("generations")."""
    deploy: str = ""
    """Command run after a change, before any mail; FEEDER_CHANGED names a file with the changed paths in order."""
    compress: tuple[Literal["gz", "br"], ...] = ()
    """Compressed copies to keep beside files of text: "gz", "br"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """``[[follow]]``: the publication's own feed elsewhere, as a source."""

    feed: str
    """Absolute address of the feed."""
    name: str = ""
    """What to call it in messages and folder names; empty: its host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of ``feeder.toml``, and the folder it stands in."""

    root: Path
    site: Site
    """Who publishes, where, in which language and zone."""
    entries: Entries = field(default_factory=Entries)
    """Where the entries are and how they are addressed."""
    feeds: Feeds = field(default_factory=Feeds)
    """What subscribers get."""
    output: Output = field(default_factory=Output)
    """Where the files go."""
    follow: tuple[Follow, ...] = ()
    """Feeds of this publication elsewhere, whose entries become entry files here."""
    problems: tuple[Problem, ...] = field(default=(), compare=False, repr=False)
    """What is worth saying about the file though it is no mistake (tables of a later version); rejects nothing."""
