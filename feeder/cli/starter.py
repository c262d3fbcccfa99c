"""What ``feeder init`` writes: texts with the guesses filled in."""

from __future__ import annotations

import json
from collections.abc import Mapping

from feeder.cli.terminal import pad

SCHEMA = ".feeder/feeder.schema.json"

SETTINGS = """\
#:schema {schema}
# The settings of this publication. Keys that are commented out show their defaults;
# `feeder config show` prints all of them. Paths are from the folder of this file.

[site]
title = {title}
url = {url}          # the address under which {out}/ is served
language = {language}               # of entries that name none; BCP 47, as zh-CN, en, de-AT
timezone = {timezone}       # of dates without a zone
author = {author}               # of entries that name none
description = ""               # one sentence, the subtitle of the feeds
# email = ""                   # public address of a podcast's owner; Apple's tags need it
# rights = ""                  # copyright or licence notice
# icon = ""                    # a square image
# authority = ""               # of ids: host and year of the first publish with a real url if empty
# icp = ""                     # 备案号, shown in the footer

[entries]
path = {entries}              # Markdown files, at any depth
{permalink}
# page_title = true            # 天数智芯：融资消息, where an item of a news page stands alone
# items = "pages"              # or "anchors": the items of a news page on one page

[feeds]
size = 20                      # entries in a feed
# also = ["index.xml"]         # old addresses of the feed, kept alive
# hub = ""                     # a WebSub hub
# bump = "notable"             # or "any": every edit moves an entry's "updated"

[output]
path = {output}
# layout = "files"             # or "generations": a folder a run, `feeder rollback` flips back
# deploy = ""                  # a command after a change, as "rsync -a --delete out/ host:/srv/www/"
# compress = ["gz"]            # compressed copies beside files of text: "gz", "br"

# [[follow]]                   # the publication's own feed elsewhere, as a source
# feed = "https://blog.example.org/feed.xml"

# Mail: a list and its subscribers. With a list, digests become files in mail/, which reach nobody.
# [[lists]]
# name = "weekly"              # permanent
# title = ""                   # what people call it, the publication's title if empty
# frequency = "weekly"         # or "instant", "daily", "monthly"; hour, weekday and day say when

# An example of what it takes to reach people; the password is given as FEEDER_SMTP_PASSWORD, never here.
# [mail]
# from = {sender}
# postal_address = ""          # in every mail; the law of many countries asks for it
# transport = "smtp"           # "maildir": files only
# [mail.smtp]
# host = "smtp.example.org"
# port = 587
# security = "starttls"
# user = ""
# [web]
# url = ""                     # where the subscription pages answer, as https://subscribe.example.org/
"""

IGNORE = """\
# made by feeder: everything in the output can be made again, but .feeder/history.db holds the
# ids of what was published; back it up, or let `feeder recover` rebuild it from the output.
# .feeder/mail.db holds the subscribers, mail/ the digests that were only tried out
/{out}/
/.feeder/
/mail/
/secrets/
"""

_FIRST = {
    "zh": """\
---
title: 第一条消息
date: {date}
tags: [站务]
---

这里是「{name}」的第一条消息。它是一个 Markdown 文件：改动它，再运行一次 `publish`，订阅的读者就会看到。

<!--more-->

新的消息用 `feeder new "标题"` 开头，或者自己在这个文件夹里建一个 `.md` 文件，写上标题和日期：

```markdown
---
title: 标题
date: 2026-01-31
---

正文。
```
""",
    "en": """\
---
title: First news
date: {date}
tags: [about]
---

This is the first news of “{name}”. It is a Markdown file: edit it, run `publish` again, and subscribers see it.

<!--more-->

Begin the next one with `feeder new "A title"`, or make a `.md` file in this folder yourself, with a title and a date:

```markdown
---
title: A title
date: 2026-01-31
---

Text.
```
""",
}


def settings(values: Mapping[str, str]) -> str:
    """``feeder.toml``; ``values`` by placeholder, unquoted."""
    pattern = values.get("permalink", "")
    line = f"permalink = {_quoted(pattern)}" if pattern else '# permalink = "/{year}/{month}/{slug}/"'
    quoted = {key: _quoted(value) for key, value in values.items()}
    name = (values["author"] or values["title"]).translate({ord("<"): "", ord(">"): ""}).strip()
    sender = _quoted(f"{name} <news@example.org>".strip())
    others = {"schema": SCHEMA, "permalink": line, "out": values["output"], "sender": sender}
    text = SETTINGS.format(**quoted | others)
    return "\n".join(map(_aligned, text.split("\n")))


def ignore(out: str) -> str:
    """``.gitignore``."""
    return IGNORE.format(out=out)


def first_entry(language: str, name: str, date: str) -> str:
    """An entry in the publication's language."""
    return _FIRST["zh" if language.startswith("zh") else "en"].format(name=name, date=date)


def _aligned(line: str) -> str:
    """A comment behind a value begins where the others do, unless the value is too long."""
    value, mark, comment = line.partition("  # ")
    return f"{pad(value.rstrip(), 30)} # {comment.strip()}" if mark else line


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
