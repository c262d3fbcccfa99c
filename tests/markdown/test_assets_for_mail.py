"""Mail gets JPEG or PNG: beside a WebP or AVIF picture lies a JPEG, where there are lists."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image
from support import Publication

from feeder.model import Asset
from feeder.reading import assets

LISTS = '[[lists]]\nname = "weekly"\n'


def drawn(kind: str, size: tuple[int, int] = (1400, 700)) -> bytes:
    body = io.BytesIO()
    Image.new("RGBA", size, (200, 30, 30, 0)).save(body, kind)
    return body.getvalue()


@pytest.mark.parametrize("kind", ["webp", "avif"])
def test_a_jpeg_lies_beside_a_picture_of_a_new_kind(kind: str, publication: Publication) -> None:
    publication.configure(LISTS)
    publication.write(f"entries/board.{kind}", drawn(kind))
    publication.entry("a", f"![板卡](board.{kind})\n", title="甲", date="2026-11-20")
    publication.run()
    (picture,) = publication.out.glob(f"assets/*.{kind}")
    copy = Path(f"{picture}.jpg")
    with Image.open(copy) as image:
        assert (image.format, image.size) == ("JPEG", (1072, 536))
        assert min(image.getpixel((5, 5))) > 250, "what lets light through is white"  # type: ignore[type-var]
    before = publication.tree()
    publication.run(force=True)
    assert publication.tree() == before
    publication.write("entries/a.md", "---\ntitle: 甲\ndate: 2026-11-20\n---\n不再有图。\n")
    publication.run()
    assert not picture.exists()
    assert not copy.exists()


def test_without_lists_there_is_none(publication: Publication) -> None:
    publication.write("entries/board.webp", drawn("webp"))
    publication.entry("a", "![板卡](board.webp)\n", title="甲", date="2026-11-20")
    publication.run()
    assert list(publication.out.glob("assets/*.webp"))
    assert not list(publication.out.glob("assets/*.webp.jpg"))
    publication.configure(LISTS)
    publication.run()
    assert list(publication.out.glob("assets/*.webp.jpg"))


def test_other_files_have_none() -> None:
    assert assets.for_mail(Asset("a.png", "assets/a.1.png")) is None
    assert assets.for_mail(Asset("a.webp", "assets/a.1.webp")) == Asset("a.webp", "assets/a.1.webp.jpg")


def test_a_damaged_source_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.webp").write_bytes(b"RIFF")
    with pytest.raises(OSError, match=r"a\.webp"):
        assets.produce(str(tmp_path), Asset("a.webp", "assets/a.1.webp.jpg"))
