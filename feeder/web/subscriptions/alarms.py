"""The editor is told when more people ask to subscribe than there can be."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from feeder.config.settings import Settings
from feeder.dates import to_micros
from feeder.mail import lists, schema
from feeder.mail.compose import Composer
from feeder.web.wording import words

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from feeder.mail.notices import Post

_EVERY: Final = timedelta(days=1)
_KEY: Final = "flood alarm"


def tell_of_flood(connection: Connection, settings: Settings, post: Post, now: datetime) -> bool:
    """Queue an alarm that the bound of all requests is reached, once a day; whether it was queued now."""
    table = schema.meta
    told = connection.execute(select(table.c.value).where(table.c.key == _KEY)).scalar()
    # A clock that was set back must not keep it silent for ever.
    if told is not None and to_micros(now - _EVERY) < int(told) <= to_micros(now):
        return False
    value = str(to_micros(now))
    statement = insert(table).values(key=_KEY, value=value)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_={"value": value}))
    language = settings.site.language
    w = words(language)
    text = w.alarm_text.format(count=settings.web.limits.per_hour)
    rendered = Composer(settings).alarm(w.alarm_title, [text], language)
    post.queue(connection, "alarm", lists.editor_of(settings)[1], rendered, now, language=language)
    return True
