"""``feeder convert``: files in other encodings become UTF-8; what they were is kept."""

from __future__ import annotations

import codecs
import os
import tempfile
from pathlib import Path

import click

from feeder.cli.exits import REJECTED
from feeder.cli.options import HELP, in_directory, note, say

KEPT = ".feeder/converted"
"""Where the original files go, under their own paths."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_COMMON = "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长"  # noqa: E501
_TRADITIONAL = "這個來國們為說時會後過學對裡麼還發與間長開無從見經頭動兩新聞產業電腦資訊網路點選應該實現問題"


@click.command(context_settings=HELP)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--from", "encoding", metavar="ENCODING", help="What the files are in; told by their bytes if not given.")
@in_directory
def convert(files: tuple[Path, ...], encoding: str | None, directory: Path) -> int:
    """Rewrite files to UTF-8.

    From GBK, Big5, UTF-16 and others; the originals are kept in .feeder/converted/.
    """
    if encoding is not None and not _known(encoding):
        raise click.BadParameter(f"Python knows no encoding {encoding!r}", param_hint="--from")
    root = directory.absolute()
    failed = False
    for file in files:
        try:
            data = file.read_bytes()
        except OSError as error:
            raise click.FileError(str(file), error.strerror) from None
        found = encoding or guess(data)
        if found == "utf-8":
            say(f"{file}: UTF-8 already")
            continue
        try:
            text = decode(data, found)
        except UnicodeError:
            note(
                f"{file}: not {found or 'in an encoding that its bytes tell'} (name another with `--from`, as gb18030)"
            )
            failed = True
            continue
        kept = keep(root, file, data)
        replace(file, text.encode())
        say(f"{file}: {found} -> UTF-8, the original is {os.path.relpath(kept, root)}")
    return REJECTED if failed else 0


def guess(data: bytes) -> str:
    """The encoding of ``data`` as its bytes tell it: ``utf-8``, ``utf-16``, ``gb18030``, ``big5``; empty for none."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return "utf-8" if name == "utf-8-sig" and _decodes(data, name) else name
    if b"\0" not in data and _decodes(data, "utf-8"):
        return "utf-8"
    if data.count(0) > len(data) // 4:
        wide = "utf-16-le" if data[1::2].count(0) >= data[0::2].count(0) else "utf-16-be"
        return wide if _decodes(data, wide) else ""
    best = max(
        ("gb18030", "big5hkscs", "utf-16-le", "utf-16-be", "shift_jis", "euc_kr"), key=lambda name: _score(data, name)
    )
    if _score(data, best) > 0:
        return best
    return "gb18030" if _decodes(data, "gb18030") else "cp1252" if _decodes(data, "cp1252") else ""


def decode(data: bytes, encoding: str) -> str:
    """``data`` as text; raises ``UnicodeError`` where it is not in that encoding."""
    if not encoding:
        raise UnicodeError("no encoding fits")
    return data.decode(encoding).removeprefix("\ufeff")


def keep(root: Path, file: Path, data: bytes) -> Path:
    """A copy of the original, under a name nothing has yet."""
    try:
        below = file.resolve().relative_to(root.resolve())
    except ValueError:
        below = Path(file.name)
    target = root / KEPT / below
    target.parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, 10_000):
        name = target if number == 1 else target.with_name(f"{target.name}.{number}")
        try:
            with open(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as copy:
                copy.write(data)
                copy.flush()
                os.fsync(copy.fileno())
        except FileExistsError:
            continue
        return name
    raise click.ClickException(f"too many originals of {file} in {KEPT}")


def replace(file: Path, data: bytes) -> None:
    """Put ``data`` in the file's place, whole or not at all, with the file's permissions."""
    real = file.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
    try:
        with open(handle, "wb") as temporary:
            temporary.write(data)
            temporary.flush()
            os.fsync(temporary.fileno())
        os.chmod(name, real.stat().st_mode & 0o7777)
        os.replace(name, real)
    except BaseException:
        os.unlink(name)
        raise


def _score(data: bytes, encoding: str) -> float:
    """How much of the text is what people write most; below 0 where the bytes cannot be that encoding."""
    try:
        text = data.decode(encoding)
    except UnicodeError:
        return -1.0
    letters = [character for character in text if ord(character) > 127]
    if any("\ue000" <= character <= "\uf8ff" for character in letters):
        return -0.5
    common = sum(
        character in _COMMON or character in _TRADITIONAL or character in "，。、；：“”（）！？《》"
        for character in letters
    )
    kana = sum("\u3040" <= character <= "\u30ff" or "\uac00" <= character <= "\ud7a3" for character in letters)
    ascii_share = (len(text) - len(letters)) / max(1, len(data))
    return (common + kana * 0.5) / max(1, len(letters)) + (0.01 * ascii_share if letters else 0)


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeError:
        return False
    return True


def _known(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding)._is_text_encoding  # bytes-to-bytes codecs are no encodings
    except LookupError:
        return False
