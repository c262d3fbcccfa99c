"""Mailgun: webhooks for permanent failures, complaints and unsubscribes.

Mailgun signs a time and a token, not what it says: so each token is good once.
https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks
"""

from __future__ import annotations

from datetime import timedelta
from hmac import compare_digest, digest
from typing import Final

from feeder.mail.bounces import replies
from feeder.web.webhook import fields
from feeder.web.webhook.fields import Object
from feeder.web.webhook.values import Batch, Incoming, Kind, Refused, Report, Trust

OLDEST: Final = timedelta(hours=12)
"""Mailgun tries again for eight hours."""
_AHEAD: Final = timedelta(minutes=15)

_KINDS: Final[dict[str, Kind]] = {"complained": "complaint", "unsubscribed": "unsubscribe"}
_SUPPRESSED: Final[dict[str, Kind]] = {"suppress-complaint": "complaint", "suppress-unsubscribe": "unsubscribe"}
"""Why Mailgun did not even try -> what the person had said."""


def read(incoming: Incoming, trust: Trust) -> Batch:
    """See ``Adapter.read``."""
    key = trust.secrets.get("mailgun_key")
    if key is None:
        raise Refused(403, "this address is not set up: the secret mailgun_key is missing")
    told = fields.loaded(incoming.body, 403)
    token = _believed(told, key.reveal().encode(), trust)
    event = fields.part(told, "event-data")
    report = _report(event)
    known_by = fields.words(event, "id")
    # The token is used up even by what is of no interest: else somebody who saw it could send a bounce with it.
    keys = (f"token {token}", *([f"event {known_by}"] if known_by and report else []))
    return Batch(keys=keys, reports=(report,) if report else ())


def _believed(told: Object, key: bytes, trust: Trust) -> str:
    """The token, if its signature is right and it is new."""
    stamp, token, signature = (
        fields.raw(told, "signature", name)[:300] for name in ("timestamp", "token", "signature")
    )
    right = digest(key, f"{stamp}{token}".encode("utf-8", "replace"), "sha256").hex()
    if not token or not compare_digest(right.encode(), signature.encode("utf-8", "replace")):
        raise Refused(403, "the signature does not fit")
    signed_at = fields.moment(stamp)
    if signed_at is None or not trust.now - OLDEST < signed_at < trust.now + _AHEAD:
        raise Refused(403, "the signature is too old")
    return fields.clean(token)


def _report(event: Object) -> Report | None:
    kind, reason = fields.words(event, "event"), fields.words(event, "reason")
    if kind in _KINDS:
        return _about(event, _KINDS[kind], "abuse")
    if kind != "failed" or fields.words(event, "severity") != "permanent":
        return None  # a temporary failure is one that Mailgun tries again
    if reason in _SUPPRESSED:
        return _about(event, _SUPPRESSED[reason], "abuse")
    status = fields.part(event, "delivery-status")
    said = fields.words(status, "message") or fields.words(status, "description")
    code = fields.words(status, "code")
    told = fields.words(status, "enhanced-code") or replies.first_status(said)
    if code.startswith("5") and len(code) == 3 and not replies.own_code(said):
        said = f"{code} {said}"
    known_bad = reason == "suppress-bounce" or (not told and code == "605")
    return _about(event, "bounce", said, told or ("5.1.1" if known_bad else ""))


def _about(event: Object, kind: Kind, text: str, status: str = "") -> Report:
    message_id = fields.words(event, "message", "headers", "message-id")
    return Report(
        kind=kind,
        address=fields.words(event, "recipient"),
        status=status,
        text=text,
        # Mailgun writes it without its angle brackets.
        traces=f"<{message_id}> {fields.everything(fields.part(event, 'envelope'))}",
        relay_id=message_id,
    )
