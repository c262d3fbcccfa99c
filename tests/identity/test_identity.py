"""An entry's id survives whatever happens to its title, date, names, place and address."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta

import pytest
from support import NOW, Publication

from feeder.errors import MassWithdrawal

LATER = NOW + timedelta(hours=1)
BODY = "第一段，说的是推理卡的规格与价格，以及它什么时候上市。\n\n第二段，说的是公司的融资与订单。\n"
ITEMS = {
    "订单": "## 订单\n\n2024 年 4 月 2 日消息，订单接近 2 亿元，客户来自各个行业。\n",
    "训练": "## 训练\n\n2023 年 6 月 10 日，公司参与大模型训练，稳定运行 19 天。\n",
    "推理": "## 推理\n\n2022 年 12 月 20 日，公司推出推理卡。\n",
}
NEW_ITEM = "## 上市\n\n2026 年 3 月 5 日，公司上市，开盘大涨。\n"


def items(publication: Publication) -> dict[str, dict[str, object]]:
    """Title -> item of the JSON feed."""
    found = json.loads(publication.read("feed.json"))["items"]
    return {item["title"]: item for item in found}


def ids(publication: Publication) -> set[str]:
    return {item["id"] for item in json.loads(publication.read("feed.json"))["items"]}


@pytest.fixture
def one(publication: Publication) -> Publication:
    publication.entry("2024/a", BODY, title="推理卡", date="2024-04-02", tags="[GPU]")
    publication.entry("b", "另一条，毫不相干的内容。\n", title="别的", date="2024-05-01")
    publication.run(NOW)
    return publication


def again(publication: Publication, name: str = "2024/a", body: str = BODY, **front: str) -> None:
    publication.entry(name, body, **{"title": "推理卡", "date": "2024-04-02", "tags": "[GPU]", **front})


def move(publication: Publication, new: str) -> None:
    target = publication.root / f"entries/{new}.md"
    target.parent.mkdir(parents=True, exist_ok=True)
    (publication.root / "entries/2024/a.md").rename(target)


def rename_and_retitle_and_redate(publication: Publication) -> None:
    (publication.root / "entries/2024/a.md").unlink()
    again(publication, "z/新", title="全新的标题", date="2019-01-01")


def rename_and_edit(publication: Publication) -> None:
    (publication.root / "entries/2024/a.md").unlink()
    again(publication, "z/新", body=BODY.replace("价格", "售价"))


CHANGES: dict[str, Callable[[Publication], None]] = {
    "retitle": lambda p: again(p, title="新标题"),
    "redate": lambda p: again(p, date="2020-12-31"),
    "slug": lambda p: again(p, slug="new-slug"),
    "permalink": lambda p: again(p, permalink="/fixed/"),
    "body": lambda p: again(p, body="完全不同的一段话，什么都没有留下。\n"),
    "tags": lambda p: again(p, tags="[x, y]"),
    "everything but the name": lambda p: again(p, title="x", date="2020-01-01", body="y\n", tags="[]"),
    "rename": lambda p: move(p, "2024/renamed"),
    "move to another folder": lambda p: move(p, "else/where/a"),
    "rename, retitle, redate": rename_and_retitle_and_redate,
    "rename, edit": rename_and_edit,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_an_id_survives(one: Publication, change: Callable[[Publication], None]) -> None:
    before = ids(one)
    change(one)
    report = one.run(LATER)
    assert ids(one) == before
    assert not [c for c in report.changes if c.kind in ("new", "withdrawn")]
    item = next(item for item in items(one).values() if item["title"] != "别的")
    released = item["_feeder"]["released"]  # type: ignore[index]
    assert released == items(one)["别的"]["_feeder"]["released"]  # type: ignore[index]


def test_a_new_slug_leaves_a_redirect(one: Publication) -> None:
    again(one, slug="new-slug")
    one.run(LATER)
    assert str(items(one)["推理卡"]["url"]).endswith("/2024/04/new-slug/")
    assert "https://news.example.org/2024/04/new-slug/" in one.read("2024/04/a/index.html")
    again(one, slug="third")
    one.run(LATER + timedelta(hours=1))
    for old in ("a", "new-slug"):
        assert "https://news.example.org/2024/04/third/" in one.read(f"2024/04/{old}/index.html")


def test_silent_edit_keeps_updated_and_a_correction_bumps_it(one: Publication) -> None:
    before = items(one)["推理卡"]
    again(one, body=BODY + "补一句。\n")
    one.run(LATER)
    after = items(one)["推理卡"]
    assert after.get("date_modified") == before.get("date_modified")
    assert "补一句" in str(after["content_html"])
    again(one, correction="价格有误")
    one.run(LATER + timedelta(hours=1))
    assert items(one)["推理卡"].get("date_modified") != before.get("date_modified")
    for path in ("feed.atom", "feed.rss", "feed.json", "2024/04/a/index.html"):
        assert "价格有误" in one.read(path)


def test_copying_a_file_makes_a_second_entry_with_an_id_of_its_own(one: Publication) -> None:
    before = ids(one)
    shutil.copyfile(one.root / "entries/2024/a.md", one.root / "entries/0-copy.md")
    report = one.run(LATER)
    assert before < ids(one)
    assert [change.kind for change in report.changes] == ["new"]
    assert items(one).keys() == {"推理卡", "别的"}


def test_copying_a_file_with_an_id_names_both(publication: Publication) -> None:
    publication.entry("b", BODY, title="原", date="2024-04-02", id="tag:x.example,2024:1")
    publication.run(NOW)
    publication.entry("a", BODY, title="抄", date="2024-04-02", id="tag:x.example,2024:1")
    report = publication.run(LATER)
    assert report.exit_code == 3
    assert items(publication).keys() == {"原"}
    (problem,) = report.problems
    assert problem.path == "entries/a.md"
    assert "entries/b.md" in f"{problem.message} {problem.hint}"


def test_twin_drafts_keep_apart(publication: Publication) -> None:
    """Two drafts with the same text, published one after the other, then both renamed."""
    for name in ("a", "b"):
        publication.entry(name, BODY, title=name, date="2024-04-02", draft="true")
    publication.run(NOW)
    assert not (publication.out / "feed.json").exists() or not ids(publication)
    publication.entry("a", BODY, title="a", date="2024-04-02")
    publication.run(LATER)
    first = ids(publication)
    publication.entry("b", BODY, title="b", date="2024-04-02")
    publication.run(LATER + timedelta(hours=1))
    both = ids(publication)
    assert len(first) == 1
    assert len(both) == 2
    for name in ("a", "b"):
        (publication.root / f"entries/{name}.md").rename(publication.root / f"entries/{name}{name}.md")
    publication.run(LATER + timedelta(hours=2))
    assert ids(publication) == both
    assert {str(item["id"]) for item in items(publication).values() if item["title"] == "a"} == first


def test_two_files_swap_names(one: Publication) -> None:
    """A path is stronger than a text: the ids stay with the files, as after any other edit."""
    before = {str(item["url"]) for item in items(one).values()}
    a, b = one.root / "entries/2024/a.md", one.root / "entries/b.md"
    texts = a.read_bytes(), b.read_bytes()
    a.write_bytes(texts[1])
    b.write_bytes(texts[0])
    one.run(LATER)
    assert {str(item["url"]) for item in items(one).values()} == before
    assert len(ids(one)) == 2


@pytest.fixture
def page(publication: Publication) -> Publication:
    write_page(publication, *ITEMS.values())
    publication.run(NOW)
    return publication


def write_page(publication: Publication, *parts: str) -> None:
    publication.write(
        "entries/page.md", "# 某公司\n\n转载自[某媒体](https://m.example/1.html)。\n\n" + "\n".join(parts)
    )


def by_word(publication: Publication) -> dict[str, str]:
    """Word of an item -> id."""
    found = items(publication).values()
    return {
        word: str(i["id"])
        for word in ("接近 2 亿", "稳定运行", "推出推理", "开盘")
        for i in found
        if word in str(i["content_html"])
    }


PAGE_CHANGES: dict[str, Callable[[Publication], None]] = {
    "item on top": lambda p: write_page(p, NEW_ITEM, *ITEMS.values()),
    "items swapped": lambda p: write_page(p, ITEMS["训练"], ITEMS["订单"], ITEMS["推理"]),
    "reversed": lambda p: write_page(p, *reversed(ITEMS.values())),
    "heading edited": lambda p: write_page(
        p, ITEMS["订单"].replace("## 订单", "## 订单接近两亿"), ITEMS["训练"], ITEMS["推理"]
    ),
    "all headings edited": lambda p: write_page(p, *(text.replace("## ", "## 新：") for text in ITEMS.values())),
    "item on top and heading edited": lambda p: write_page(
        p, NEW_ITEM, ITEMS["订单"].replace("## 订单", "## 单"), ITEMS["训练"], ITEMS["推理"]
    ),
    "text edited": lambda p: write_page(p, *(text.replace("公司", "该公司") for text in ITEMS.values())),
    "date corrected": lambda p: write_page(
        p, ITEMS["订单"].replace("4 月 2 日", "4 月 3 日"), ITEMS["训练"], ITEMS["推理"]
    ),
    "headings swapped": lambda p: write_page(
        p, ITEMS["订单"].replace("## 订单", "## 训练"), ITEMS["训练"].replace("## 训练", "## 订单"), ITEMS["推理"]
    ),
    "page renamed": lambda p: (p.root / "entries/page.md").rename(p.root / "entries/other.md") and None,
    "page retitled": lambda p: p.write("entries/page.md", "# 改名\n\n" + "\n".join(ITEMS.values())) and None,
}


@pytest.mark.parametrize("change", PAGE_CHANGES.values(), ids=PAGE_CHANGES.keys())
def test_ids_of_items_survive(page: Publication, change: Callable[[Publication], None]) -> None:
    before = by_word(page)
    assert len(before) == 3
    change(page)
    report = page.run(LATER)
    after = by_word(page)
    assert {word: after.get(word) for word in before} == before
    assert not [c for c in report.changes if c.kind == "withdrawn"]


def test_an_item_taken_off_the_page_is_withdrawn(page: Publication) -> None:
    before = by_word(page)
    write_page(page, ITEMS["订单"], ITEMS["推理"])
    page.run(LATER)
    assert {item["title"] for item in items(page).values() if item["id"] == before["稳定运行"]} == {"已撤回"}
    assert "稳定运行" not in "".join(
        body.decode() for path, body in page.tree().items() if path.endswith((".html", ".json", ".atom", ".rss"))
    )


def test_withdrawal_and_return(one: Publication) -> None:
    before = ids(one)
    held = (one.root / "entries/2024/a.md").read_bytes()
    (one.root / "entries/2024/a.md").unlink()
    one.run(LATER)
    assert ids(one) == before
    assert items(one)["已撤回"]["id"] in before
    everything = b"".join(body for path, body in one.tree().items())
    assert "推理卡".encode() not in everything
    (one.root / "entries/2024/a.md").write_bytes(held)
    report = one.run(LATER + timedelta(hours=1))
    assert [change.kind for change in report.changes] == ["restored"]
    assert ids(one) == before
    assert items(one).keys() == {"推理卡", "别的"}


def test_withdrawn_leaves_the_feeds_after_fourteen_days(one: Publication) -> None:
    (one.root / "entries/b.md").unlink()
    one.run(LATER)
    one.run(LATER + timedelta(days=13))
    assert "已撤回" in one.read("feed.atom")
    one.run(LATER + timedelta(days=15))
    assert "已撤回" not in one.read("feed.atom")


def test_move_keeps_ids_and_leaves_redirects(one: Publication) -> None:
    before = ids(one)
    done = one.command("move", "https://new.example.com/")
    assert done.returncode == 0, done.stderr
    assert one.publish().returncode == 0
    assert ids(one) == before
    everything = "".join(
        body.decode() for path, body in one.tree().items() if path.endswith((".atom", ".rss", ".json"))
    )
    assert all(str(item["url"]).startswith("https://new.example.com/") for item in items(one).values())
    assert "https://news.example.org/" not in everything


def test_history_lost_and_recovered(one: Publication) -> None:
    again(one, title="改过的标题", slug="moved")
    one.run(LATER)
    (one.root / "entries/b.md").rename(one.root / "entries/renamed.md")
    one.run(LATER)
    before = items(one)
    (one.root / ".feeder/history.db").unlink()
    done = one.command("recover")
    assert done.returncode == 0, done.stderr
    report = one.run(LATER + timedelta(hours=1))
    assert [c for c in report.changes if c.kind in ("new", "withdrawn")] == []
    after = items(one)
    assert {t: (i["id"], i["url"], i["_feeder"]["released"]) for t, i in after.items()} == {  # type: ignore[index]
        t: (i["id"], i["url"], i["_feeder"]["released"]) for t, i in before.items()  # type: ignore[index]
    }  # fmt: skip


def test_recover_with_an_archive_finds_all(publication: Publication) -> None:
    publication.configure("[feeds]\nsize = 3\n")
    for number in range(12):
        publication.entry(f"e{number}", f"第 {number} 条。\n", title=f"标题{number}", date=f"2024-04-{number + 1:02}")
    publication.run(NOW)
    publication.run(NOW + timedelta(days=20))
    before = publication.tree()
    (publication.root / ".feeder/history.db").unlink()
    assert publication.command("recover").returncode == 0
    publication.run(NOW + timedelta(days=20, hours=1))
    after = publication.tree()
    ids_in = {
        path: sorted(i["id"] for i in json.loads(body)["items"])
        for path, body in before.items()
        if path.startswith(("archive/", "feed.")) and path.endswith(".json")
    }
    assert {path: sorted(i["id"] for i in json.loads(after[path])["items"]) for path in ids_in} == ids_in


def test_recovered_feeds_keep_their_ids(publication: Publication) -> None:
    """Also where the first entries were published while the site had no real address yet."""
    publication.configure(authority="", url="http://localhost:8000/")
    publication.entry("a", "第一条。\n", title="第一条", date="2024-04-02", tags="[GPU]")
    publication.run(NOW)
    publication.configure(authority="", url="https://example.org/news/")
    publication.run(LATER)
    before = feed_ids(publication)
    (publication.root / ".feeder/history.db").unlink()
    assert publication.command("recover").returncode == 0
    assert feed_ids(publication) == before


def feed_ids(publication: Publication) -> dict[str, str]:
    paths = (path for path in publication.tree() if path.endswith("feed.json"))
    return {path: json.loads(publication.read(path))["_feeder"]["id"] for path in paths}


def test_pinned_ids_survive_everything(one: Publication) -> None:
    before = ids(one)
    assert one.command("pin").returncode == 0
    texts = [(one.root / f"entries/{name}.md").read_text("utf-8") for name in ("2024/a", "b")]
    assert all("\nid: " in text for text in texts)
    shutil.rmtree(one.root / ".feeder")
    shutil.rmtree(one.out)
    (one.root / "entries/2024/a.md").unlink()
    one.write("entries/c.md", texts[0].replace("date: 2024-04-02", "date: 2001-01-01").replace("推理卡", "全新"))
    one.run(LATER)
    assert ids(one) == before


def test_same_input_same_bytes(one: Publication) -> None:
    twin = Publication(one.root.parent / "twin")
    shutil.copytree(one.root / "entries", twin.root / "entries")
    shutil.copyfile(one.root / "feeder.toml", twin.root / "feeder.toml")
    twin.run(NOW)
    assert twin.tree() == one.tree()
    stamps = one.stamps()
    for path in sorted((one.root / "entries").rglob("*.md")):
        path.touch()
    one.run(LATER)
    assert one.stamps() == stamps


def test_order_of_files_on_disk_does_not_matter(publication: Publication) -> None:
    twin = Publication(publication.root.parent / "twin")
    twin.write("feeder.toml", (publication.root / "feeder.toml").read_bytes())
    for made, order in ((publication, range(12)), (twin, reversed(range(12)))):
        for number in order:
            made.entry(f"e{number}", f"第 {number} 条。\n", title="同一个标题", date="2024-04-02", slug="same")
        made.run(NOW)
    assert publication.tree() == twin.tree()


def test_mass_withdrawal_stops(publication: Publication) -> None:
    for number in range(10):
        publication.entry(f"e{number}", f"第 {number} 条。\n", title=f"标题{number}", date="2024-04-02")
    assert publication.publish().returncode == 0
    before = publication.stamps()
    for number in range(6):
        (publication.root / f"entries/e{number}.md").unlink()
    done = publication.publish()
    assert done.returncode == 65
    assert "--force" in done.stderr
    assert publication.stamps() == before
    shutil.rmtree(publication.root / "entries")
    assert publication.publish().returncode == 65
    assert publication.stamps() == before
    assert publication.publish("--force").returncode == 0
    assert "标题" not in publication.read("feed.atom")


def test_a_folder_that_is_not_there_withdraws_nothing(publication: Publication) -> None:
    publication.entry("a", title="标题", date="2024-04-02")
    publication.run(NOW)
    (publication.root / "entries").rename(publication.root / "elsewhere")
    with pytest.raises(MassWithdrawal, match=r"1 of 1 .* since the folder of the entries is not there"):
        publication.run(NOW)
    (publication.root / "entries").mkdir()
    publication.run(NOW)
    assert "标题" not in publication.read("feed.atom")
