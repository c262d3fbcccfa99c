"""Postmark: webhooks for bounces, spam complaints and changes of subscription.

Postmark signs nothing; it sends a name and password, or a header, that it was told (``webhook_secret``).
https://postmarkapp.com/developer/webhooks/bounce-webhook
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from hmac import compare_digest
from typing import Final

from feeder.web.webhook import fields
from feeder.web.webhook.fields import Object
from feeder.web.webhook.values import Batch, Incoming, Kind, Refused, Report, Trust

HEADER: Final = "x-feeder-secret"

_STATUS: Final = {
    "HardBounce": "5.1.1",
    "BadEmailAddress": "5.1.1",
    "DnsError": "4.4.3",
    "SoftBounce": "4.0.0",
    "Unknown": "",
    "SpamNotification": "5.7.1",
    "VirusNotification": "5.7.1",
    "Blocked": "5.7.1",
    "DMARCPolicy": "5.7.26",
}
"""Its kinds of bounces about the recipient -> the status they mean, where the server's words tell none."""
_CHANGES: Final[dict[str, Kind]] = {"SpamComplaint": "complaint", "ManualSuppression": "unsubscribe"}


def read(incoming: Incoming, trust: Trust) -> Batch:
    """See ``Adapter.read``."""
    secret = trust.secrets.get("webhook_secret")
    if secret is None:
        raise Refused(403, "this address is not set up: the secret webhook_secret is missing")
    if not any(compare_digest(one, secret.reveal().encode()) for one in _given(incoming)):
        raise Refused(401, "a name and password are needed", headers={"WWW-Authenticate": 'Basic realm="webhook"'})
    told = fields.loaded(incoming.body)
    report = _report(told)
    return Batch(keys=(_key(told),), reports=(report,)) if report is not None else Batch()


def _given(incoming: Incoming) -> list[bytes]:
    """The passwords that a request shows."""
    given = [incoming.headers[HEADER].encode("utf-8", "replace")] if incoming.headers.get(HEADER) else []
    scheme, _, coded = incoming.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            given.append(b64decode(coded.strip(), validate=True).partition(b":")[2])
        except (binascii.Error, ValueError):
            return given
    return given


def _key(told: Object) -> str:
    """By which it is known again: changes of subscription have no number of their own."""
    names = ("RecordType", "ID", "MessageID", "Recipient", "ChangedAt")
    return " ".join(fields.words(told, name)[:300] for name in names)


def _report(told: Object) -> Report | None:
    record, kind = fields.words(told, "RecordType"), fields.words(told, "Type")
    if record == "SpamComplaint" or (record == "Bounce" and kind == "SpamComplaint"):
        return _about(told, "complaint", "abuse")
    if record == "Bounce" and kind == "Unsubscribe":
        return _about(told, "unsubscribe")
    if record == "Bounce" and kind in _STATUS:
        said = fields.words(told, "Details") or fields.words(told, "Description")
        return _about(told, "bounce", said.removeprefix("smtp;"), _STATUS[kind])
    # A hard bounce comes as one as well, with the server's words.
    if record == "SubscriptionChange" and told.get("SuppressSending") is True:
        by_person = fields.words(told, "Origin") == "Recipient"
        change = _CHANGES.get(fields.words(told, "SuppressionReason")) if by_person else None
        return _about(told, change, "abuse") if change else None
    return None


def _about(told: Object, kind: Kind, text: str = "", status: str = "") -> Report:
    return Report(
        kind=kind,
        address=fields.words(told, "Email") or fields.words(told, "Recipient"),
        status=status,
        text=text,
        traces=f"{fields.words(told, 'Content')} {fields.everything(fields.part(told, 'Metadata'))}",
        relay_id=fields.words(told, "MessageID"),
    )
