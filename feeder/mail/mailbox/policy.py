"""Refusals that are about us, not about the person: the provider's mail waits, and the editor is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.sqlite import insert

from feeder.config.settings import Settings
from feeder.dates import from_micros, to_micros
from feeder.mail import lists, schema
from feeder.mail.compose import Composer
from feeder.mail.notices import Post, is_news
from feeder.mail.sending import backoff

ENOUGH: Final = 3
"""People of one provider whose mail was refused within a day: then all of its mail waits."""
_DAY: Final = timedelta(days=1)


class Refusals:
    """Notes them for one publication."""

    def __init__(self, settings: Settings, post: Post, composer: Composer) -> None:
        self._settings, self._post, self._composer = settings, post, composer
        self._transport = lists.ledger_transport(settings)

    def note(self, connection: Connection, provider: str, words: str, now: datetime) -> None:
        """After one was written down: pause the provider when there are several, and tell the editor once a day."""
        until = self._paused(connection, provider, words, now) if _people(connection, provider, now) >= ENOUGH else None
        if is_news(connection, f"policy alarm {provider}{' paused' if until is not None else ''}", now):
            self._tell(connection, provider, words, until, now)

    def _paused(self, connection: Connection, provider: str, words: str, now: datetime) -> datetime | None:
        table = schema.pause
        known = connection.execute(
            select(table.c.until, table.c.times).where(
                table.c.transport == self._transport, table.c.provider == provider
            )
        ).one_or_none()
        if known is not None and known.until > to_micros(now):
            return from_micros(known.until)
        times = (known.times if known is not None else 0) + 1
        until = now + backoff.of_breaker(times)
        values = {"until": to_micros(until), "why": f"refused by policy: {words}", "times": times}
        statement = insert(table).values(transport=self._transport, provider=provider, **values)
        connection.execute(statement.on_conflict_do_update(index_elements=["transport", "provider"], set_=values))
        return until

    def _tell(self, connection: Connection, provider: str, words: str, until: datetime | None, now: datetime) -> None:
        language = self._settings.site.language
        title, paragraphs = _chinese(provider, until) if language.startswith("zh") else _english(provider, until)
        rendered = self._composer.alarm(title, [*paragraphs, words], language)
        self._post.queue(connection, "alarm", lists.editor_of(self._settings)[1], rendered, now, language=language)


def _people(connection: Connection, provider: str, now: datetime) -> int:
    table, person = schema.bounce, schema.subscriber
    counted = (
        select(func.count(table.c.subscriber.distinct()))
        .join_from(table, person, person.c.id == table.c.subscriber)
        .where(person.c.provider == provider, table.c.kind == "policy", table.c.at > to_micros(now - _DAY))
    )
    return int(connection.execute(counted).scalar_one())


def _chinese(provider: str, until: datetime | None) -> tuple[str, list[str]]:
    waits = (
        f"寄往 {provider} 的邮件暂停到 {until:%Y-%m-%d %H:%M} UTC，之后自动继续。" if until else "暂时照常继续发送。"
    )
    return (
        f"{provider} 拒收我们的邮件",
        [
            f"{provider} 以规则为由退回了我们的邮件。这与收件人无关，没有人被退订。",
            waits,
            "常见原因是发信频率、内容，或 SPF、DKIM、DMARC 没有通过：用 feeder check --mail --dns 检查。对方的原话是：",
        ],
    )


def _english(provider: str, until: datetime | None) -> tuple[str, list[str]]:
    waits = (
        f"Mail to {provider} waits until {until:%Y-%m-%d %H:%M} UTC and then goes on." if until else "Sending goes on."
    )
    return (
        f"{provider} refuses our mail",
        [
            f"{provider} returned our mail for reasons of policy. It is not about the readers: none was unsubscribed.",
            waits,
            "Usual reasons: how fast we send, what, or SPF, DKIM or DMARC failed (feeder check --mail --dns tells).",
            "In its own words:",
        ],
    )
