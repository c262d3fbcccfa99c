"""What html-validate and caniemail say about every mail, in Chinese and English."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from mail.editions import TEXT, URL, WEEKLY, composer, edition, entry, rich

from feeder.mail.values import Rendered

VALIDATE = os.environ.get("FEEDER_HTML_VALIDATE", "")
CANIEMAIL = os.environ.get("FEEDER_CANIEMAIL", "")
NODE = shutil.which("node")
OLDEST = 18

pytestmark = [pytest.mark.server, pytest.mark.skipif(not NODE, reason="no Node.js on this machine")]

# Outlook lays out with Word, which knows such attributes and comments, and no style sheet.
RULES = {"no-conditional-comment": "off", "no-inline-style": "off"}
LAYOUT = re.compile('Attribute "(align|border|cellpadding|cellspacing|width)" is deprecated')
CLIENTS = ["apple-mail.*", "gmail.*", "outlook.*"]
HARMLESS = {
    "@media": "Outlook on Windows and Gmail's old web pages for phones show the light, wide form",
    "<style> element": "Gmail's old web pages for phones drop it: as above",
    "<body> element": "Outlook on the Mac makes a div of it; the table inside carries the colours",
    "aria-label attribute": "the discontinued Windows Mail does not say that a table is one",
    "display:none": "Gmail's old web pages for phones show the line that lists of mails preview, one pixel high",
    "role attribute": "the discontinued Windows Mail reads the layout's tables out as tables",
    "table-layout": "Outlook on Windows breaks the words of a wide table; others let it scroll",
    "white-space": "Outlook on Windows keeps the lines of code as they are, however long",
    "word-break": "the discontinued Windows Mail lets a very long address stand out",
}
SCRIPT = """
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
const { caniemail } = await import(pathToFileURL(process.argv[2]).href);
const found = [];
for (const path of process.argv.slice(4)) {
  const { issues } = caniemail({ clients: process.argv[3].split(','), html: readFileSync(path, 'utf8') });
  for (const [client, list] of issues.errors) for (const issue of list) found.push([path, client, issue.title]);
}
process.stdout.write(JSON.stringify(found));
"""


def is_old(node: str) -> bool:
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    return int(version.lstrip("v").partition(".")[0]) < OLDEST


@pytest.fixture
def mails(tmp_path: Path) -> list[Path]:
    compose = composer(tmp_path)
    full = edition(
        rich(), rich("en"), *(entry(n, html=TEXT["zh-CN"]) for n in range(3, 6)),
        corrections=(entry(9, correction="是 2 亿元。"),), preface="<p>早。</p>", page_url=f"{URL}digests/weekly/x/",
    )  # fmt: skip
    digest = compose.digest(WEEKLY, full)
    url = "https://subscribe.example.org/confirm/a.b?c=1&d=2"
    made: dict[str, Rendered] = {
        "digest": digest,
        "digest-en": compose.digest(WEEKLY, edition(rich("en"), language="en")),
        "corrections": compose.digest(WEEKLY, edition(corrections=full.corrections)),
        "shrunk": compose.digest(WEEKLY, edition(*(entry(n, html=TEXT["zh-CN"] * 3) for n in range(1, 60)))),
        "proof": compose.proof(digest, "zh-CN", when="10:00", count=1, command="feeder digest cancel weekly"),
        "confirm": compose.notice("confirm", WEEKLY, "zh-CN", url=url),
        "already": compose.notice("already", WEEKLY, "en", url=url),
        "alarm": compose.alarm("gmail", ["<x> & y"], "en"),
    }
    paths = []
    for name, rendered in made.items():
        paths.append(tmp_path / f"{name}.html")
        # The holes are filled as a message fills them.
        html = rendered.html.replace("\x02", "https://subscribe.example.org/").replace("\x03", "/a.b")
        paths[-1].write_text(html, "utf-8")
    return paths


@pytest.mark.skipif(not VALIDATE, reason="FEEDER_HTML_VALIDATE does not name html-validate's program")
def test_html_validate_finds_nothing(mails: list[Path], tmp_path: Path) -> None:
    assert NODE
    if is_old(NODE):
        pytest.skip("html-validate needs a newer Node.js")
    config, report = tmp_path / "rules.json", tmp_path / "report.json"
    config.write_text(json.dumps({"root": True, "extends": ["html-validate:recommended"], "rules": RULES}))
    with report.open("w") as file:
        ran = subprocess.run(
            [VALIDATE, "--config", str(config), "--formatter", "json", *map(str, mails)],
            stdout=file, stderr=subprocess.PIPE, text=True, cwd=tmp_path, timeout=300,
        )  # fmt: skip
    results = json.loads(report.read_text())
    assert len(results) == len(mails), ran.stderr
    found = [
        f"{Path(result['filePath']).name}:{m['line']}: {m['ruleId']}: {m['message']}"
        for result in results
        for m in result["messages"]
        if not LAYOUT.match(m["message"])
    ]
    assert found == [], ran.stderr


@pytest.mark.skipif(not CANIEMAIL, reason="FEEDER_CANIEMAIL does not name caniemail's index.js")
def test_gmail_outlook_and_apple_mail_show_it(mails: list[Path], tmp_path: Path) -> None:
    """What one of them lacks is named above, with what its readers see instead; nothing else is used."""
    assert NODE
    if is_old(NODE):
        pytest.skip("caniemail needs a newer Node.js")
    script = tmp_path / "judge.mjs"
    script.write_text(SCRIPT)
    ran = subprocess.run(
        [NODE, str(script), CANIEMAIL, ",".join(CLIENTS), *map(str, mails)],
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    found = json.loads(ran.stdout)
    assert [one for one in found if one[2] not in HARMLESS] == []
    assert {title for _, _, title in found} == set(HARMLESS), "an exception is no longer needed"
