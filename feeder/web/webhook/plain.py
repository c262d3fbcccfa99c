"""Any other provider, through a few lines of your own: signed JSON in our terms.

``X-Feeder-Signature: t=SECONDS,v1=HEX``, where HEX is the HMAC-SHA256, keyed with ``webhook_secret``, of SECONDS, a dot
and the body.
"""

from __future__ import annotations

import re
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest, digest
from typing import Final

from feeder.web.webhook import fields
from feeder.web.webhook.fields import Object
from feeder.web.webhook.values import Batch, Incoming, Kind, Refused, Report, Trust

HEADER: Final = "x-feeder-signature"
OLDEST: Final = timedelta(minutes=5)
"""How far its time may be from ours; within it, the same request counts once."""

_SIGNATURE = re.compile(r"\s*t=(\d{1,11})\s*,\s*v1=([0-9a-fA-F]{64})\s*")
_KINDS: Final[dict[str, tuple[Kind, str]]] = {
    "bounce": ("bounce", ""),
    "hard": ("bounce", "5.1.1"),
    "soft": ("bounce", "4.0.0"),
    "policy": ("bounce", "5.7.1"),
    "complaint": ("complaint", ""),
    "unsubscribe": ("unsubscribe", ""),
}
"""What may be reported -> what it is, and the status it means where none is told."""


def signature(secret: bytes, body: bytes, at: int) -> str:
    """The header for a body signed at an instant, in seconds since the epoch."""
    return f"t={at},v1={digest(secret, f'{at}.'.encode() + body, 'sha256').hex()}"


def read(incoming: Incoming, trust: Trust) -> Batch:
    """See ``Adapter.read``."""
    secret = trust.secrets.get("webhook_secret")
    if secret is None:
        raise Refused(403, "this address is not set up: the secret webhook_secret is missing")
    match = _SIGNATURE.fullmatch(incoming.headers.get(HEADER, "")[:200])
    if match is None:
        raise Refused(401, "X-Feeder-Signature: t=SECONDS,v1=HEX is missing")
    right = signature(secret.reveal().encode(), incoming.body, int(match[1]))
    if not compare_digest(right.partition("v1=")[2].encode(), match[2].lower().encode()):
        raise Refused(403, "the signature does not fit")
    signed_at = fields.moment(match[1])
    if signed_at is None or abs(trust.now - signed_at) > OLDEST:
        raise Refused(403, "the signature is too old, or the clocks differ")
    told = fields.anything(incoming.body)
    each = told if isinstance(told, list) else [told]
    if len(each) > fields.MOST:
        raise Refused(413, f"a request has at most {fields.MOST} reports")
    reports = tuple(report for one in each if isinstance(one, dict) and (report := _report(one)) is not None)
    return Batch(keys=(sha256(match[1].encode() + b"." + incoming.body).hexdigest(),), reports=reports)


def _report(told: Object) -> Report | None:
    kind = _KINDS.get(fields.words(told, "kind"))
    if kind is None:
        return None
    text = fields.words(told, "text")
    return Report(
        kind=kind[0],
        address=fields.words(told, "address"),
        status=fields.words(told, "status") or kind[1],
        text=text or ("abuse" if kind[0] == "complaint" else ""),
        traces=f"{fields.words(told, 'message_id')} {fields.words(told, 'verp')}",
        relay_id=fields.words(told, "message_id").strip("<>"),
    )
