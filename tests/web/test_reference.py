"""docs/reference/web.md names every address and every figure."""

from __future__ import annotations

import re

from starlette.routing import Mount, Route
from support import CHECKOUT
from web.visitors import House

REFERENCE = (CHECKOUT / "docs/reference/web.md").read_text("utf-8")


def test_every_figure_is_described_and_no_other(served: House) -> None:
    served.office.state = served.office.condition().__class__(
        started=served.office.time, last_run=served.office.time, last_exit=0, next=served.office.time
    )
    found = set(re.findall(r"^# TYPE (\S+)", served.get("/metrics").text, flags=re.MULTILINE))
    told = set(re.findall(r"`(feeder_\w+)`", REFERENCE))
    assert found == told


def test_every_address_is_described(served: House) -> None:
    rows = re.findall(r"^\| `(\S+)` \|", REFERENCE, flags=re.MULTILINE)
    routes = served.web._application.routes  # type: ignore[attr-defined]
    paths = [route.path for route in routes if isinstance(route, Route) and not isinstance(route, Mount)]
    for path in paths:
        shown = path.replace("{list}", "LIST").replace("{token}", "TOKEN")
        folder = f"{shown.strip('/').partition('/')[0]}/…"
        assert {shown, shown.lstrip("/"), folder} & set(rows), path
