"""The whole way, with flask-websub as the hub and as the subscriber."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest
from flask_websub.subscriber import discover
from loopback import Answer, Folder, serve
from support import Publication

from tests.websub.hubs import reader

DEPLOY = 'rm -rf web.new && cp -r "$FEEDER_OUT" web.new && rm -rf web && mv web.new web'


@pytest.mark.parametrize("path", ["feed.atom", "feed.rss", "tags/芯片/feed.atom"])
def test_a_subscriber_gets_the_new_entry(publication: Publication, tmp_path: Path, path: str) -> None:
    """Discovery, verification of intent, a deploy, the notify, the hub's fetch of what was deployed, the delivery."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    folder = Folder(publication.root / "web")

    def site(host: str, asked: str, headers: dict[str, str]) -> Answer:
        """As deploy/nginx.conf has it: hub and self also as headers."""
        answer = folder(host, asked, headers)
        links = f'<http://{host}{asked}>; rel="self", <{hub.url}>; rel="hub"'
        return Answer(answer.status, answer.body, {**answer.headers, "Link": links})

    with serve(site) as web, reader(tmp_path / "hub") as hub:
        publication.configure(
            f"[feeds]\nhub = '{hub.url}'\n[output]\ndeploy = '''{DEPLOY}'''\n",
            url=web.url(),
            authority="news.test,2026",
        )
        publication.entry("first", title="第一条", tags="[芯片]", date="2026-11-20")
        assert publication.publish().returncode == 0
        found = discover(web.url(path))
        assert found["hub_url"] == hub.url
        hub.subscribe(**found)

        publication.entry("second", title="订单接近2亿元", tags="[芯片]", date="2026-11-21")
        done = publication.publish()
        assert (done.returncode, done.stderr) == (0, "")
        assert re.search(r"^hub: notified of 6 topics$", done.stdout, re.MULTILINE)
        assert hub.news.wait(20)

    [(topic, body)] = hub.received
    assert topic == found["topic_url"]
    assert body == (publication.out / path).read_bytes()
    assert "订单接近2亿元" in body.decode()
