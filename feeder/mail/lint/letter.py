"""A message taken apart, once for all rules."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import datetime
from email.message import Message
from functools import cached_property

from lxml import etree, html

_FIELD = re.compile(rb"([!-9;-~]+):((?:[^\r\n]|\r?\n[ \t])*)")
_TEXTS = etree.XPath(".//text()[not(parent::style)]")


class Letter:
    """A message and what its rules ask of it."""

    def __init__(self, data: bytes, *, now: datetime | None, postal_address: str, must_be_signed: bool) -> None:
        self.data = data
        self.now = now
        self.postal_address = postal_address
        self.must_be_signed = must_be_signed
        self.head, _, self.body = data.partition(b"\r\n\r\n")
        self.fields = [
            (name.decode("ascii").lower(), value.decode("utf-8", "surrogateescape"))
            for name, value in _FIELD.findall(self.head)
        ]
        # The old policy gives raw headers and does not mend what is wrong.
        self.parts: list[Message] = []
        self.parsed: Message = email.message_from_bytes(data, policy=email.policy.compat32)
        if self.parsed.is_multipart():
            self.parts = [part for part in self.parsed.get_payload() if isinstance(part, Message)]

    def raw(self, name: str) -> str:
        """A field's first value as it stands, its folds too; empty where there is none."""
        return next((value.strip(" ") for known, value in self.fields if known == name), "")

    def value(self, name: str) -> str:
        """A field's first value on one line; empty where there is none."""
        return re.sub(r"\r?\n[ \t]", " ", self.raw(name)).strip()

    @property
    def is_notice(self) -> bool:
        """A system mail: nobody unsubscribes from it."""
        return bool(self.value("auto-submitted"))

    @cached_property
    def ways_out(self) -> list[str]:
        """The addresses of List-Unsubscribe."""
        return re.findall(r"<([^<>]*)>", self.value("list-unsubscribe"))

    @cached_property
    def sender_domain(self) -> str:
        """The domain of From, in small letters."""
        found = re.search(r"@([A-Za-z0-9.\-]+)>?\s*\Z", self.value("from"))
        return found[1].lower() if found else ""

    @cached_property
    def text(self) -> str:
        """The part for readers without HTML, decoded."""
        return self._decoded("text/plain")

    @cached_property
    def html(self) -> str:
        """The part of HTML, decoded."""
        return self._decoded("text/html")

    @cached_property
    def tree(self) -> etree._Element | None:
        """The HTML, parsed; none where there is none."""
        try:
            return html.document_fromstring(self.html.encode(), parser=html.HTMLParser(encoding="utf-8"))
        except (etree.ParserError, ValueError):
            return None

    def encoded(self, part: Message) -> str:
        """The body of a part as it stands in the message."""
        payload = part.get_payload()
        return payload if isinstance(payload, str) else ""

    def _decoded(self, kind: str) -> str:
        for part in self.parts or [self.parsed]:
            if part.get_content_type() == kind:
                payload = part.get_payload(decode=True)
                return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
        return ""


def words(element: etree._Element) -> str:
    """The text of an element and of all in it, without that of styles."""
    found = _TEXTS(element)
    return "".join(map(str, found)) if isinstance(found, list) else ""
