"""Amazon SES, through SNS: notifications of an identity, and events of a configuration set.

https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
"""

from __future__ import annotations

from typing import Final

from feeder.web.webhook import fields, sns
from feeder.web.webhook.fields import Object
from feeder.web.webhook.values import Batch, Confirmation, Incoming, Refused, Report, Trust

_STATUS: Final = {
    "Permanent NoEmail": "5.1.1",
    "Permanent Suppressed": "5.1.1",
    "Permanent OnAccountSuppressionList": "5.1.1",
    "Transient MailboxFull": "4.2.2",
    "Transient MessageTooLarge": "5.3.4",
    "Transient ContentRejected": "5.6.0",
    "Transient AttachmentRejected": "5.6.0",
}
"""SES' own words for a bounce -> the status they mean, where it tells none."""
_NO_COMPLAINTS: Final = frozenset({"not-spam", "auth-failure"})


def read(incoming: Incoming, trust: Trust) -> Batch:
    """See ``Adapter.read``."""
    envelope = fields.loaded(incoming.body, 403)
    current = sns.believed(envelope, trust)
    kind = fields.raw(envelope, "Type")
    if not current or kind == "UnsubscribeConfirmation":
        return Batch()
    if kind == "SubscriptionConfirmation":
        url = sns.confirm_url(envelope)
        return Batch(confirmation=Confirmation(topic=fields.raw(envelope, "TopicArn"), url=url) if url else None)
    try:
        told = fields.loaded(fields.raw(envelope, "Message"))
    except Refused:
        return Batch()  # the words with which SES tries out a topic, or another service's
    reports = _reports(told)
    # One event may be published twice, by the identity and by the configuration set.
    feedback = fields.words(told, "bounce", "feedbackId") or fields.words(told, "complaint", "feedbackId")
    keys = tuple(key for key in (fields.words(envelope, "MessageId"), feedback) if key)
    return Batch(keys=keys, reports=reports) if reports else Batch()


def _reports(told: Object) -> tuple[Report, ...]:
    kind = fields.words(told, "eventType") or fields.words(told, "notificationType")
    if kind == "Bounce":
        found = [_bounce(told, one) for one in fields.many(told, "bounce", "bouncedRecipients")]
        return tuple(one for one in found if one is not None)
    if kind == "Complaint" and fields.words(told, "complaint", "complaintFeedbackType") not in _NO_COMPLAINTS:
        return tuple(_complaint(told, one) for one in fields.many(told, "complaint", "complainedRecipients"))
    return ()


def _bounce(told: Object, recipient: Object) -> Report | None:
    bounce = fields.part(told, "bounce")
    named = f"{fields.words(bounce, 'bounceType')} {fields.words(bounce, 'bounceSubType')}"
    status, said = fields.words(recipient, "status"), fields.words(recipient, "diagnosticCode")
    if named == "Transient General" and not status and not said:
        return None  # an out-of-office answer, which SES takes for a bounce
    if fields.words(recipient, "action") == "delayed":
        return None
    kind, semicolon, reply = said.partition(";")
    text = reply.strip() if semicolon and kind.strip().lower() in ("smtp", "x-postfix", "x-unix") else said
    return Report(
        kind="bounce",
        address=fields.words(recipient, "emailAddress"),
        status=status or _STATUS.get(named, ""),
        text=text or named,
        traces=fields.everything(fields.part(told, "mail")),
        relay_id=fields.words(told, "mail", "messageId"),
    )


def _complaint(told: Object, recipient: Object) -> Report:
    return Report(
        kind="complaint",
        address=fields.words(recipient, "emailAddress"),
        text=fields.words(told, "complaint", "complaintFeedbackType") or "abuse",
        traces=fields.everything(fields.part(told, "mail")),
        relay_id=fields.words(told, "mail", "messageId"),
    )
