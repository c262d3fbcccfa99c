"""MIME messages: a digest's is built once and spliced for each subscriber.

A whole build costs milliseconds a message; here, what all subscribers share is encoded, hashed and put into canonical
form once, and a message costs the bytes that are its own.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from html import escape
from typing import TYPE_CHECKING, Final

from feeder.mail import lists
from feeder.mail.addresses import normal
from feeder.mail.links import Links
from feeder.mail.message import encoding, headers
from feeder.mail.message.message_ids import digest_message_id
from feeder.mail.message.verp import Verp
from feeder.mail.tokens import Tokens
from feeder.mail.values import Message, Recipient, Rendered

if TYPE_CHECKING:
    from feeder.config import MailingList, Settings
    from feeder.mail.message.dkim import Signer

ONE_CLICK: Final = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
"""RFC 8058; only beside an https address."""

_SENDER_SHORTEST, _SENDER_LONGEST = 5, 15


class Stencil:
    """A digest's message with holes.

    Args:
        made_at: the Date; that of the snapshot, so that a message is the same whenever it is made again.
        list_host: host of the List-Id, which outlives a move of the site.
        archive_url: page of the list's digests; empty: none.
        language: BCP 47, of the texts around the entries; empty: the list's.
        signer: signs each message; none: no signature.
        verp: makes the return paths; its keys are those of Message-IDs and tokens too.
    """

    def __init__(
        self,
        settings: Settings,
        mailing_list: MailingList,
        rendered: Rendered,
        *,
        digest_id: int,
        made_at: datetime,
        list_host: str,
        archive_url: str = "",
        language: str = "",
        signer: Signer | None = None,
        verp: Verp,
    ) -> None:
        person, address = lists.sender_of(settings, mailing_list)
        self._sender, _ = normal(address)
        self._domain = self._sender.rpartition("@")[2]
        self._number, self._verp = digest_id, verp
        links = Links(settings, Tokens(verp.keys))
        self._ways = _Ways(links, mailing_list.name)
        self._body = Body(rendered, f"{digest_id} {mailing_list.name} {made_at.isoformat()}")
        first = [
            headers.mailbox_field("From", person, address),
            *_reply_to(settings, mailing_list),
            headers.text_field("Subject", rendered.subject),
            headers.date_field(made_at),
        ]
        last = [
            list_id_field(settings, mailing_list, list_host),
            *_archive_and_help(archive_url, links.subscribe(mailing_list.name) or archive_url),
            f"Feedback-ID: {digest_id}:{mailing_list.name}:digest:{feedback_sender(self._domain)}\r\n",
            headers.text_field("Content-Language", language or lists.language_of(settings, mailing_list)),
            "MIME-Version: 1.0\r\n",
            self._body.field,
        ]
        self._first = "".join(first).encode("ascii")
        self._last = "".join(last).encode("ascii") + b"\r\n"
        self._seal = signer.seal([headers.unfold(field) for field in (*first, *last)], made_at) if signer else None

    def message(self, recipient: Recipient) -> Message:
        """The message for one subscriber.

        Raises:
            BadAddress: no mail can be sent to the address.
        """
        address, _ = normal(recipient.address)
        message_id = digest_message_id(self._verp.keys, self._number, recipient.subscriber, self._domain)
        own = [headers.mailbox_field("To", recipient.name, address), f"Message-ID: {message_id}\r\n"]
        ways = self._ways.of(recipient)
        if ways:
            own.append(headers.url_field("List-Unsubscribe", *ways))
            if ways[0].startswith("https:"):
                own.append(ONE_CLICK)
        body = self._body.filled(recipient, ways[0] if ways else "")
        signatures = b""
        if self._seal:
            signatures = self._seal.sign([headers.unfold(field) for field in own], self._body.hash(body))
        return Message(
            sender=self._verp.address(self._number, recipient.subscriber) or self._sender,
            recipient=address,
            message_id=message_id,
            data=b"".join((signatures, self._first, "".join(own).encode("ascii"), self._last, *body)),
        )


class _Ways:
    """The addresses at which a recipient unsubscribes from one list."""

    def __init__(self, links: Links, name: str) -> None:
        self._links, self._name = links, name
        by_web, by_mail = links.unsubscribe(0, name), links.unsubscribe_by_mail(0, name)
        self._page = by_web.rpartition("/")[0] + "/" if by_web.startswith("http") else ""
        self._mailbox = by_mail.rpartition("%20")[0] + "%20" if by_mail else ""

    def of(self, recipient: Recipient) -> list[str]:
        """That of the web first; none where there is neither."""
        given = recipient.unsubscribe
        ways = [given] if given else []
        if self._mailbox and not given.startswith("mailto:"):
            if self._page and given.startswith(self._page):
                # A token is made in 15 µs, and the address has the same one.
                ways.append(self._mailbox + given[len(self._page) :])
            else:
                ways.append(self._links.unsubscribe_by_mail(recipient.subscriber, self._name))
        return ways


class Body:
    """multipart/alternative of a digest, the text first, with holes."""

    def __init__(self, rendered: Rendered, seed: str) -> None:
        text, html = encoding.encoded(rendered.text), encoding.encoded(rendered.html)
        digest = sha256(f"{seed}\n{rendered.subject}".encode("utf-8", "replace") + text.head + html.head)
        # "=_" stands in no line of base64 or quoted-printable.
        boundary = f"=_{digest.hexdigest()[:24]}"
        self.field = f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n'
        self._text, self._html = text, html
        self._before_text = _part(boundary, "plain", text) + text.head
        self._before_html = _part(boundary, "html", html) + html.head
        self._after = f"--{boundary}--\r\n".encode("ascii")
        self.holes = encoding.holes_of(rendered.text) | encoding.holes_of(rendered.html)
        self._start = sha256(self._before_text)

    def filled(self, recipient: Recipient, unsubscribe: str) -> tuple[bytes, ...]:
        """The body in pieces; they are in the relaxed canonical form."""
        values = {
            "unsubscribe": unsubscribe,
            "preferences": recipient.preferences,
            "name": headers.clean(recipient.name),
            "address": recipient.address,
        }
        plain = {name: values[name].encode("utf-8", "replace") for name in self.holes}
        escaped = {name: escape(values[name]).encode("utf-8", "replace") for name in self.holes}
        return (
            self._before_text, self._text.tail(plain), self._before_html, self._html.tail(escaped), self._after
        )  # fmt: skip

    def hash(self, pieces: tuple[bytes, ...]) -> bytes:
        """SHA-256 of the filled body."""
        state = self._start.copy()
        for piece in pieces[1:]:
            state.update(piece)
        return state.digest()


def notice(
    settings: Settings,
    rendered: Rendered,
    address: str,
    message_id: str,
    made_at: datetime,
    *,
    language: str,
    mailing_list: MailingList | None = None,
    list_host: str = "",
) -> bytes:
    """A system mail, unsigned: it is signed when it leaves (`dkim.Signer.sign`).

    Args:
        message_id: with its angle brackets, as `message_ids.notice_message_id` makes it.
        language: BCP 47, of the text.
        mailing_list: the list it is about, whose sender it has; none: the publication's.
        list_host: host of the List-Id; empty: no List-Id.

    Raises:
        BadAddress: no mail can be sent to the address.
    """
    person, sender = lists.sender_of(settings, mailing_list)
    body = Body(rendered, message_id)
    fields = [
        headers.mailbox_field("From", person, sender),
        headers.mailbox_field("To", "", address),
        *_reply_to(settings, mailing_list),
        headers.text_field("Subject", rendered.subject),
        headers.date_field(made_at),
        f"Message-ID: {message_id}\r\n",
        *([list_id_field(settings, mailing_list, list_host)] if mailing_list and list_host else []),
        "Auto-Submitted: auto-generated\r\n",
        "X-Auto-Response-Suppress: All\r\n",
        headers.text_field("Content-Language", language),
        "MIME-Version: 1.0\r\n",
        body.field,
    ]
    pieces = body.filled(Recipient(subscriber=0, address=address), "")
    return b"".join(("".join(fields).encode("ascii"), b"\r\n", *pieces))


def list_id_field(settings: Settings, mailing_list: MailingList, host: str) -> str:
    """The List-Id field (RFC 2919): the list's title and its permanent name, which is no address."""
    title = headers.phrase(lists.title_of(settings, mailing_list), len("List-Id: "))
    folded = "\r\n " if "\r\n" in title or len(title) > headers.LINE // 2 else " "
    return f"List-Id: {title}{folded}<{lists.list_id(mailing_list, host)}>\r\n"


def feedback_sender(domain: str) -> str:
    """The last part of Feedback-ID, 5 to 15 letters and digits: who sends, in Gmail's statistics of complaints."""
    letters = "".join([char for char in domain.lower() if char.isascii() and char.isalnum()])
    return letters[:_SENDER_LONGEST] if len(letters) >= _SENDER_SHORTEST else f"{letters}feeder"


def _reply_to(settings: Settings, mailing_list: MailingList | None) -> list[str]:
    value = lists.reply_to_of(settings, mailing_list)
    if not value:
        return []
    person, address = lists.person_and_address(value)
    return [headers.mailbox_field("Reply-To", person, address)]


def _archive_and_help(archive_url: str, help_url: str) -> list[str]:
    named = (("List-Archive", archive_url), ("List-Help", help_url))
    return [headers.url_field(name, url) for name, url in named if url]


def _part(boundary: str, kind: str, content: encoding.Encoded) -> bytes:
    return (
        f"--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {content.name}\r\n\r\n"
    ).encode("ascii")
