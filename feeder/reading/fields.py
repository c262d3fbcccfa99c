"""What a front matter says about an entry, in the words of the model."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from dataclasses import fields as dataclass_fields
from typing import Any
from zoneinfo import ZoneInfo

from feeder import dates, links
from feeder.model import Moment, Via
from feeder.reading import keys, places
from feeder.reading.frontmatter import FrontMatter

_MARKDOWN_LINK = re.compile(r"\[([^\]]*)\]\(\s*<?(https?://[^\s)>]+)>?[^)]*\)")
_MARKED = re.compile(r"[*`<&]|\]\(|(?<!\w)_|~~")
_SHOWN = {
    "publishdate": "publishDate",
    "pubdate": "pubDate",
    "lastmodifiedat": "last_modified_at",
    "redirectfrom": "redirect_from",
    "expirydate": "expiryDate",
    "featuredimage": "featuredImage",
}
_HELD_BACK = frozenset({"draft", "hidden", "private", "pending", "unpublished", "skip"})
_HIDES = ("hidden", "private", "hide")
"""Keys of plug-ins and themes that keep an entry from lists and feeds."""

MOST_NAMES = 100
"""Tags, or authors, that one entry may have."""


@dataclass(slots=True)
class Fields:
    """The typed front matter of an entry file, or of an item."""

    given: set[str] = field(default_factory=set)
    """Which groups of keys are there."""
    title: str = ""
    date: Moment | None = None
    updated: Moment | None = None
    expires: Moment | None = None
    id: str = ""
    slug: str = ""
    address: str = ""
    """The permalink as written."""
    aliases: tuple[str, ...] = ()
    draft: bool = False
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    language: str = ""
    summary: str = ""
    via: tuple[Via, ...] = ()
    lists: tuple[str, ...] = ()
    mail: bool | None = None
    correction: str = ""
    items: str = ""
    extra: dict[str, object] = field(default_factory=dict)
    rejected: bool = False
    """One of the problems keeps it from being published."""


_FIELD_OF = {"permalink": "address"}
_NAMES = frozenset(name.name for name in dataclass_fields(Fields)) - {"given", "extra", "rejected", "items"}


def read(front: FrontMatter, zone: ZoneInfo, *, jekyll: bool = False) -> Fields:
    """Read all keys; what is wrong goes to ``front.problems``."""
    fields = Fields()
    reader = _Reader(front, zone, fields.given)
    for key in front.values:
        if keys.canonical(key) == key:
            fields.given.add(keys.group_of(key))
    if not front.values:
        return fields
    fields.title = reader.text("title")
    fields.date = reader.date("date", rejects=True)
    fields.updated = reader.date("updated")
    fields.expires = reader.date("expires", rejects=True)
    fields.id = reader.text("id")
    fields.slug = reader.slug()
    fields.address = reader.address()
    fields.aliases = reader.aliases()
    fields.draft = reader.draft()
    fields.tags = reader.tags(by_space=jekyll or "layout" in front.values)
    fields.authors = reader.authors()
    fields.language = reader.language()
    fields.summary = _plain(reader.text("summary"))
    fields.via = reader.via()
    fields.lists = keys.names(reader.value("lists"))
    fields.mail = reader.truth("mail")
    fields.correction = reader.text("correction")
    fields.items = reader.items()
    reader.unknown(fields)
    fields.rejected = any(problem.rejects for problem in front.problems)
    return fields


def merge(shared: Fields, own: Fields) -> Fields:
    """The fields of an item: its own where it has them, else those of its page."""
    changes: dict[str, Any] = {name: getattr(own, name) for group in own.given if (name := _FIELD_OF.get(group, group))}
    if "tags" in own.given or "categories" in own.given:
        changes["tags"] = tuple(dict.fromkeys(shared.tags + own.tags))
    known = {name: value for name, value in changes.items() if name in _NAMES}
    return replace(shared, **known, extra={**shared.extra, **own.extra})


def is_of(key: str, group: str) -> bool:
    """Whether a key belongs to a group."""
    return keys.canonical(key) == key and keys.group_of(key) == group


@dataclass(slots=True)
class _Reader:
    front: FrontMatter
    zone: ZoneInfo
    given: set[str]

    def key(self, group: str, usable: Callable[[object], bool] = lambda value: value is not None) -> str:
        """The first spelling of a group that holds something usable."""
        if group not in self.given:
            return ""
        values = self.front.values
        return next((k for k in keys.GROUPS[group] if k in values and usable(values[k])), "")

    def value(self, group: str) -> object:
        key = self.key(group)
        return self.front.values[key] if key else None

    def text(self, group: str) -> str:
        key = self.key(group)
        if not key:
            return ""
        text = keys.text_of(self.front.values[key])
        if text is None:
            self.front.tell(key, f"`{self.shown(key)}` must be text", "write it as one line of text", mark=key)
        return text or ""

    def shown(self, key: str) -> str:
        return self.front.written.get(key, _SHOWN.get(key, key))

    def date(self, group: str, *, rejects: bool = False) -> Moment | None:
        key = self.key(group, lambda v: v not in (None, "") and keys.truth(v) is None)
        if not key:
            return None
        value = self.front.values[key]
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        try:
            return dates.from_value(value, self.zone)
        except dates.DateError as error:
            if not rejects and error.message.startswith("not a year: 0001"):
                return None  # Go's way to say "never"
            mark = error.mark or str(self.front.values[key])
            self.front.tell(key, error.message, error.hint, mark=mark, rejects=rejects)
        return None

    def slug(self) -> str:
        text = self.text("slug")
        if text and ("/" in text or places.leaves(text) or not links.slugify(text)):
            use = links.slugify(text)
            hint = f"it is taken as {use}" if use else "use letters, digits and -"
            self.front.tell("slug", f"a slug is one readable part of an address: {text}", hint, mark=text)
        return links.slugify(text)

    def address(self) -> str:
        key = self.key("permalink")
        text = self.text("permalink")
        if not text or places.is_style(text):
            return ""
        if key == "abbrlink":
            return f"/posts/{text}/"
        if places.leaves(text):
            self.front.tell(key, f"an address outside the site: {text}", "begin it with / and leave out ..", mark=text)
            return ""
        if places.too_long(text):
            self._tell_long(key, text)
            return ""
        return text if text.startswith(":") else places.permalink(text)

    def aliases(self) -> tuple[str, ...]:
        given = keys.names(self.value("aliases"))
        for text in given:
            if places.leaves(text):
                key = self.key("aliases")
                self.front.tell(key, f"an address outside the site: {text}", "leave out ..", mark=text)
            elif places.too_long(text):
                self._tell_long(self.key("aliases"), text)
        return tuple(places.permalink(text) for text in given if not places.leaves(text) and not places.too_long(text))

    def _tell_long(self, key: str, text: str) -> None:
        hint = f"use at most {places.LONGEST}, and at most {places.DEEPEST} parts"
        self.front.tell(key, f"an address of {len(text)} characters", hint)

    def draft(self) -> bool:
        values = self.front.values
        status = (keys.text_of(values.get("status")) or "").lower()
        if status in _HELD_BACK or keys.truth(values.get("published")) is False:
            return True
        if any(keys.truth(values.get(key)) for key in _HIDES) or self.protected():
            return True
        if "draft" not in values:
            return False
        draft = keys.truth(values["draft"])
        if draft is None:
            given = keys.text_of(values["draft"]) or ""
            message = f"`draft` is neither true nor false: {given or 'nothing'}"
            self.front.tell("draft", message, "write draft: true or draft: false", mark=given, rejects=True)
        return draft is not False

    def protected(self) -> bool:
        """Whether a password guards it (hexo-blog-encrypt): published, everybody could read it."""
        if not keys.text_of(self.front.values.get("password")):
            return False
        message = "it has a `password`, which feeds cannot ask for, so it stays unpublished"
        self.front.tell("password", message, "remove `password` to publish it for everybody", mark="password")
        return True

    def truth(self, group: str) -> bool | None:
        key = self.key(group)
        if not key:
            return None
        value = keys.truth(self.front.values[key])
        if value is None:
            given = keys.text_of(self.front.values[key]) or ""
            message = f"`{group}` is neither true nor false: {given}"
            self.front.tell(key, message, f"write {group}: true or {group}: false", mark=given)
        return value

    def tags(self, *, by_space: bool) -> tuple[str, ...]:
        found: list[str] = []
        for group in ("tags", "categories"):
            key = self.key(group)
            many = by_space and key in {"tags", "categories"}
            found += keys.names(self.front.values[key], by_space=many) if key else ()
        return self.few("tags", tuple(dict.fromkeys(found)))

    def authors(self) -> tuple[str, ...]:
        key = self.key("authors")
        return self.few("authors", keys.names(self.front.values[key], whole=key == "author")) if key else ()

    def few(self, group: str, names: tuple[str, ...]) -> tuple[str, ...]:
        """Each name gets a page and feeds of its own, so that a slip of the pen must not make thousands."""
        if len(names) > MOST_NAMES:
            key = self.key(group) or self.key("categories")
            self.front.tell(key, f"{len(names)} {group}", f"the first {MOST_NAMES} count; keep those that matter")
        return names[:MOST_NAMES]

    def language(self) -> str:
        text = self.text("language")
        tag = keys.language_tag(text)
        if text and not tag:
            key = self.key("language")
            self.front.tell(key, f"not a language: {text}", "write it as zh-CN or en", mark=text)
        return tag

    def items(self) -> str:
        text = self.text("items").lower()
        if text and text not in {"h2", "h3", "none"}:
            self.front.tell("items", f"`items` is h2, h3 or none: {text}", "write items: h2", mark=text)
            return ""
        return text

    def via(self) -> tuple[Via, ...]:
        key = self.key("via")
        if not key:
            return ()
        value = self.front.values[key]
        made = [_via(item) for item in (value if isinstance(value, list) else [value])]
        if key == "via" and not all(made):
            given = keys.text_of(value) or ""
            self.front.tell(key, f"`via` needs an address: {given}", "write via: https://…", mark=given)
        return tuple({via.url: via for via in made if via}.values())

    def unknown(self, fields: Fields) -> None:
        for key, value in self.front.values.items():
            if keys.canonical(key) == key:
                if keys.group_of(key) in {"via", "status"} and not fields.via:
                    fields.extra[key] = keys.plain_value(value)
                continue
            fields.extra[key] = keys.plain_value(value)
            known = keys.near_miss(key)
            if known and keys.group_of(known) not in fields.given:
                hint = f"did you mean `{_SHOWN.get(known, known)}`?"
                self.front.tell(key, f"unknown key `{key}`", hint, mark=key)


def _plain(text: str) -> str:
    """Without the Markdown, tags and entities that other generators render in a summary."""
    from feeder.reading.markdown import plain

    return plain(text) if _MARKED.search(text) else text


def _via(value: object) -> Via | None:
    if isinstance(value, Mapping):
        url = keys.text_of(value.get("url") or value.get("link") or value.get("href")) or ""
        title = keys.text_of(value.get("title") or value.get("name")) or ""
        return Via(links.iri(url), title) if url.startswith(("http://", "https://")) else None
    text = keys.text_of(value) or ""
    match = _MARKDOWN_LINK.search(text)
    if match:
        return Via(links.iri(match[2]), match[1].strip())
    address = re.search(r"https?://[^\s<>]+", text)
    if not address:
        return None
    title = (text[: address.start()] + text[address.end() :]).strip(" <>()（）:：,，|-")
    return Via(links.iri(address[0].rstrip(")）")), title)
