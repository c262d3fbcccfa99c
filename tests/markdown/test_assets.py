"""Files that entries use: found, never outside, made fit to publish, the same bytes each time."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from feeder.reading import assets
from feeder.reading.markdown import render
from feeder.reading.media import media_type
from feeder.reading.pictures import PictureError, prepare


def picture(kind: str, size: tuple[int, int] = (40, 30), **more: object) -> bytes:
    out = io.BytesIO()
    image = Image.new("RGB", size, "red")
    image.paste("blue", (0, 0, size[0] // 2, size[1] // 2))
    image.save(out, kind, **more)
    return out.getvalue()


def exif(orientation: int = 1) -> Image.Exif:
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010E] = "SECRET-PLACE"
    data.get_ifd(0x8825)[1] = "N"
    return data


def put(root: Path, place: str, body: bytes) -> None:
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    (root / place).write_bytes(body)


@pytest.mark.parametrize(
    ("place", "reference"),
    [
        ("entries/2024/a.png", "a.png"),
        ("entries/2024/a.png", "./a.png?v=1#x"),
        ("entries/2024/x/a.png", "a.png"),
        ("images/a.png", "../../images/a.png"),
        ("static/images/a.png", "/images/a.png"),
        ("static/images/a.png", "../images/a.png"),
        ("source/a b.png", "/a%20b.png"),
        ("public/图.PNG", "/图.PNG"),
        ("assets/a.mp3", "/assets/a.mp3"),
    ],
)
def test_where_files_are(tmp_path: Path, place: str, reference: str) -> None:
    put(tmp_path, place, b"x")
    assert assets.find(str(tmp_path), "entries/2024/x.md", reference) == place


def test_the_nearest_comes_first(tmp_path: Path) -> None:
    for place in ("a.png", "public/a.png", "static/a.png", "entries/a.png"):
        put(tmp_path, place, b"x")
        assert assets.find(str(tmp_path), "entries/x.md", "a.png") == place


@given(st.text(max_size=60))
def test_no_reference_leaves_the_publication(reference: str) -> None:
    for place in assets.candidates("entries/2024/x.md", reference + ".png"):
        assert not place.startswith(("/", "."))
        assert ".." not in place.split("/")


def test_links_out_of_the_publication_and_hidden_files_are_not_found(tmp_path: Path) -> None:
    root = tmp_path / "p"
    put(tmp_path, "secret.png", b"x")
    put(root, ".git/a.png", b"x")
    put(root, "entries/page.html", b"x")
    os.symlink(tmp_path / "secret.png", root / "entries/a.png")
    os.symlink(root / "entries/b.png", root / "entries/b.png")
    for reference in ("a.png", "b.png", "../.git/a.png", "page.html", "../../secret.png"):
        assert assets.find(str(root), "entries/x.md", reference) is None


@pytest.mark.parametrize("place", ["feeder.toml", "secrets/dkim.pem", ".feeder/mail.db", ".feeder/backup.zip"])
def test_a_link_to_what_is_no_asset_is_none(tmp_path: Path, place: str) -> None:
    for name in ("static/a.zip", "static/b.zip", place):
        (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_bytes(b"secret")
    (tmp_path / "static/b.zip").write_bytes(b"PK")
    os.symlink(f"../{place}", tmp_path / "static/a.zip")
    os.symlink("b.zip", tmp_path / "static/c.zip")
    assert assets.find(str(tmp_path), "entries/x.md", "a.zip") is None
    assert assets.find(str(tmp_path), "entries/x.md", "c.zip") == "static/c.zip"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_places_and_names_are_taken_out(kind: str) -> None:
    body = picture(kind, exif=exif())
    assert b"SECRET-PLACE" in body
    result = prepare(f"a.{kind.lower()}", body)
    assert b"SECRET-PLACE" not in result.body
    with Image.open(io.BytesIO(result.body)) as image, Image.open(io.BytesIO(body)) as before:
        assert not image.getexif()
        assert image.tobytes() == before.tobytes(), "nothing was lost"
    assert (result.width, result.height) == (40, 30)


def test_wide_and_turned_pictures() -> None:
    wide = prepare("a.jpg", picture("JPEG", (3200, 100), exif=exif()))
    assert (wide.width, wide.height) == (1600, 50)
    assert b"SECRET-PLACE" not in wide.body
    turned = prepare("a.jpg", picture("JPEG", exif=exif(6)))
    assert (turned.width, turned.height) == (30, 40)
    assert wide.body == prepare("a.jpg", picture("JPEG", (3200, 100), exif=exif())).body


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
@pytest.mark.parametrize("width", [20, 2000])
def test_any_colours(mode: str, width: int) -> None:
    out = io.BytesIO()
    kind = "TIFF" if mode == "CMYK" else "PNG"
    Image.new(mode, (width, 20)).save(out, kind)
    assert prepare("a.png", out.getvalue()).width == min(width, 1600)


def test_animations_stay() -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    result = prepare("a.gif", out.getvalue())
    assert result.body == out.getvalue()


def bomb() -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("a.png", b"", "not a picture"),
        ("a.png", b"GIF89a", "not a picture|damaged"),
        ("a.jpg", picture("JPEG", (400, 400))[:600], "damaged"),
        ("a.png", picture("PNG", (400, 400))[:150], "damaged"),
        ("a.png", bomb(), "pixels"),
        ("a.heic", b"x", "HEIC"),
        ("a.jpg", b"\0\0\0\x18ftypheic", "HEIC"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "<script>"),
        ("a.svg", b"<svg onload='x()'/>", "onload"),
        ("a.svg", b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg>&a;</svg>", "entities"),
        ("a.svg", b"<svg xmlns:x='http://www.w3.org/1999/xlink'><image x:href='http://e.org/a.png'/></svg>", "fetches"),
        ("a.svg", b"<svg><a href='javascript:x()'/></svg>", "fetches"),
        ("a.svg", b"<svg><style>@import 'x';</style></svg>", "fetches"),
        ("a.svg", b"<svg><rect fill='url(http://e.org/)'/></svg>", "fetches"),
        ("a.svg", b"<svg><foreignObject/></svg>", "<foreignobject>"),
        ("a.svg", b"<svg><set attributeName='href' to='javascript:x()'/></svg>", "changes"),
        ("a.svg", b"<?xml-stylesheet href='x'?><svg/>", "xml-stylesheet"),
        ("a.svg", b"<svg>", "well-formed"),
        ("a.svg", b"<html/>", "not an SVG"),
    ],
)
def test_what_cannot_be_published(name: str, body: bytes, words: str) -> None:
    with pytest.raises(PictureError, match=words) as error:
        prepare(name, body)
    assert error.value.hint


def test_a_drawing_goes_out_as_it_is() -> None:
    body = b"<svg viewBox='0 0 24 12'><style>a{fill:url(#b)}</style><path fill='url(#g)'/></svg>"
    result = prepare("a.svg", body)
    assert (result.body, result.width, result.height) == (body, 24, 12)


@given(st.binary(max_size=400), st.sampled_from([".png", ".jpg", ".gif", ".webp", ".svg", ".avif", ".tiff"]))
def test_any_bytes_are_a_picture_or_a_problem(body: bytes, ending: str) -> None:
    heads = {
        ".png": picture("PNG")[:60],
        ".jpg": picture("JPEG")[:200],
        ".gif": b"GIF89a",
        ".webp": picture("WEBP")[:40],
    }
    for head in (b"", heads.get(ending, b"")):
        with contextlib.suppress(PictureError):
            prepare("a" + ending, head + body)


def test_a_second_run_needs_no_pillow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "entries/图 片.jpg", picture("JPEG", exif=exif()))
    root = str(tmp_path)
    first = assets.prepare(root, "entries/图 片.jpg")
    assert first.asset.path.startswith("assets/图-片.")
    assert first.asset.path.endswith(".jpg")
    body = Path(assets.produce(root, first.asset)).read_bytes()
    assert first.length == len(body)
    monkeypatch.setattr("feeder.reading.pictures.prepare", lambda *_: pytest.fail("read again"))
    assert assets.prepare(root, "entries/图 片.jpg") == first
    monkeypatch.undo()
    shutil.rmtree(tmp_path / ".feeder")
    assert Path(assets.produce(root, first.asset)).read_bytes() == body, "made again"
    put(tmp_path, "entries/图 片.jpg", picture("JPEG", (50, 30)))
    assert assets.prepare(root, "entries/图 片.jpg").asset.path != first.asset.path


def test_a_damaged_note_is_made_again(tmp_path: Path) -> None:
    put(tmp_path, "entries/a.png", picture("PNG"))
    first = assets.prepare(str(tmp_path), "entries/a.png")
    for note in (tmp_path / ".feeder/assets").glob("*.json"):
        note.write_text('[1, {"asset": 3}]', "utf-8")
    assert assets.prepare(str(tmp_path), "entries/a.png") == first


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    put(tmp_path, "entries/a.jpg", picture("JPEG", exif=exif()))
    store = assets.AssetStore(str(tmp_path), keep=False)
    assert store.prepare("entries/a.jpg").asset.path
    assert not (tmp_path / ".feeder").exists()


def test_sound_and_papers_go_out_as_they_are(tmp_path: Path) -> None:
    put(tmp_path, "entries/a.mp3", b"sound")
    put(tmp_path, "entries/b.pdf", b"%PDF")
    rendered = render("[听](a.mp3) ![听](a.mp3) [读](b.pdf)", path="entries/x.md", root=str(tmp_path))
    assert [asset.source for asset in rendered.assets] == ["entries/a.mp3", "entries/b.pdf"]
    for asset in rendered.assets:
        assert assets.produce(str(tmp_path), asset) == f"{tmp_path}/{asset.source}"
    assert '<audio src="feeder:/asset/assets/a.' in rendered.html
    enclosure, _ = assets.enclosure(assets.AssetStore(str(tmp_path)), "entries/x.md", "a.mp3")
    assert enclosure is not None
    assert (enclosure.media_type, enclosure.length) == ("audio/mpeg", 5)
    assert media_type("https://e.org/a.M4A?x=1") == "audio/mp4"


def test_pictures_in_a_text(tmp_path: Path) -> None:
    put(tmp_path, "entries/a.png", picture("PNG"))
    put(tmp_path, "entries/bad.png", b"x")
    text = '![甲](a.png "题")\n\n<img src="a.png" alt="乙" width="9"> <img src="a.png">\n\n![坏](bad.png)'
    rendered = render(text, path="entries/x.md", root=str(tmp_path))
    url = f"feeder:/asset/{rendered.assets[0].path}"
    assert f'<img src="{url}" alt="甲" title="题" width="40" height="30" loading="lazy">' in rendered.html
    assert f'<img src="{url}" alt="乙" width="9" loading="lazy">' in rendered.html
    assert f'<img src="{url}" loading="lazy" width="40" height="30">' in rendered.html
    assert "<p>坏</p>" in rendered.html
    assert [p.place for p in rendered.problems] == ["entries/x.md:5"]
    assert rendered.missing[0].source == "entries/bad.png"
    assert rendered.missing[0].stamp != (0, 0, 0)
    assert rendered.cover is not None
    assert (rendered.cover.width, rendered.cover.alt) == (40, "甲")


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    put(tmp_path, "entries/a.png", picture("PNG"))
    (tmp_path / ".feeder").write_text("a file", "utf-8")
    assert assets.prepare(str(tmp_path), "entries/a.png").asset.path
