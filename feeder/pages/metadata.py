"""What a page says to machines about an entry: schema.org's NewsArticle as JSON-LD."""

from __future__ import annotations

from json import JSONEncoder

from markupsafe import Markup

from feeder.model import PublicEntry

_encode = JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# In a script element only "</script" and "<!--" mean something (HTML 4.12.1.3); the rest is for old parsers.
_UNSAFE = tuple((char, f"\\u{ord(char):04x}") for char in "<>&\u2028\u2029")


def news_article(entry: PublicEntry, *, published: str, updated: str, publisher: str, icon: str) -> Markup:
    """The JSON of an entry, safe inside a ``script`` element; times as RFC 3339 text."""
    organization = {"@type": "Organization", "name": publisher, "logo": {"@type": "ImageObject", "url": icon}}
    article: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": entry.title,
        "url": entry.url,
        "mainEntityOfPage": entry.url,
        "datePublished": published,
        "dateModified": updated,
        "inLanguage": entry.language,
        "publisher": organization,
        "author": [{"@type": "Person", "name": name} for name in entry.authors] or organization,
    }
    optional = {
        "description": entry.summary,
        "image": entry.cover.url if entry.cover else "",
        "keywords": list(entry.tags),
        "isBasedOn": [via.url for via in entry.via],
        "correction": entry.correction,
    }
    article.update((key, value) for key, value in optional.items() if value)
    text = _encode(article)
    for char, escaped in _UNSAFE:
        text = text.replace(char, escaped)
    return Markup(text)  # noqa: S704  escaped for its place, which autoescape is not
