"""What an entry's text says is no address: the fast check must not stop a publication that writes about feeds."""

from __future__ import annotations

from types import ModuleType

import pytest
from feeds.feed_values import FORMATS, entry, feed, only

from feeder.feeds import lint


@pytest.mark.parametrize("module", FORMATS)
@pytest.mark.parametrize(
    "html",
    [
        '<p><code>&lt;?xml-stylesheet href="feed.css"?&gt;</code></p>',
        '<pre><code>&lt;img src="feeder:/asset/x.png"&gt;</code></pre>',
        "<p>feeder:/site/ is how the cache writes an address.</p>",
    ],
)
def test_text_that_looks_like_an_address_is_published(module: ModuleType, html: str) -> None:
    lint.check(only(module, feed(entry(1, html=html, summary="feeder:/asset/x", title='href="x"'))))
