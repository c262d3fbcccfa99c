"""A digest's subject, HTML and text, made from its entries and frozen; and the system mails."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from html import escape
from typing import Final, NamedTuple
from urllib.parse import quote
from zoneinfo import ZoneInfo

import css_inline
from markupsafe import Markup

from feeder.config.settings import MailingList, Settings
from feeder.mail import lists
from feeder.mail.compose import plaintext, shrinking
from feeder.mail.compose.content import for_mail, web_or_mail
from feeder.mail.compose.shrinking import Level
from feeder.mail.compose.subjects import LONGEST, line, shortened, subject_of
from feeder.mail.compose.views import EntryView, Viewer, script, shown
from feeder.mail.compose.wording import MailWords, words
from feeder.mail.message import encoding
from feeder.mail.values import HOLE, Edition, Hole, Rendered
from feeder.pages.rows import direction
from feeder.pages.templating import Templates
from feeder.pages.wording import words as page_words

LINE: Final = "-" * 60
"""What stands between the parts of a text."""
LONGEST_PREHEADER: Final = 140
MOST_CORRECTIONS: Final = 50
"""Corrections that the HTML shows; the text has all of them."""
CORRECTIONS_LENGTH: Final = 10_000
"""Characters of all corrections together."""
LONGEST_PREFACE: Final = 20_000
"""Characters of a note's HTML."""
FEWEST_CONTENTS: Final = 3
"""Entries from which on a list of contents helps."""

_BODY = re.compile(r"<body\b[^>]*>")
_EMPTY_LINES = re.compile(r"\n{3,}")
_TRAILING = re.compile(r"[ \t]+$", re.MULTILINE)


class WayOut(NamedTuple):
    """A link of the footer."""

    name: str
    href: Markup


class ListView(NamedTuple):
    """A list as the templates see it."""

    name: str
    title: str
    description: str


def mail_templates(settings: Settings) -> Templates:
    """The templates of one publication's mail."""
    constants = {"site": settings.site, "site_url": settings.site.url, "wrap": plaintext.wrap, "line": LINE}
    return Templates(settings.root, constants, sandbox=settings.site.sandbox)


def hole(name: Hole) -> Markup:
    """A hole as a template puts it into HTML or text."""
    return Markup(HOLE.format(name))  # noqa: S704  both of its marks are control characters


class Composer:
    """Composes the mail of one publication."""

    def __init__(self, settings: Settings, templates: Templates | None = None) -> None:
        self.settings = settings
        self.templates = templates or mail_templates(settings)
        self._inliner = css_inline.CSSInliner(load_remote_stylesheets=False, minify_css=True)
        self._viewers: dict[tuple[str, str], Viewer] = {}

    def digest(self, mailing_list: MailingList, edition: Edition) -> Rendered:
        """A digest, ready to be frozen.

        Raises:
            BadTemplateError: a template of the publication is wrong; it names the file and the line.
        """
        t = words(edition.language)
        viewer = self._viewer(edition.language, lists.zone_of(self.settings, mailing_list))
        views = [viewer.view(entry) for entry in edition.entries]
        corrections = _bounded([viewer.view(entry) for entry in edition.corrections])
        subject = self._subject(mailing_list, edition, viewer.local(edition.until))
        values = {
            **self._frame(edition.language, subject, _preheader(views, corrections, t)),
            **self._around(mailing_list, t),
            "date": viewer.calendar.full_date(viewer.local(edition.until)),
            "count": t.count(len(views)) if views else "",
            "corrections": corrections,
            "corrections_omitted": _beyond(len(corrections), t),
            "preface": _preface(edition.preface, t, self.settings.site.url),
            "preface_text": plaintext.of_html(edition.preface, t),
            "page_url": web_or_mail(edition.page_url),
        }
        name = mailing_list.template
        html, told = shrinking.fitted(
            [len(view.content) for view in views],
            lambda levels: self._shrunk(name, values, views, levels),
            lambda made: shrinking.fits_gmail(made[0]),
        )
        return Rendered(subject=subject, html=html, text=self._text(name, values | told, "digest"))

    def notice(self, kind: str, mailing_list: MailingList | None, language: str, **told: object) -> Rendered:
        """A system mail of its own words: ``confirm``, ``already``, ``data``, ``goodbye``, ``welcome``.

        ``told`` has the ``url`` of its button, and what its words name: ``frequency``, ``days``. Nothing that a
        visitor wrote belongs into it: whoever entered another's address would have a text delivered to it.
        """
        t = words(language)
        notice = t.notices[kind]
        title = lists.title_of(self.settings, mailing_list)
        named = {"list": title, "site": self.settings.site.title, "frequency": "", "days": 7, **told}
        named["frequency"] = t.frequencies.get(str(named["frequency"]), named["frequency"])
        values = self._frame(language, line(notice.subject.format_map(named)), "") | {
            "title": notice.title,
            "text": [paragraph.format_map(named) for paragraph in notice.text],
            "button": notice.button,
            "url": web_or_mail(str(told.get("url", ""))),
            "small": [paragraph.format_map(named) for paragraph in notice.small],
            "reason": t.reason_asked.format(list=title) if kind == "confirm" else t.reason.format(list=title),
        }
        plain = [paragraph.format_map(named) for paragraph in notice.plain or notice.text]
        return self._notice(values, {"text": plain})

    def alarm(self, title: str, paragraphs: Sequence[str], language: str) -> Rendered:
        """A mail to the editor that something needs looking at."""
        t = words(language)
        values = self._frame(language, line(t.alarm_subject.format(subject=title)), "") | {
            "title": line(title),
            "text": [line(paragraph) for paragraph in paragraphs],
            "button": "",
            "url": "",
            "small": [],
            "reason": "",
        }
        return self._notice(values)

    def proof(self, rendered: Rendered, language: str, *, when: str, count: int, command: str) -> Rendered:
        """A digest for the editor's eyes, before it leaves: as subscribers will see it, under a box that says so.

        Args:
            when: the instant at which it leaves, in words.
            count: how many subscribers get it.
            command: what stops or changes it.
        """
        t = words(language)
        values: dict[str, object] = {
            "title": t.proof_title,
            "text": [t.proof_text.format(when=when, count=count), t.proof_now.format(command=command)],
            "script": script(language),
        }
        box = self._inliner.inline_fragment(self.templates.render("mail/proof.html", values), self._style())
        filled = {
            "unsubscribe": self.settings.web.url or self.settings.site.url,
            "preferences": self.settings.web.url or self.settings.site.url,
            "address": lists.editor_of(self.settings)[1],
        }
        html = encoding.fill(rendered.html, {name: escape(value) for name, value in filled.items()})
        text = encoding.fill(rendered.text, filled)
        return Rendered(
            subject=shortened(t.proof_subject.format(subject=rendered.subject), LONGEST),
            html=_BODY.sub(lambda body: body[0] + box, html, count=1),
            text=_tidy(self.templates.render("mail/proof.txt", values)) + "\n" + text,
        )

    def _viewer(self, language: str, zone: str) -> Viewer:
        known = self._viewers.get((language, zone))
        if known is None:
            known = Viewer(self.settings.site.url, language, ZoneInfo(zone), words(language))
            self._viewers[language, zone] = known
        return known

    def _subject(self, mailing_list: MailingList, edition: Edition, at: datetime) -> str:
        return subject_of(
            words(edition.language),
            pattern=mailing_list.subject,
            note=edition.subject,
            ad=mailing_list.ad,
            list_title=line(lists.title_of(self.settings, mailing_list)),
            date=page_words(edition.language).short_date(at),
            entries=edition.entries,
            corrections=edition.corrections,
        )

    def _frame(self, language: str, subject: str, preheader: str) -> dict[str, object]:
        """What every mail has."""
        return {
            "t": words(language),
            "language": language,
            "direction": direction(language),
            "script": script(language),
            "subject": subject,
            "preheader": preheader,
            "postal_address": line(self.settings.mail.postal_address),
        }

    def _around(self, mailing_list: MailingList, t: MailWords) -> dict[str, object]:
        """What a digest says about its list, and the ways out of it."""
        title = line(lists.title_of(self.settings, mailing_list))
        ways = []
        if self.settings.web.url or self.settings.mail.unsubscribe:
            ways.append(WayOut(t.unsubscribe, hole("unsubscribe")))
        if self.settings.web.url:
            ways.append(WayOut(t.preferences, hole("preferences")))
        reply = lists.person_and_address(lists.reply_to_of(self.settings, mailing_list))[1]
        reply = reply or lists.sender_of(self.settings, mailing_list)[1]
        return {
            "list": ListView(mailing_list.name, title, line(mailing_list.description)),
            "reason": t.reason.format(list=title),
            "ways_out": ways,
            "reply_url": f"mailto:{quote(reply, safe='@+')}?subject={quote(t.no_web_subject)}",
            "reply_text": t.no_web.format(address=reply, subject=t.no_web_subject),
            **{name: hole(name) for name in ("unsubscribe", "preferences", "name", "address")},
        }

    def _shrunk(
        self, name: str, values: Mapping[str, object], views: Sequence[EntryView], levels: Sequence[Level]
    ) -> tuple[str, dict[str, object]]:
        """The HTML with its entries so far shrunk, and what the text needs to be shrunk likewise."""
        t = values["t"]
        assert isinstance(t, MailWords)
        told = [shown(view, level) for view, level in zip(views, levels, strict=True) if level is not Level.COUNTED]
        counted = len(views) - len(told)
        shrunk: dict[str, object] = {
            "entries": told,
            "contents": told if len(told) >= FEWEST_CONTENTS or Level.TITLE in levels else [],
            "omitted": (t.omitted_one if counted == 1 else t.omitted).format(counted) if counted else "",
        }
        # What has but a title stands in the list of contents already.
        sections = [view for view, level in zip(told, levels, strict=False) if level is not Level.TITLE]
        corrections = values["corrections"]
        assert isinstance(corrections, list)
        seen = {**values, **shrunk, "entries": sections, "corrections": corrections[:MOST_CORRECTIONS]}
        return self._html(name, seen, "digest"), shrunk

    def _notice(self, values: Mapping[str, object], plain: Mapping[str, object] | None = None) -> Rendered:
        return Rendered(
            subject=str(values["subject"]),
            html=self._html("notice", values, "notice"),
            text=self._text("notice", {**values, **(plain or {})}, "notice"),
        )

    def _html(self, name: str, values: Mapping[str, object], fallback: str) -> str:
        html = self.templates.render(self._template(name, "html", fallback), values)
        return self._inliner.inline(html.strip())

    def _text(self, name: str, values: Mapping[str, object], fallback: str) -> str:
        return _tidy(self.templates.render(self._template(name, "txt", fallback), values))

    def _template(self, name: str, ending: str, fallback: str) -> str:
        """A list may have a template of its own for one of the two alone."""
        own = f"mail/{name}.{ending}"
        return own if self.templates.has(own) else f"mail/{fallback}.{ending}"

    def _style(self) -> str:
        return self.templates.render("mail/style.css", {})


def _markup(html: str) -> Markup:
    """HTML that was made anew from an allow-list."""
    return Markup(html)  # noqa: S704


def _tidy(text: str) -> str:
    """A text without blanks at the ends of lines, and with no more than one empty line in a row."""
    return _EMPTY_LINES.sub("\n\n", _TRAILING.sub("", text)).strip("\n") + "\n"


def _preface(html: str, t: MailWords, site_url: str) -> Markup:
    """A note's HTML; one that would leave no room for news is shown by its beginning, and whole in the text."""
    made = for_mail(html, t, site_url)
    if len(made) > LONGEST_PREFACE:
        made = f"<p>{escape(shortened(' '.join(plaintext.of_html(html, t).split()), LONGEST_PREFACE // 10))}</p>"
    return _markup(made)


def _bounded(corrections: list[EntryView]) -> list[EntryView]:
    """Corrections that leave room for the entries, however many and long they are."""
    longest = max(CORRECTIONS_LENGTH // max(len(corrections), 1), 100)
    return [replace(one, correction=shortened(one.correction, longest)) for one in corrections]


def _beyond(count: int, t: MailWords) -> str:
    rest = count - MOST_CORRECTIONS
    return "" if rest <= 0 else t.omitted_one if rest == 1 else t.omitted.format(rest)


def _preheader(entries: Sequence[EntryView], corrections: Sequence[EntryView], t: MailWords) -> str:
    """What a list of mails shows behind the subject: what the subject does not say already."""
    told = [one.correction for one in corrections if not entries][:1]
    told += [one.title for one in entries[1:]] or [one.summary for one in entries]
    return shortened(t.between_titles.join(filter(None, told)), LONGEST_PREHEADER)
