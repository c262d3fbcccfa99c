"""The editor is told when more people ask to subscribe than there can be."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from feeder.config.settings import Settings
from feeder.mail import lists
from feeder.mail.compose import Composer
from feeder.mail.notices import is_news
from feeder.web.wording import words

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from feeder.mail.notices import Post


def tell_of_flood(connection: Connection, settings: Settings, post: Post, now: datetime) -> bool:
    """Queue an alarm that the bound of all requests is reached, once a day; whether it was queued now."""
    if not is_news(connection, "flood alarm", now):
        return False
    language = settings.site.language
    w = words(language)
    text = w.alarm_text.format(count=settings.web.limits.per_hour)
    rendered = Composer(settings).alarm(w.alarm_title, [text], language)
    post.queue(connection, "alarm", lists.editor_of(settings)[1], rendered, now, language=language)
    return True
