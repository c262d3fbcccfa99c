"""Who gets what: ``register`` has the ways into a subscription's states and out of them."""

from __future__ import annotations

from feeder.mail.subscribers.register import Subscribers
from feeder.mail.subscribers.tidying import KEPT_PENDING

__all__ = ["KEPT_PENDING", "Subscribers"]
