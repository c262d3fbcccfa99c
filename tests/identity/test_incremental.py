"""Whatever people do to their files, what a run leaves is byte for byte what a full build gives."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from identity.newsroom import DOT, LISTS, File, Newsroom, day, judge, publish_and_judge
from PIL import Image
from support import soak

NAMES = [f"n{number}" for number in range(8)]
TITLES = ["融资消息", "新品", "新品", "New chip", "订单 2 亿元"]
BODIES = [
    "正文。",
    "另一段正文，更长一些，也有[链接](n1.md)。",
    "English text with a [link](n0.md).",
    "![图](dot.png)",
    "# 标题\n\n- 列表",
]
TAGS = [[], ["GPU"], ["芯片", "GPU"], ["gpu"], ["a/b"]]
PAGE = "# 某公司\n\n来自[某媒体](https://media.example.com/1.html)。\n\n{}"
ITEMS = [f"## 第 {n} 条\n\n2026 年 {n} 月 5 日消息，第 {n} 条的文字。\n" for n in range(1, 6)]
any_name = st.sampled_from(NAMES)


class Work(RuleBasedStateMachine):
    """Operations on a newsroom; after each, or after several at once, it is published and judged."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.scratch = Path(self.folder.name) / "full"
        self.room = Newsroom(Path(self.folder.name) / "p")
        self.room.publication.write("entries/dot.png", DOT)
        self.page: list[str] = []
        self.gone: list[tuple[str, File]] = []
        self.dirty = True
        self.held = 0
        self.cuts: list[tuple[str, int, int]] = []

    def teardown(self) -> None:
        self.folder.cleanup()

    @initialize()
    def begin(self) -> None:
        for number in range(3):
            self.room.add(
                f"n{number}", File(TITLES[number], day(self.room.now, -30 + number), BODIES[number], TAGS[number])
            )

    def pick(self, name: str) -> str | None:
        names = sorted(self.room.files)
        return names[NAMES.index(name) % len(names)] if names else None

    @rule(
        name=any_name,
        title=st.sampled_from(TITLES),
        body=st.sampled_from(BODIES),
        tags=st.sampled_from(TAGS),
        offset=st.integers(-40, 5),
    )
    def write(self, name: str, title: str, body: str, tags: list[str], offset: int) -> None:
        self.room.add(name, File(title, day(self.room.now, offset), body, tags))
        self.dirty = True

    def change(self, name: str) -> File | None:
        found = self.pick(name)
        self.dirty = True
        return self.room.files[found] if found else None

    def saved(self, file: File) -> None:
        self.room.save(next(name for name, held in self.room.files.items() if held is file))

    @rule(name=any_name, title=st.sampled_from(TITLES))
    def retitle(self, name: str, title: str) -> None:
        if file := self.change(name):
            file.title = title
            self.saved(file)

    @rule(name=any_name, body=st.sampled_from(BODIES))
    def edit(self, name: str, body: str) -> None:
        if file := self.change(name):
            file.body = body
            self.saved(file)

    @rule(name=any_name, offset=st.integers(-60, 10))
    def redate(self, name: str, offset: int) -> None:
        if file := self.change(name):
            file.date = day(self.room.now, offset)
            self.saved(file)

    @rule(name=any_name, tags=st.sampled_from(TAGS))
    def retag(self, name: str, tags: list[str]) -> None:
        if file := self.change(name):
            file.tags = tags
            self.saved(file)

    @rule(
        name=any_name,
        key=st.sampled_from(
            ["updated", "expires", "correction", "draft", "slug", "lang", "author", "aliases", "permalink"]
        ),
        offset=st.integers(-3, 4),
    )
    def front(self, name: str, key: str, offset: int) -> None:
        if file := self.change(name):
            when = day(self.room.now, offset)
            values = {
                "updated": when, "expires": when, "correction": f"第 {offset} 次更正", "draft": str(offset > 0).lower(),
                "slug": f"slug-{offset}", "lang": "en", "author": "Ann", "aliases": f"[/old-{offset}/]",
                "permalink": f"/fixed-{offset}/",
            }  # fmt: skip
            file.extra.pop(key, None) if offset == 0 else file.extra.update({key: values[key]})
            self.saved(file)

    @rule(name=any_name)
    def turn_bad(self, name: str) -> None:
        if found := self.pick(name):
            self.room.publication.write(f"entries/{found}.md", "---\ntitle: [\n---\n")
            self.dirty = True

    @rule(name=any_name)
    def mend(self, name: str) -> None:
        if found := self.pick(name):
            self.room.save(found)
            self.dirty = True

    @rule(name=any_name, new=any_name)
    def rename(self, name: str, new: str) -> None:
        found = self.pick(name)
        if found and new not in self.room.files:
            self.room.save(found)
            self.room.rename(found, new)
            self.dirty = True

    @rule(name=any_name, new=any_name)
    def copy_file(self, name: str, new: str) -> None:
        found = self.pick(name)
        if found and new not in self.room.files:
            held = self.room.files[found]
            self.room.add(new, File(held.title, held.date, held.body, list(held.tags), dict(held.extra)))
            self.dirty = True

    @rule(name=any_name)
    def delete(self, name: str) -> None:
        if found := self.pick(name):
            self.gone.append((found, self.room.remove(found)))
            self.dirty = True

    @precondition(lambda self: self.gone)
    @rule()
    def restore(self) -> None:
        name, file = self.gone.pop()
        if name not in self.room.files:
            self.room.add(name, file)
            self.dirty = True

    @rule(items=st.lists(st.sampled_from(ITEMS), unique=True, max_size=4))
    def news_page(self, items: list[str]) -> None:
        self.room.publication.write("entries/page.md", PAGE.format("\n".join(items)))
        self.dirty = True

    @rule(hours=st.sampled_from([0, 1, 13, 24, 24 * 3, 24 * 8, 24 * 20, -24 * 5]))
    def pass_time(self, hours: int) -> None:
        self.room.pass_time(timedelta(hours=hours))
        self.dirty = True

    @rule(size=st.sampled_from([2, 4, 7]))
    def settings_change(self, size: int) -> None:
        self.room.size = size
        self.room.configure()
        self.dirty = True

    @rule(name=st.sampled_from(["weekly", "daily"]), first=st.integers(0, 5), count=st.integers(0, 3))
    def cut(self, name: str, first: int, count: int) -> None:
        self.cuts.append((name, first, count))
        self.dirty = True

    @rule(lists=st.sampled_from(sorted(LISTS)))
    def change_lists(self, lists: str) -> None:
        self.room.lists = LISTS[lists]
        self.room.configure()
        self.dirty = True

    @rule(steps=st.integers(1, 3))
    def wait(self, steps: int) -> None:
        """Let several operations fall between two runs."""
        self.held = steps + 1

    @invariant()
    def a_run_gives_what_a_full_build_gives(self) -> None:
        self.held = max(0, self.held - 1)
        if self.dirty and not self.held:
            publish_and_judge(self.room, self.scratch)
            for cut in self.cuts:
                self.room.cut(*cut)
                judge(self.room, self.scratch)
            self.cuts, self.dirty = [], False


Work.TestCase.settings = settings(
    max_examples=soak(8, 400),
    stateful_step_count=soak(12, 30),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=soak(1, 0) == 1,
    print_blob=True,
)
test_incremental_is_a_full_build = Work.TestCase


@pytest.mark.parametrize("first", [DOT, None], ids=["changes", "comes"])
def test_a_picture_comes_or_changes_while_its_entry_is_bad(tmp_path: Path, first: bytes | None) -> None:
    room = Newsroom(tmp_path / "p")
    if first:
        room.publication.write("entries/dot.png", first)
    room.add("a", File("图", "2026-11-20", "![图](dot.png)"))
    publish_and_judge(room, tmp_path / "full")
    room.publication.write("entries/a.md", "---\ntitle: [\n---\n")
    publish_and_judge(room, tmp_path / "full")
    picture = BytesIO()
    Image.new("RGB", (3, 3), "red").save(picture, "PNG")
    room.publication.write("entries/dot.png", picture.getvalue())
    publish_and_judge(room, tmp_path / "full")
