"""Moving the publication to another address, with ids and feeds that stay the same."""

from __future__ import annotations

import os
import re
from datetime import datetime

from feeder import config, pipeline
from feeder.config import Settings
from feeder.errors import SettingsError
from feeder.pipeline import Options, Report

_SITE = re.compile(r"^\s*\[\s*site\s*\]\s*(#.*)?$", re.MULTILINE)
_TABLE = re.compile(r"^\s*\[", re.MULTILINE)
_URL = re.compile(r"""^(\s*url\s*=\s*)(?:"[^"\n]*"|'[^'\n]*')""", re.MULTILINE)


def move(settings: Settings, now: datetime, url: str) -> Report:
    """Publish everything under ``url`` from now on; ids, dates and feeds stay, so no reader sees an entry twice.

    The authority of the ids is fixed first, then ``[site] url`` in feeder.toml is rewritten, and nothing else of it.
    Raises ``SettingsError`` when that line cannot be found.
    """
    # One run under the old address settles what is not published yet, and with it the authority of the ids.
    pipeline.publish(settings, now, Options(mail=False))
    path = os.path.join(str(settings.root), config.FILE)
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    with open(path + ".new", "w", encoding="utf-8", newline="") as file:
        file.write(with_url(text, url))
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)
    return pipeline.publish(config.load(settings.root), now, Options(mail=False))


def with_url(text: str, url: str) -> str:
    """The settings' text with another ``[site] url``."""
    site = _SITE.search(text)
    if site is not None:
        behind = _TABLE.search(text, site.end())
        end = behind.start() if behind else len(text)
        table, count = _URL.subn(lambda match: f'{match[1]}"{url}"', text[site.end() : end], count=1)
        if count:
            return text[: site.end()] + table + text[end:]
    raise SettingsError(
        "feeder.toml: there is no line `url = …` under [site]", hint=f'write url = "{url}" there yourself'
    )


def redirects(old: str, new: str) -> list[str]:
    """What the old address's web server must be told: lines for nginx and for Caddy."""
    host, _, path = old.partition("//")[2].rstrip("/").partition("/")
    target = new.rstrip("/")
    if not path:
        return [
            f"nginx, in the server block of {host}:",
            f"    location / {{ return 301 {target}$request_uri; }}",
            "Caddy:",
            f"    {host} {{",
            f"        redir {target}{{uri}} permanent",
            "    }",
        ]
    return [
        f"nginx, in the server block of {host}:",
        f"    location /{path}/ {{ rewrite ^/{re.escape(path)}/(.*)$ {target}/$1 permanent; }}",
        "Caddy:",
        f"    {host} {{",
        f"        handle_path /{path}/* {{",
        f"            redir {target}{{uri}} permanent",
        "        }",
        "    }",
    ]
