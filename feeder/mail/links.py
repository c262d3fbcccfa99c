"""The addresses in mails at which people confirm, unsubscribe and choose; they answer under ``[web] url``.

A GET on any of them shows a page with a button and changes nothing: scanners follow links (promises 13).
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

from feeder.config.settings import Settings
from feeder.mail.tokens import Purpose, Tokens


class Links:
    """Makes the links of one publication."""

    def __init__(self, settings: Settings, tokens: Tokens) -> None:
        self._base = settings.web.url
        if self._base and not self._base.endswith("/"):
            self._base += "/"
        self._mailbox = settings.mail.unsubscribe
        self._tokens = tokens

    def unsubscribe(self, subscriber: int, list: str) -> str:  # noqa: A002
        """Where the person ends this subscription, by one click (RFC 8058) or a page; never expires.

        Without a web address: the mailbox that unsubscribes, if there is one, else empty.
        """
        return self._link("unsubscribe", subscriber, list, None) or self.unsubscribe_by_mail(subscriber, list)

    def unsubscribe_by_mail(self, subscriber: int, list: str) -> str:  # noqa: A002
        """A ``mailto:`` that unsubscribes, with the token as its subject; empty where no mailbox is read for it."""
        if not self._mailbox:
            return ""
        token = self._tokens.make("unsubscribe", subscriber, list)
        return f"mailto:{quote(self._mailbox, safe='@+')}?subject=unsubscribe%20{token}"

    def preferences(self, subscriber: int, now: datetime, list: str = "") -> str:  # noqa: A002
        """Where the person changes frequency, tags, zone and language; empty without a web address."""
        return self._link("preferences", subscriber, list, now)

    def data(self, subscriber: int, now: datetime, list: str = "") -> str:  # noqa: A002
        """Where the person gets all that is kept about her, or ends it; for a day; empty without a web address."""
        return f"{self._base}preferences/{self._tokens.make('data', subscriber, list, now)}/data" if self._base else ""

    def confirm(self, subscriber: int, list: str, now: datetime) -> str:  # noqa: A002
        """Where the person says that the address is hers; good for seven days; empty without a web address."""
        return self._link("confirm", subscriber, list, now)

    def subscribe(self, list: str) -> str:  # noqa: A002
        """Where anybody subscribes to the list; empty without a web address."""
        return f"{self._base}subscribe/{list}" if self._base else ""

    def _link(self, purpose: Purpose, subscriber: int, name: str, now: datetime | None) -> str:
        if not self._base:
            return ""
        return f"{self._base}{purpose}/{self._tokens.make(purpose, subscriber, name, now)}"
