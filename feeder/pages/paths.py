"""Where each page stands in ``out/``, and the way from one page to another."""

from __future__ import annotations

from feeder import catalog, links


def label(kind: str, name: str) -> str:
    """The folder of a tag's, author's or language's pages and feeds: ``tags/芯片``."""
    return catalog.folder(kind, links.segment(name))


def label_page(kind: str, name: str, page: int) -> str:
    """The front page of a label (page 0), or one of its older pages (1 is the oldest)."""
    folder = label(kind, name)
    return f"{folder}/page/{page}/index.html" if page else f"{folder}/index.html"


def year(number: int) -> str:
    """The archive page of a year."""
    return f"archive/{number:04}/index.html"


def month(year_number: int, number: int) -> str:
    """The archive page of a month."""
    return f"archive/{year_number:04}/{number:02}/index.html"


def root(path: str) -> str:
    """The relative way from a page to the top of ``out/``: ``./`` or ``../../``."""
    return "../" * path.count("/") or "./"


def href(top: str, path: str) -> str:
    """The address of a path in ``out/`` for a link, given the way to the top of ``out/``."""
    if path == "index.html" or path.endswith("/index.html"):
        path = path[: -len("index.html")]
    return top + links.encode(path)
