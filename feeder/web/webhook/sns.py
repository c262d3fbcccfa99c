"""Amazon SNS: whether a message was sent by a topic that is believed.

SNS signs with a certificate that it would have us download from an address in the message itself. That is not done:
the certificate is a file of the publication (``[web.webhook] sns_certificate``), and a new one is the editor's to put
there.
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from __future__ import annotations

import binascii
import os
import re
from base64 import b64decode
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from feeder.errors import SettingsError
from feeder.web.webhook import fields
from feeder.web.webhook.fields import Object
from feeder.web.webhook.values import Refused, Trust

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

OLDEST: Final = timedelta(days=7)
"""A message that was signed longer ago is not dealt with: SNS gives up after hours."""

_AHEAD: Final = timedelta(hours=1)
_SIGNED: Final = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
"""Type -> what is signed, in this order; ``Subject`` only where it is sent."""
_HOST: Final = r"https://sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?/"
_CONFIRM = re.compile(_HOST + r"\?[A-Za-z0-9=&:%._~+-]{1,1500}")
_CERTIFICATE = re.compile(_HOST + r"SimpleNotificationService-[0-9a-f]{16,64}\.pem")


def believed(data: Object, trust: Trust) -> bool:
    """Whether it is new enough to be dealt with; raises ``Refused`` where it is not signed, or of another topic."""
    settings = trust.settings.web.webhook
    topic = fields.raw(data, "TopicArn")
    if not settings.sns_certificate or not settings.sns_topics:
        raise Refused(403, "this address is not set up: [web.webhook] needs sns_certificate and sns_topics")
    if fields.raw(data, "Type") not in _SIGNED:
        raise Refused(403, "not a message of SNS; turn off raw message delivery at the subscription")
    if topic not in settings.sns_topics:
        raise Refused(403, "not a topic of sns_topics")
    if not _fits(data, trust):
        raise Refused(403, "the signature does not fit the certificate", topic=topic, certificate=certificate_url(data))
    signed_at = fields.moment(fields.raw(data, "Timestamp"))
    return signed_at is not None and trust.now - OLDEST < signed_at < trust.now + _AHEAD


def confirm_url(data: Object) -> str:
    """The address that confirms a subscription; empty where it is none of Amazon's."""
    url = fields.raw(data, "SubscribeURL")
    return url if _CONFIRM.fullmatch(url) else ""


def certificate_url(data: Object) -> str:
    """Where the certificate is that a message says it was signed with; empty where that is not Amazon's."""
    url = fields.raw(data, "SigningCertURL")
    return url if _CERTIFICATE.fullmatch(url) else ""


def canonical(data: Object) -> bytes:
    """What is signed of a message."""
    names = _SIGNED[fields.raw(data, "Type")]
    kept = [name for name in names if name != "Subject" or isinstance(data.get(name), str)]
    return "".join(f"{name}\n{fields.raw(data, name)}\n" for name in kept).encode("utf-8", "replace")


def _fits(data: Object, trust: Trust) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256

    hashes = {"1": SHA1, "2": SHA256}
    version = fields.raw(data, "SignatureVersion")
    try:
        signature = b64decode(fields.raw(data, "Signature"), validate=True)
    except (binascii.Error, ValueError):
        return False
    for key in _keys(trust) if version in hashes else ():
        try:
            key.verify(signature, canonical(data), PKCS1v15(), hashes[version]())  # as SNS prescribes them
        except InvalidSignature:
            continue
        except UnsupportedAlgorithm:
            raise Refused(403, "SHA-1 is turned off on this machine; set SignatureVersion 2 at the topic") from None
        return True
    return False


def _keys(trust: Trust) -> list[RSAPublicKey]:
    """The keys of the certificates that are valid now; the file may hold the next one as well."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509 import load_pem_x509_certificates

    path = os.path.join(trust.settings.root, trust.settings.web.webhook.sns_certificate)
    try:
        with open(path, "rb") as file:
            found = load_pem_x509_certificates(file.read(1 << 20))
    except FileNotFoundError:
        return []  # as with one that does not fit: the editor is told where the right one is
    except (OSError, ValueError) as error:
        raise SettingsError(f"[web.webhook] sns_certificate: {path}: {error}", hint="a PEM file from SNS") from None
    valid = [one for one in found if one.not_valid_before_utc <= trust.now <= one.not_valid_after_utc]
    keys = (one.public_key() for one in valid)
    return [key for key in keys if isinstance(key, RSAPublicKey)]
