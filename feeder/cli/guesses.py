"""What ``feeder init`` need not ask: name, author, language and zone of whoever calls it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from feeder.config import checks


def title(folder: Path) -> str:
    """The folder's name as a title: ``my-news`` is ``My news``."""
    name = re.sub(r"[-_]+", " ", "".join(filter(str.isprintable, folder.name))).strip()
    return name[:1].upper() + name[1:] if name.isascii() and name.islower() else name or "News"


def author(folder: Path) -> str:
    """The name git knows, else the one the system knows; may be empty."""
    try:
        found = subprocess.run(
            ["git", "config", "user.name"],  # noqa: S607  (whichever git the person uses)
            cwd=folder if folder.is_dir() else None,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
        name = found.stdout.strip()
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        name = ""
    return checks.line(name or _of_system())


def language(environment: Mapping[str, str]) -> str:
    """The language of the locale; English where it says nothing."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"):
        found = checks.guess_language(environment.get(name, "").partition(":")[0])
        if found:
            return found
    return "en"


def timezone(environment: Mapping[str, str], etc: Path = Path("/etc")) -> str:
    """The IANA name of the system's zone; UTC where it has none."""
    candidates = [environment.get("TZ", "").lstrip(":")]
    candidates.append(os.path.realpath(etc / "localtime").partition("zoneinfo/")[2])
    try:
        candidates.append((etc / "timezone").read_text("utf-8", "replace").strip())
    except OSError:
        candidates.append("")
    for name in candidates:
        if name and _is_zone(name):
            return name
    return "UTC"


def _is_zone(name: str) -> bool:
    try:
        checks.zone(name)
    except checks.Wrong:
        return False
    return not name.startswith("/")


def _of_system() -> str:
    import getpass

    try:
        import pwd

        entry = pwd.getpwuid(os.getuid())
    except (ImportError, KeyError):
        try:
            return getpass.getuser()
        except (KeyError, OSError):
            return ""
    full = entry.pw_gecos.partition(",")[0].strip()
    return "" if entry.pw_name == "root" else full or entry.pw_name
