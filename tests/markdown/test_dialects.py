"""Other dialects of Markdown: whatever is written, lines stay where they are and comments stay closed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from feeder.reading import dialects, shortcodes
from feeder.reading.markdown import render

# fmt: off
PIECES = [
    "", "{: .x}", "* TOC", "{:toc}", "::: tip t", ":::", '!!! note "x"', "    in", '=== "T"', "> [!NOTE]", "> q",
    "- li", "```", "$$", "$a_b$", "{% note info %}", "{% endnote %}", "{{< tip >}}", "{{< /tip >}}", "{% raw %}",
    "{% endraw %}", '{{< figure src="https://e.org/a.png" >}}', "# H {#id}", "[toc]", "{% tabs x %}",
    "<!-- tab a -->", "",
]
# fmt: on
TEXTS = st.lists(st.tuples(st.sampled_from(["", "  ", "> "]), st.sampled_from(PIECES)), max_size=12).map(
    lambda rows: "\n".join(indent + piece for indent, piece in rows)
)


@given(TEXTS | st.text(alphabet="{}:.#!?=[]>-*` \n\tab$", max_size=60))
def test_lines_stay_where_they_are(text: str) -> None:
    assert dialects.translate(text).count("\n") == text.count("\n")


@given(TEXTS, TEXTS.filter(lambda text: "-->" not in text))
def test_what_is_commented_out_stays_out(before: str, inside: str) -> None:
    if "```" in before or "$$" in before or "raw" in before:
        before = ""  # what they open may hold the comment
    rendered = render(f"{before}\n\n<!--\n{inside}\nSECRET\n{inside}\n-->\n", path="entries/a.md", root="/nowhere")
    assert "SECRET" not in rendered.html


def test_boxes_nest_only_so_deep() -> None:
    text = dialects.translate("::: tip\n" * 500)
    assert max(line.count("> ") for line in text.split("\n")) == dialects.MOST_BOXES


def test_variables_make_a_text_only_so_long() -> None:
    value, count = "x" * 1000, 5000
    html = render(f'{{% assign a = "{value}" %}}\n' + "{{ a }}\n" * count, path="entries/a.md", root="/nowhere").html
    assert len(html) < shortcodes.MOST_NAMED + 10 * count
    assert html.count("{{ a }}") == count - shortcodes.MOST_NAMED // (len(value) - len("{{ a }}"))
