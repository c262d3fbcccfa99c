"""Rules on JSON Feed 1.1 documents."""

from __future__ import annotations

import json
from typing import Any

from feeder.feeds.lint import content
from feeder.feeds.lint.findings import Findings

_VERSION = "https://jsonfeed.org/version/1.1"
_FEED_NAMES = """
    version title home_page_url feed_url description user_comment next_url icon favicon authors language expired
    hubs items
"""
_ITEM_NAMES = """
    id url external_url title content_html content_text summary image banner_image date_published date_modified
    authors tags language attachments
"""
_FEED_KEYS = frozenset(_FEED_NAMES.split())
_ITEM_KEYS = frozenset(_ITEM_NAMES.split())
_FEED_URLS = ("home_page_url", "feed_url", "next_url", "icon", "favicon")
_ITEM_URLS = ("url", "external_url", "image", "banner_image")


def lint(body: bytes, findings: Findings) -> None:
    """A whole feed document."""
    try:
        feed = json.loads(body)
    except ValueError as error:
        findings.add(f"no JSON: {error}", "JSON Feed is UTF-8 JSON")
        return
    if not isinstance(feed, dict):
        findings.add("no JSON object", "JSON Feed is one object")
        return
    _head(feed, findings)
    items = feed.get("items")
    if not isinstance(items, list):
        findings.add("no items", "JSON Feed demands the list, even an empty one")
        return
    for item in items:
        _item(item, findings)
    ids = [(str(item.get("id", "")), 0) for item in items if isinstance(item, dict)]
    findings.unique(ids, "id", "give each entry its own `id`")


def _keys(owner: dict[str, Any], known: frozenset[str], findings: Findings) -> None:
    for key, value in owner.items():
        if key.startswith("_"):
            if not isinstance(value, dict) or "." in key:
                findings.add(f"the extension {key} is no object", "an extension is an object, without dots in its name")
        elif key == "author":
            findings.add("author is of JSON Feed 1.0", "write authors")
        elif key not in known:
            findings.add(f"unknown key {key}", "own keys begin with _")


def _head(feed: dict[str, Any], findings: Findings) -> None:
    _keys(feed, _FEED_KEYS, findings)
    if feed.get("version") != _VERSION:
        findings.add(f"version {feed.get('version')}", f"write {_VERSION}")
    findings.filled(str(feed.get("title", "")), "title")
    _common(feed, _FEED_URLS, findings)
    if "feed_url" not in feed:
        findings.add("no feed_url", "write the address of the feed itself")
    if feed.get("next_url") and feed["next_url"] == feed.get("feed_url"):
        findings.add("next_url is the feed itself", "a reader would walk in a circle")
    for hub in feed.get("hubs", ()):
        if not isinstance(hub, dict) or not hub.get("type") or not hub.get("url"):
            findings.add("a hub without type or url", "write both")


def _common(owner: dict[str, Any], urls: tuple[str, ...], findings: Findings) -> None:
    """What a feed and its items have in common."""
    for key in urls:
        if key in owner:
            findings.uri(str(owner[key]), key)
    if "language" in owner:
        findings.language(str(owner["language"]), known=False)
    for key in ("title", "summary", "description"):
        findings.characters(str(owner.get(key, "")), key)
    for author in owner.get("authors", ()):
        if not isinstance(author, dict) or not (author.get("name") or author.get("url") or author.get("avatar")):
            findings.add("an author without name, url and avatar", "write one of them")


def _item(item: object, findings: Findings) -> None:
    if not isinstance(item, dict):
        findings.add("an item is no object", "items is a list of objects")
        return
    _keys(item, _ITEM_KEYS, findings)
    if not isinstance(item.get("id"), str) or not item["id"]:
        findings.add("an item without id", "the id is a string that is not empty")
    if "content_html" not in item and "content_text" not in item:
        findings.add(f"no content in {item.get('id')}", "an item has content_html or content_text")
    _common(item, _ITEM_URLS, findings)
    if isinstance(item.get("content_html"), str):
        content.lint(item["content_html"], findings)
    _dates(item, findings)
    tags = item.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) and tag for tag in tags):
        findings.add(f"tags of {item.get('id')} are no strings", "tags is a list of strings")
    for attachment in item.get("attachments", ()):
        _attachment(attachment, findings)


def _dates(item: dict[str, Any], findings: Findings) -> None:
    published, updated = (
        findings.rfc3339(str(item[key]), key) if key in item else None for key in ("date_published", "date_modified")
    )
    findings.order(published, updated)


def _attachment(attachment: object, findings: Findings) -> None:
    if not isinstance(attachment, dict):
        findings.add("an attachment is no object", "attachments is a list of objects")
        return
    findings.uri(str(attachment.get("url", "")), "the url of an attachment")
    findings.media_type(str(attachment.get("mime_type", "")), "the mime_type of an attachment")
    for key in ("size_in_bytes", "duration_in_seconds"):
        if key in attachment and (not isinstance(attachment[key], int | float) or attachment[key] <= 0):
            findings.add(f"{key} is {attachment[key]}", "write a number above 0, or leave it out")
