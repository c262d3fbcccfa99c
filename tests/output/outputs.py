"""What the tests of the output share: settings, documents, a publish, and looking at what came of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from feeder import config
from feeder.config import Settings, Site
from feeder.model import Document, Stage
from feeder.output import Written, open_output, served

LAYOUTS = ("files", "generations")


def settings(root: Path, **output: object) -> Settings:
    return Settings(
        root=root,
        site=Site(title="t", url="https://news.example.org/"),
        output=config.Output(**output),  # type: ignore[arg-type]
    )


def page(path: str, body: str | bytes) -> Document:
    return Document(path, "text/html", body.encode() if isinstance(body, str) else body, Stage.PAGE)


def feed(body: str | bytes, path: str = "feed.atom") -> Document:
    return Document(path, "application/atom+xml", body.encode() if isinstance(body, str) else body, Stage.FEED)


def publish(of: Settings, documents: Iterable[Document], delete: Iterable[str] = ()) -> Written:
    """One run, as the pipeline does it."""
    output = open_output(of)
    try:
        staged = [item for document in documents if (item := output.stage(document))]
        return output.publish(staged, delete)
    finally:
        output.discard()


def site(entries: Mapping[str, str]) -> list[Document]:
    """Pages, an index, and a feed that names every page with the text it has."""
    pages = [page(f"2024/{name}/index.html", f"{text}\n" * 400 + "end") for name, text in entries.items()]
    listing = "".join(f"2024/{name}/index.html\n" for name in entries)
    index = Document("index.html", "text/html", (listing + "end").encode(), Stage.INDEX)
    # The feed first: its place in the list must not matter.
    return [feed(listing * 30 + "end"), index, *pages]


def public(of: Settings) -> dict[str, bytes]:
    """Every file that is served."""
    top = served(of)
    return {
        str(Path(folder, name).relative_to(top)): Path(folder, name).read_bytes()
        for folder, _, names in os.walk(top)
        for name in names
        if ".staging" not in Path(folder).relative_to(top).parts
    }


def mtimes(of: Settings) -> dict[str, int]:
    top = served(of)
    return {path: os.stat(top / path).st_mtime_ns for path in public(of)}
