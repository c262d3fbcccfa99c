"""The preview in a browser, as a writer uses it: save, look, mend, copy."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pages.browser import CHROMIUM, FLAGS
from preview.room import MAIL, Room, preview, stocked
from support import Publication

from feeder.web.preview import bell
from feeder.web.preview.app import application
from feeder.web.preview.studio import Studio
from feeder.web.serving import Serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AXE = os.environ.get("FEEDER_AXE", "")

pytestmark = [pytest.mark.server, pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield made
        made.close()


@pytest.fixture
def room(publication: Publication) -> Iterator[Room]:
    with preview(stocked(publication), watch=True) as made:
        yield made


@pytest.fixture
def page(browser: Browser, room: Room) -> Iterator[Page]:
    """A page whose every mistake is a failure; what a policy refuses may be what a test is about."""
    context = browser.new_context(viewport={"width": 1300, "height": 800}, color_scheme="light")
    made, wrong = context.new_page(), []
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    yield made
    context.close()
    assert not [one for one in wrong if "ERR_" not in one and "Content Security Policy" not in one], wrong


def shown(page: Page) -> str:
    """Selects the frame that is looked at."""
    return "#stage iframe:not(.arriving)"


def paragraphs(room: Room, *, before: str = "", middle: str = "", end: str = "") -> None:
    """Save a long entry, perhaps with more above, in the middle and below."""
    text = [before, *(f"第 {number} 段。" for number in range(200)), end]
    text[101] += middle
    half = room.publication.root / "entries/.order.half"  # as editors save: it is never seen half written
    half.write_text("---\ntitle: 订单消息\ndate: 2026-11-19\n---\n" + "\n\n".join(text), "utf-8")
    half.replace(half.with_name("order.md"))


def inside(page: Page, script: str) -> float:
    """What a script finds in the frame that is looked at."""
    from playwright.sync_api import Error

    for left in range(20, -1, -1):  # a frame may be exchanged at this very moment
        try:
            handle = page.locator(shown(page)).element_handle()
            frame = handle.content_frame() if handle else None
            if frame is not None:
                return float(frame.evaluate(script))
        except Error:
            if not left:
                raise
        page.wait_for_timeout(50)
    raise AssertionError("no frame is shown")


def until(page: Page, script: str) -> None:
    """Wait for what a script finds in the frame."""
    for _ in range(100):
        if inside(page, script):
            return
        page.wait_for_timeout(50)
    assert inside(page, script)


_80 = "[...document.querySelectorAll('p')].find(p => p.innerText.startsWith('第 80 段'))"
_TOP = f"Math.round({_80}.getBoundingClientRect().top)"
_LAST = "document.querySelector('.content > :last-child').getBoundingClientRect()"
_SEEN = f"(p => p.bottom > 0 && p.bottom <= innerHeight)({_LAST})"
_MARKED = "document.querySelectorAll('[data-feeder-changed]').length"


def reading_far_down(room: Room, page: Page) -> int:
    """Look at the middle of a long entry; where its paragraph 80 stands."""
    paragraphs(room)
    page.goto(f"{room.url}/page/2026/11/order/")
    page.frame_locator(shown(page)).get_by_text("第 199 段").wait_for()
    for _ in range(100):  # the frame may be exchanged at this very moment, for the save above
        inside(page, f"(scrollTo(0, {_80}.offsetTop - 100), 0)")
        page.wait_for_timeout(300)
        if page.evaluate("history.state?.scroll?.[1] ?? 0") > 500:
            break
    return int(inside(page, _TOP))


def test_a_save_is_seen_where_one_was_looking(room: Room, page: Page) -> None:
    before = reading_far_down(room, page)
    frame = page.frame_locator(shown(page))
    page.locator("#follow").uncheck()
    paragraphs(room, before="改过了。")
    frame.get_by_text("改过了").wait_for(state="attached")
    until(page, f"{_TOP} === {before}")
    page.wait_for_function("document.querySelectorAll('#stage iframe').length === 1")
    paragraphs(room, before="改过了。", end="还有一句。")
    frame.get_by_text("还有一句").wait_for(state="attached")
    until(page, f"{_TOP} === {before}")


def test_what_was_just_written_comes_into_view_and_is_marked(room: Room, page: Page) -> None:
    reading_far_down(room, page)
    frame = page.frame_locator(shown(page))
    paragraphs(room, end="最后一句。")
    frame.get_by_text("最后一句").wait_for()
    until(page, f"{_SEEN} && {_MARKED} === 1")
    before = inside(page, "scrollY")
    paragraphs(room, end="最后一句改了。")  # it is in view: nothing moves
    frame.get_by_text("最后一句改了").wait_for()
    until(page, f"scrollY === {before}")
    paragraphs(room, middle="中间也改了。", end="最后一句改了。")
    frame.get_by_text("中间也改了").wait_for()
    until(page, f"500 < scrollY && scrollY < {before}")


def test_an_entry_that_was_seen_before_comes_back_where_it_was_changed(room: Room, page: Page) -> None:
    reading_far_down(room, page)
    frame = page.frame_locator(shown(page))
    room.publication.entry("chips", "另一条。", title="天数智芯：融资", date="2026-11-18")
    frame.get_by_text("另一条。").wait_for()
    paragraphs(room, end="回来再写。")
    frame.get_by_text("回来再写。").wait_for()
    until(page, f"{_SEEN} && {_MARKED} === 1")


def test_a_mistake_is_told_at_once_and_goes_with_the_next_save(room: Room, page: Page) -> None:
    page.goto(f"{room.url}/page/2026/11/order/")
    page.frame_locator(shown(page)).get_by_text("订单。").wait_for()
    room.publication.entry("order", "![没有](missing.png)\n", title="订单消息", date="2026-11-19")
    beside = page.locator("#beside")
    beside.get_by_text("missing.png").first.wait_for()
    assert beside.locator("[data-copy='entries/order.md:5']").count() == 1
    room.publication.entry("order", "好了。\n", title="订单消息", date="2026-11-19")
    page.frame_locator(shown(page)).get_by_text("好了。").wait_for()
    page.wait_for_function("() => !document.querySelector('#beside').children.length")


def test_a_new_entry_is_followed_from_its_first_mistake_to_its_page(room: Room, page: Page) -> None:
    page.goto(f"{room.url}/page/")
    page.frame_locator(shown(page)).get_by_text("订单消息").first.wait_for()
    room.publication.entry("fresh", "写着。\n", title="刚写的", date="2026-13-01")
    page.wait_for_url("**/problems?file=entries/fresh.md")
    page.locator("mark", has_text="2026-13-01").wait_for()
    room.publication.entry("fresh", "写着。\n", title="刚写的", date="2026-11-21")
    page.wait_for_url("**/page/2026/11/fresh/")
    page.frame_locator(shown(page)).get_by_text("写着。").wait_for()
    (room.publication.root / "entries/fresh.md").rename(room.publication.root / "entries/renamed.md")
    page.wait_for_url("**/page/2026/11/renamed/")
    page.go_back()
    page.wait_for_url("**/problems?file=entries/fresh.md")


def test_a_broken_template_leaves_the_page_and_says_what_is_wrong(room: Room, page: Page) -> None:
    page.goto(f"{room.url}/page/2026/11/chips/")
    room.publication.write("templates/entry.html", "{% if %}")
    alert = page.get_by_role("alert")
    alert.get_by_text("templates/entry.html:1").wait_for()
    page.frame_locator(shown(page)).get_by_role("heading", name="天数智芯：融资").wait_for()
    (room.publication.root / "templates/entry.html").unlink()
    alert.wait_for(state="detached")


def test_links_the_bar_and_the_back_button(room: Room, page: Page) -> None:
    page.goto(f"{room.url}/page/")
    page.frame_locator(shown(page)).get_by_role("link", name="订单消息").first.click()
    page.wait_for_url("**/page/2026/11/order/")
    page.get_by_label("按标题或文件名查找").fill("芯")
    page.wait_for_function("() => document.querySelectorAll('#list a').length === 1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/page/2026/11/chips/")
    assert page.title().startswith("天数智芯：融资")
    page.go_back()
    page.wait_for_url("**/page/2026/11/order/")
    page.frame_locator(shown(page)).get_by_text("订单。").wait_for()
    page.locator("h1").click()
    page.keyboard.press("d")
    page.wait_for_url("**/board")


def test_the_entry_that_is_looked_at_is_seen_in_a_long_list(room: Room, page: Page) -> None:
    for number in range(40):
        room.publication.entry(f"n{number}", "正文。\n", title=f"第 {number} 条", date="2026-11-20")
    page.goto(f"{room.url}/page/")
    current = page.locator("#list [aria-current]")
    page.locator("#list a", has_text="第 39 条").wait_for(state="attached")
    page.frame_locator(shown(page)).get_by_text("第 39 条").first.wait_for()
    room.publication.entry("order", "又改。\n", title="订单消息", date="2026-11-19")
    page.wait_for_url("**/page/2026/11/order/")
    seen = "(at) => at.getBoundingClientRect().bottom <= at.closest('#list').getBoundingClientRect().bottom"
    page.wait_for_function("() => document.querySelector('#list [aria-current]')")
    assert current.evaluate(seen)
    page.reload()
    assert current.evaluate(seen)


def test_a_publish_beside_the_preview_is_noticed(room: Room, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bell, "QUIET", 0.2)
    page.goto(f"{room.url}/page/")
    room.publication.entry("fresh", "新。\n", title="新的", date="2024-01-02")
    page.locator("#list .mark.new").wait_for()
    room.publication.run()
    page.locator("#list .mark.new").wait_for(state="detached")


def test_phone_and_colours_are_as_chosen(room: Room, page: Page) -> None:
    page.goto(f"{room.url}/page/2026/11/order/")
    page.get_by_role("button", name="手机").click()
    page.get_by_role("button", name="深色").click()
    frame = page.frame_locator("#stage iframe[src^='/site/dark/']:not(.arriving)")
    frame.get_by_text("订单。").wait_for()
    assert page.locator(shown(page)).evaluate("frame => frame.clientWidth") == 375
    assert frame.locator("body").evaluate("body => getComputedStyle(body).backgroundColor") == "rgb(21, 21, 23)"
    page.reload()
    frame.get_by_text("订单。").wait_for()
    assert page.locator(shown(page)).evaluate("frame => frame.clientWidth") == 375


def test_a_digest_in_every_form(room: Room, page: Page) -> None:
    page.goto(f"{room.url}/digest")
    frame = page.frame_locator(shown(page))
    frame.get_by_text("明年的消息").first.wait_for()
    assert frame.locator("img").first.evaluate("image => image.complete && image.naturalWidth") == 300
    page.get_by_role("link", name="手机").click()
    page.wait_for_function("() => document.querySelector('#stage iframe:not(.arriving)')?.clientWidth === 375")
    page.get_by_role("link", name="深色").click()
    page.frame_locator("#stage iframe[src^='/mail/dark/']:not(.arriving)").get_by_text("明年的消息").first.wait_for()
    page.get_by_role("link", name="纯文本").click()
    page.locator(".lines li", has_text="明年的消息").first.wait_for()
    page.get_by_role("link", name="源码").click()
    page.locator(".lines li", has_text="MIME-Version: 1.0").wait_for()
    page.locator(".warn", has_text="还在写").wait_for()


def test_what_is_copied_for_a_public_account_is_html_and_text(room: Room, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=room.url)
    page.goto(f"{room.url}/wechat/2026/11/chips/")
    with page.expect_response("**/clip/**"):
        page.reload()
    page.get_by_role("button", name="复制到公众号").click()
    page.locator("#toast.shown", has_text="已复制").wait_for()
    kinds = page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          const read = async (kind) => (await item.getType(kind)).text();
          return { html: await read("text/html"), text: await read("text/plain") };
        }"""
    )
    assert "[1] 公告: https://example.com/a" in kinds["text"]
    assert 'style="' in kinds["html"]
    assert "https://news.example.org/assets/card." in kinds["html"]
    assert "<a " not in kinds["html"]
    page.locator("[data-copy='entries/chips.md']").click()
    page.wait_for_function("() => navigator.clipboard.readText().then((text) => text === 'entries/chips.md')")


def test_copying_works_without_the_clipboard_interface(room: Room, page: Page) -> None:
    page.add_init_script("delete Navigator.prototype.clipboard")
    with page.expect_response("**/clip/**"):
        page.goto(f"{room.url}/wechat/2026/11/chips/")
    page.evaluate("addEventListener('copy', (event) => { window.given = event.clipboardData.getData('text/html'); })")
    page.get_by_role("button", name="复制到公众号").click()
    page.wait_for_function("() => window.given?.includes('https://news.example.org/assets/card.')")


def test_what_runs_in_a_frame_reaches_nothing(room: Room, page: Page) -> None:
    room.publication.write(
        "templates/footer.html",
        "<script>try { parent.document.title = 'stolen'; } catch { document.body.dataset.held = 'yes'; }"
        "const told = (word) => () => { document.body.dataset.read = word; };"
        "fetch('/list').then(told('yes'), told('no'));"
        "</script>",
    )
    room.studio.build()
    page.goto(f"{room.url}/page/")
    body = page.frame_locator(shown(page)).locator("body[data-held='yes'][data-read='no']")
    body.wait_for(state="attached")
    assert "stolen" not in page.title()


def test_the_page_comes_back_when_the_preview_does(publication: Publication, browser: Browser) -> None:
    stocked(publication)
    with preview(publication) as first:
        port = first.serving.port
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{first.url}/page/2026/11/order/")
        page.frame_locator(shown(page)).get_by_text("订单。").wait_for()
    page.locator("#status.lost").wait_for()
    publication.entry("order", "重新开始。\n", title="订单消息", date="2026-11-19")
    studio = Studio(publication.settings, first.studio.now)
    studio.build()
    serving = Serving(application(studio), "127.0.0.1", port)
    serving.start()
    try:
        page.frame_locator(shown(page)).get_by_text("重新开始。").wait_for()
        page.locator("#status:not(.lost)").wait_for()
    finally:
        context.close()
        studio.stop()
        serving.stop()


def test_a_stop_does_not_wait_for_pages_that_listen(publication: Publication, browser: Browser) -> None:
    with preview(stocked(publication)) as room:
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{room.url}/board")
        page.locator(".board").wait_for()
        room.studio.stop()
        stopped = threading.Thread(target=room.serving.stop, args=(30.0,))
        stopped.start()
        stopped.join(4.0)  # uvicorn would wait five seconds for a stream that does not end
        assert not stopped.is_alive()
        context.close()


PAGES = (
    "/page/",
    "/page/2026/11/chips/",
    "/problems",
    "/digest?as=source",
    "/feeds",
    "/board",
    "/wechat/2026/11/chips/",
)


def test_nothing_is_wider_than_a_phone_and_axe_finds_nothing(publication: Publication, browser: Browser) -> None:
    stocked(publication)
    publication.command("subscribers", "add", "a@example.org", "--confirmed-by", "test")
    axe = Path(AXE).read_text("utf-8") if AXE else ""
    found = []
    with preview(publication) as room:
        for language, scheme, width in (("zh-CN", "light", 390), ("zh-CN", "dark", 1300), ("en", "light", 1300)):
            publication.configure(MAIL, language=language)
            room.studio.build()
            context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
            page = context.new_page()
            for path in PAGES:
                page.goto(room.url + path)
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    found.append((path, width, "too wide"))
                if axe:
                    page.evaluate(axe)
                    options = "{resultTypes: ['violations'], iframes: false}"
                    result = page.evaluate(f"axe.run(document, {options})")
                    found += [(path, scheme, width, v["id"], v["nodes"][0]["html"]) for v in result["violations"]]
            context.close()
    assert not found
