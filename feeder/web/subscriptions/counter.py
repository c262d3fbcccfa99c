"""What all these pages share: the lists, the people, and who is asked for what."""

from __future__ import annotations

from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from feeder.config.settings import MailingList, Settings
from feeder.mail import lists
from feeder.mail.tokens import Purpose, Token
from feeder.pages.wording import words as page_words
from feeder.web.debts import Debts
from feeder.web.look import Look
from feeder.web.records import Records
from feeder.web.values import Office
from feeder.web.wording import WebWords, words


class Counter:
    """Where people come, with all that is needed to serve them."""

    def __init__(self, settings: Settings, office: Office, records: Records, look: Look) -> None:
        self.settings, self.office, self.records, self.look = settings, office, records, look
        self.debts = Debts(records)

    @property
    def now(self) -> datetime:
        """The time."""
        return self.office.now()

    def list_named(self, name: str) -> MailingList | None:
        """The list of that name."""
        return next((one for one in self.settings.lists if one.name == name), None)

    def asked_for(self, request: Request) -> MailingList:
        """The list that the address names; raises ``HTTPException`` 404."""
        found = self.list_named(request.path_params["list"])
        if found is None:
            raise HTTPException(404)
        request.state.language = self.language(found.name)
        return found

    def title(self, name: str) -> str:
        """What people call the list of that name; one that is no longer there keeps its name."""
        found = self.list_named(name)
        return lists.title_of(self.settings, found) if found is not None else name

    def language(self, name: str) -> str:
        """The language of pages about the list of that name: the list's, else the site's."""
        return lists.language_of(self.settings, self.list_named(name))

    def words(self, name: str) -> WebWords:
        """The texts for pages about the list of that name."""
        return words(self.language(name))

    def often(self, one: MailingList, frequency: str, language: str) -> str:
        """A frequency in words: ``每周一一封``."""
        days = page_words(language).weekdays
        weekday = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday").index(one.weekday)
        said = words(language).frequencies.get(frequency, frequency)
        return said.format(weekday=days[weekday])

    async def token(self, request: Request, purpose: Purpose) -> Token | None:
        """What the token in the address says, if it is good."""
        book = await self.records.book()
        found = book.tokens.read(purpose, request.path_params["token"], self.now)
        if found is not None:
            request.state.language = self.language(found.list)
        return found

    def path(self, *parts: str) -> str:
        """The path of one of these pages."""
        return self.look.base + "/".join(parts)

    def mail_waits(self) -> None:
        """Something was queued, and leaves at once."""
        self.office.ring("mail")

    def schedule_changed(self) -> None:
        """The next digest may be due at another time than it was."""
        self.office.ring("entries")

    def bad_link(self) -> Response:
        """The answer to a token that is not good."""
        return self.look.bad_link()
