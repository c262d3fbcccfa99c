"""Gmail cuts a message off at about 102 KB: nothing of ours is ever longer, and the footer always stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mail.editions import WEEKLY, composer, edition, entry

from feeder.mail.compose.shrinking import MOST_DECODED, MOST_ENCODED, Level, fits_gmail, fitted, levels
from feeder.mail.message import encoding
from feeder.mail.values import Rendered


def encoded(made: Rendered) -> int:
    body = encoding.encoded(made.html)
    return len(body.head) + len(body.tail(dict.fromkeys(encoding.holes_of(made.html), b"x" * 200)))


def fits(made: Rendered) -> bool:
    return len(made.html.encode()) <= MOST_DECODED and encoded(made) <= MOST_ENCODED


CHINESE, ENGLISH = "天数智芯公布订单。" * 30, "The orders came to two hundred million. " * 20


@pytest.mark.parametrize("words", [CHINESE, ENGLISH])
def test_the_longest_entry_is_shrunk_first_and_alone(words: str, tmp_path: Path) -> None:
    entries = [entry(n, html=f"<p>{words}</p>" * (100 if n == 3 else 10)) for n in range(1, 6)]
    made = composer(tmp_path).digest(WEEKLY, edition(*entries))
    assert fits(made)
    assert made.html.count("阅读全文") == 1
    assert "第 3 条的摘要。" in made.html
    assert made.html.count(words) == made.text.replace("\n", "").count(words) or words is ENGLISH
    assert made.html.index("阅读全文") > made.html.index("第 3 条的摘要。")


@pytest.mark.parametrize("count", [60, 300, 1500])
def test_however_many_there_are(count: int, tmp_path: Path) -> None:
    entries = [entry(n, html=f"<p>{CHINESE}</p>" * 4, summary=CHINESE[:200]) for n in range(1, count + 1)]
    made = composer(tmp_path).digest(WEEKLY, edition(*entries))
    assert fits(made)
    assert "因为您订阅了" in made.html
    assert encoding.holes_of(made.html) == {"unsubscribe", "preferences", "address"}
    assert ("条没有列出" in made.html) == (count == 1500)
    assert len(made.html.encode()) > MOST_DECODED // 2


def test_however_many_corrections_there_are(tmp_path: Path) -> None:
    wrong = [entry(n, correction=CHINESE * 8) for n in range(1, 200)]
    made = composer(tmp_path).digest(WEEKLY, edition(entry(300), corrections=tuple(wrong)))
    assert fits(made)
    assert "第 300 条的正文" in made.html
    assert "还有 149 条没有列出" in made.html
    assert all(f"第 {n} 条消息" in made.text for n in range(1, 200))


def test_however_long_the_note_is(tmp_path: Path) -> None:
    made = composer(tmp_path).digest(WEEKLY, edition(entry(1), entry(2), preface=f"<p>早。{CHINESE}</p>" * 400))
    assert fits(made)
    assert "早。" in made.html
    assert "第 2 条的正文" in made.html
    assert made.text.count("早。") == 400


def test_a_small_digest_shows_all(tmp_path: Path) -> None:
    made = composer(tmp_path).digest(WEEKLY, edition(*(entry(n, html=f"<p>{CHINESE}</p>") for n in range(1, 21))))
    assert "阅读全文" not in made.html
    assert fits_gmail(made.html)


def test_the_steps_of_shrinking() -> None:
    full, summary, title, counted = Level
    assert levels(0, [2, 0, 1]) == [full, full, full]
    assert levels(1, [2, 0, 1]) == [full, full, summary]
    assert levels(3, [2, 0, 1]) == [summary, summary, summary]
    assert levels(4, [2, 0, 1]) == [summary, summary, title]
    assert levels(8, [2, 0, 1]) == [title, counted, counted]
    assert levels(9, [2, 0, 1]) == [counted, counted, counted]


@given(st.lists(st.integers(1, 1000), max_size=40), st.integers(0, 20_000))
def test_no_more_is_shrunk_than_needed(lengths: list[int], most: int) -> None:
    def size(made: list[Level]) -> int:
        return sum((length + 10, 10, 5, 0)[level] for length, level in zip(lengths, made, strict=True))

    made = fitted(lengths, list, lambda one: size(one) <= most)
    assert size(made) <= most
    order = sorted(range(len(lengths)), key=lambda at: -lengths[at])
    step = next(step for step in range(3 * len(lengths) + 1) if levels(step, order) == made)
    assert step == 0 or size(levels(step - 1, order)) > most
