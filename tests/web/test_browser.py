"""Chromium, with script and without: subscribe, the mail, confirm, choose, leave; and axe-core on every page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from mail.newsdesk import text_of
from mail.postroom import FakeClock
from pages.browser import CHROMIUM, FLAGS
from web.visitors import ENGLISH, House, house

from feeder import pipeline
from feeder.config.secrets import Secrets
from feeder.pipeline import Post

AXE = os.environ.get("FEEDER_AXE", "")

pytestmark = [pytest.mark.server, pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")]
WORDS = {
    "weekly": {"subscribe": "订阅", "confirm": "确认订阅", "save": "保存", "unsubscribe": "退订", "daily": "每天"},
    "chips": {
        "subscribe": "Subscribe", "confirm": "Confirm", "save": "Save", "unsubscribe": "Unsubscribe",
        "daily": "Once a day",
    },
}  # fmt: skip


@pytest.fixture
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, ENGLISH) as made:
        for n, tag in enumerate(["芯片", "融资"]):
            made.desk.entry(f"e{n}", title=f"新闻 {n}", date="2026-11-20", tags=f"[{tag}]")
        made.desk.run()
        yield made


def confirmation(house: House, address: str) -> str:
    """The path of the link in the confirmation that is sent now, into the Maildir."""
    pipeline.deliver(house.settings, house.office.time, Post(FakeClock(house.office.time), Secrets({})))
    (letter,) = [one for one in house.desk.letters() if one["To"] == address]
    found = re.search(r"https://subscribe\.example\.org/confirm/\S+", text_of(letter))
    assert found is not None
    return urlsplit(found[0]).path.lstrip("/")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("name", ["weekly", "chips"])
def test_from_the_form_to_the_farewell(opened: House, browser: Any, name: str, script: bool) -> None:
    words, address, base = WORDS[name], "reader@example.com", opened.serving.url
    context = browser.new_context(java_script_enabled=script, timezone_id="Europe/Berlin")
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith(base) else None)

    page.goto(f"{base}subscribe/{name}")
    opened.office.time += timedelta(seconds=20)
    page.locator("input[type=email]").fill(address)
    zone = page.locator("input[name=zone]")
    assert zone.is_visible() == script
    if script:
        zone.check()
    page.get_by_role("button", name=words["subscribe"], exact=True).click()
    assert address in page.inner_text("main")
    assert opened.state(address, name) == "pending"

    page.goto(base + confirmation(opened, address))
    assert opened.state(address, name) == "pending"
    page.get_by_role("button", name=words["confirm"], exact=True).click()
    assert opened.state(address, name) == "active"

    page.locator(".ways a").click()
    page.get_by_label("21:00").or_(page.locator("select[name=hour]")).first.select_option("21")
    page.get_by_label("芯片").check()
    page.get_by_role("button", name=words["save"], exact=True).click()
    assert page.locator("[role=status]").count() == 1
    person = opened.person(address)
    assert person is not None
    choice = person.subscriptions[0].choice
    assert (choice.hour, choice.tags, choice.timezone) == (21, ("芯片",), "Europe/Berlin" if script else "")

    page.goto(f"{base}unsubscribe/{opened.token('unsubscribe', address, name)}")
    page.get_by_role("button", name=words["unsubscribe"], exact=True).click()
    assert opened.state(address, name) == "ended"
    assert said == [], "no page complains, and nobody else is asked for anything"
    assert context.cookies() == []
    context.close()


def test_the_zone_of_the_device_can_be_chosen(opened: House, browser: Any) -> None:
    opened.join()
    page = browser.new_page(timezone_id="America/New_York")
    page.goto(f"{opened.serving.url}preferences/{opened.token('preferences')}")
    page.get_by_role("button", name="改用本机时区：America/New_York").click()
    page.get_by_role("button", name="保存").click()
    person = opened.person()
    assert person is not None
    assert person.subscriptions[0].choice.timezone == "America/New_York"
    page.close()


def paths(house: House) -> list[str]:
    """Every page there is, in both languages and every state."""
    house.join()
    house.join(name="chips")
    house.join("paused@example.com")
    house.post(f"/preferences/{house.token('preferences', 'paused@example.com')}", do="pause", list="weekly")
    house.join("gone@example.com")
    house.post(f"/preferences/{house.token('preferences', 'gone@example.com')}", do="end-all")
    made = ["confirm/x", "nothing/here"]
    for name in ("weekly", "chips"):
        token = house.token("preferences", name=name)
        made += [
            f"subscribe/{name}", f"confirm/{house.token('confirm', name=name)}",
            f"unsubscribe/{house.token('unsubscribe', name=name)}",
            f"unsubscribe/{house.token('unsubscribe', name='')}",
            f"preferences/{token}?done=changed", f"preferences/{house.token('data', name=name)}/data",
            f"preferences/{house.token('data', name=name)}/erase",
        ]  # fmt: skip
    for address in ("paused@example.com", "gone@example.com"):
        made.append(f"preferences/{house.token('preferences', address)}")
    return made


@pytest.mark.skipif(not AXE, reason="FEEDER_AXE does not name axe-core's axe.min.js")
def test_no_page_has_a_barrier(opened: House, browser: Any) -> None:
    axe, found, wide = Path(AXE).read_text("utf-8"), [], []
    asked = paths(opened)
    for scheme, width in (("light", 320), ("dark", 1000)):
        context = browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce",
            timezone_id="Europe/Berlin",
        )  # fmt: skip
        page = context.new_page()

        def look(what: str, page: Any = page, scheme: str = scheme, width: int = width) -> None:
            page.evaluate(axe)
            result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
            found.extend((what, scheme, width, v["id"], v["nodes"][0]["html"]) for v in result["violations"])
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wide.append((what, width))

        for path in asked:
            page.goto(opened.serving.url + path)
            look(path)
        for name in ("weekly", "chips"):
            page.goto(f"{opened.serving.url}subscribe/{name}")
            page.get_by_role("button").last.click()
            look(f"{name}: too fast")
            opened.office.time += timedelta(seconds=20)
            page.locator("input[type=email]").fill("no address")
            page.get_by_role("button").last.click()
            look(f"{name}: no address")
            page.locator("input[type=email]").fill(f"{'x' * 60}@{'long.' * 20}example")
            page.get_by_role("button").last.click()
            look(f"{name}: asked")
            person = f"{scheme}.{name}@example.com"
            opened.subscribe(person, name)
            page.goto(f"{opened.serving.url}confirm/{opened.token('confirm', person, name)}")
            page.get_by_role("button").click()
            look(f"{name}: confirmed")
        context.close()
    assert found == [], "\n".join(map(str, found))
    assert wide == [], "these pages scroll sideways"
