"""A digest's subject, HTML and text, made from its entries and frozen; and the system mails."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo

import css_inline
from markupsafe import Markup

from feeder import dates
from feeder.config.settings import MailingList, Settings
from feeder.mail.values import HOLE, Edition, Rendered
from feeder.mail.wording import words
from feeder.pages.rows import direction
from feeder.pages.templating import Templates
from feeder.pages.wording import words as page_words


def mail_templates(settings: Settings) -> Templates:
    """The templates of one publication's mail."""
    return Templates(settings.root, {"site": settings.site, "site_url": settings.site.url})


class Composer:
    """Composes the mail of one publication."""

    def __init__(self, settings: Settings, templates: Templates | None = None) -> None:
        self.settings = settings
        self.templates = templates or mail_templates(settings)
        self._inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True, minify_css=True)

    def digest(self, mailing_list: MailingList, edition: Edition) -> Rendered:
        """A digest, ready to be frozen."""
        t, pages = words(edition.language), page_words(edition.language)
        zone = ZoneInfo(mailing_list.timezone or self.settings.site.timezone)
        title = mailing_list.title or self.settings.site.title
        at = dates.from_micros(edition.until).astimezone(zone)
        first = (edition.entries or edition.corrections)[0]
        subject = edition.subject or f"{title} · {pages.short_date(at)}{t.subject_joint}{first.title}"
        values: dict[str, object] = {
            "t": t,
            "language": edition.language,
            "direction": direction(edition.language),
            "list_title": title,
            "subject": subject,
            "date": pages.full_date(at),
            "entries": [(entry, Markup(entry.html)) for entry in edition.entries],
            "texts": [(entry, html.unescape(re.sub("<[^>]*>", "", entry.html))) for entry in edition.entries],
            "corrections": edition.corrections,
            "preface": Markup(edition.preface),
            "page_url": edition.page_url,
            "postal_address": self.settings.mail.postal_address,
            "unsubscribe": Markup(HOLE.format("unsubscribe")),
            "preferences": Markup(HOLE.format("preferences")),
            "address": Markup(HOLE.format("address")),
        }
        return Rendered(subject=subject, html=self._html("digest", values), text=self._text("digest", values))

    def notice(self, kind: str, mailing_list: MailingList | None, language: str, **values: object) -> Rendered:
        """A system mail: confirm, already, goodbye, welcome."""
        t = words(language)
        title = (mailing_list.title if mailing_list else "") or self.settings.site.title
        notice = t.notices[kind]
        told = {"list": title, "site": self.settings.site.title, "frequency": "", "days": 7} | values
        given: dict[str, object] = {
            "t": t,
            "language": language,
            "direction": direction(language),
            "subject": notice.subject.format_map(told),
            "title": notice.title,
            "text": [line.format_map(told) for line in notice.text],
            "button": notice.button,
            "url": str(values.get("url", "")),
            "small": [line.format_map(told) for line in notice.small],
        }
        return Rendered(
            subject=str(given["subject"]), html=self._html("notice", given), text=self._text("notice", given)
        )

    def _html(self, name: str, values: Mapping[str, object]) -> str:
        return self._inliner.inline(self.templates.render(f"mail/{name}.html", values))

    def _text(self, name: str, values: Mapping[str, object]) -> str:
        return self.templates.render(f"mail/{name}.txt", values)
