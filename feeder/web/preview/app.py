"""The preview as an application: every address, and what may be asked there."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from feeder.errors import FeederError, UsageError
from feeder.pages.templating import defaults
from feeder.web.preview import listing
from feeder.web.preview.framed import Frames
from feeder.web.preview.frames import page_address
from feeder.web.preview.guard import Guard
from feeder.web.preview.showing import problems_address
from feeder.web.preview.studio import State, Studio
from feeder.web.preview.views import Views

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_OWN: Final = {"preview.css": "text/css", "preview.js": "text/javascript", "frame.js": "text/javascript"}
_RETRY: Final = 700
"""Milliseconds after which a browser that lost us tries again."""
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def application(studio: Studio) -> ASGIApp:
    """What answers at the preview's address."""
    views = Views(studio)
    frames = Frames(views)
    pages = {
        "/": views.front,
        "/page/{path:path}": views.page,
        "/wechat/{path:path}": views.pasted,
        "/digest": views.digest,
        "/digest/{name}": views.digest,
        "/feeds": views.feeds,
        "/feed/{path:path}": views.feed,
        "/board": views.board,
        "/problems": views.problems,
        "/list": views.found,
        "/clip/{path:path}": views.clip,
        "/clip-digest/{name}": views.clip_digest,
        "/site/{scheme}/{path:path}": frames.site,
        "/mail/{scheme}/{name}": frames.mail,
        "/reader/{scheme}/{path:path}": frames.reader,
        "/paste/{scheme}/{path:path}": frames.paste,
        "/paste-digest/{scheme}/{name}": frames.paste_digest,
        "/own/{name}": _own,
    }
    routes = [Route(path, _careful(answer)) for path, answer in pages.items()]
    return Guard(Starlette(routes=[*routes, Route("/events", _events(studio, views))]))


def _careful(answer: Callable[[Request], Response]) -> Callable[[Request], object]:
    """An answer that never is a traceback: while everything is made anew, there may be nothing to show."""

    async def careful(request: Request) -> Response:
        try:
            response = await run_in_threadpool(answer, request)
        except FeederError as error:
            status = 404 if isinstance(error, UsageError) else 500  # no such list, or nothing to show of it
            response = PlainTextResponse(f"{error} {error.hint}".strip(), status)
        except (OSError, sqlite3.Error, LookupError):
            response = PlainTextResponse("not there at this moment; try again", 503, {"Retry-After": "1"})
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return careful


def _own(request: Request) -> Response:
    """Style, scripts and icon of the preview itself."""
    name = request.path_params["name"]
    if name == "icon.png":
        return Response((defaults() / name).read_bytes(), media_type="image/png")
    if name not in _OWN:
        return Response(status_code=404)
    return Response((defaults() / "preview" / name).read_bytes(), media_type=_OWN[name])


def _events(studio: Studio, views: Views) -> Callable[[Request], object]:
    """``/events``: how the preview stands, now and whenever that changes (Server-Sent Events)."""

    async def events(_request: Request) -> Response:
        return StreamingResponse(_news(studio, views), media_type="text/event-stream", headers=_HEADERS)

    return events


async def _news(studio: Studio, views: Views) -> AsyncIterator[str]:
    yield f"retry: {_RETRY}\n\n"
    async for news in studio.bell.strokes():
        if not news:
            await run_in_threadpool(studio.look)
        yield f"data: {json.dumps(await run_in_threadpool(_state, studio, views))}\n\n" if news else ": still here\n\n"


def _state(studio: Studio, views: Views) -> dict[str, object]:
    state = studio.state
    return {
        "boot": views.boot,
        "number": state.number,
        "building": state.building,
        "done": state.done,
        "saved": state.saved,
        "edited": "" if state.building or not state.edited else _address_of(studio, state),
    }


def _address_of(studio: Studio, state: State) -> str:
    """Where the entry that was saved last is shown; why it is not, where it cannot be."""
    try:
        permalink = listing.of_file(studio.shadow, state.edited)
        expired = not permalink and listing.expired_at(studio.shadow, state.edited, studio.now())
    except (OSError, sqlite3.Error):
        return ""
    if permalink:
        return page_address(permalink)
    wrong = any(one.path == state.edited for one in state.problems)
    return problems_address(state.edited) if wrong or expired else ""
