"""What the settings of the web may be, beyond their types; see ``checks``."""

from __future__ import annotations

import ipaddress
import re

from feeder.config import mailchecks
from feeder.config.checks import Wrong, text

_ARN = re.compile(r"arn:[a-z0-9-]+:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]{1,256}")


def host(value: str) -> str:
    """A name or address of this machine, in brackets or not."""
    value = text(value).strip()
    try:
        return str(ipaddress.ip_address(value.removeprefix("[").removesuffix("]")))
    except ValueError:
        return mailchecks.host(value)


def network(value: str) -> str:
    """An address, or a network such as 10.0.0.0/8."""
    value = text(value).strip()
    try:
        found = ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise Wrong(f"not an address or network: {value}", "write it as 127.0.0.1 or 10.0.0.0/8") from None
    return str(found.network_address) if found.num_addresses == 1 else str(found)


def topic(value: str) -> str:
    """The ARN of an SNS topic."""
    value = text(value).strip()
    if not _ARN.fullmatch(value):
        raise Wrong(f"not the ARN of an SNS topic: {value}", "copy it, as arn:aws:sns:eu-west-1:123456789012:bounces")
    return value
