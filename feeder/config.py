"""The settings, typed; ``feeder.toml`` is read into them.

Every field's docstring is the comment a person reads in the JSON Schema and in docs/reference/settings.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """``[site]``: who publishes, where, in which language and zone."""

    title: str
    url: str
    language: str = "zh-CN"
    timezone: str = "Asia/Shanghai"
    author: str = ""
    description: str = ""
    rights: str = ""
    icon: str = ""
    authority: str = ""
    icp: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """``[entries]``: where they are and how they are addressed."""

    path: str = "entries"
    permalink: str = "/{year}/{month}/{slug}/"
    page_title: bool = True
    items: Literal["pages", "anchors"] = "pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeds:
    """``[feeds]``."""

    size: int = 20
    also: tuple[str, ...] = ()
    hub: str = ""
    bump: Literal["notable", "any"] = "notable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """``[output]``."""

    path: str = "out"
    layout: Literal["files", "generations"] = "files"
    deploy: str = ""
    compress: tuple[Literal["gz", "br"], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """``[[follow]]``: the publication's own feed elsewhere, as a source."""

    feed: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of ``feeder.toml``, and the folder it stands in."""

    root: Path
    site: Site
    entries: Entries = field(default_factory=Entries)
    feeds: Feeds = field(default_factory=Feeds)
    output: Output = field(default_factory=Output)
    follow: tuple[Follow, ...] = ()
