"""Who gets what: ``register`` has the ways into a subscription's states and out of them."""

from __future__ import annotations

from feeder.mail.subscribers.register import (
    KEPT_PENDING,
    Subscribers,
)

__all__ = ["KEPT_PENDING", "Subscribers"]
