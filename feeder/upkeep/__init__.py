"""What people do beside publishing: pin ids, withdraw, move, roll back, recover, and look how things stand."""

from __future__ import annotations

from feeder.upkeep.moving import move, redirects
from feeder.upkeep.pinning import pin
from feeder.upkeep.recovering import recover
from feeder.upkeep.rolling import rollback
from feeder.upkeep.status import Status, known_ids, of_history, status
from feeder.upkeep.withdrawing import withdraw

__all__ = ["Status", "known_ids", "move", "of_history", "pin", "recover", "redirects", "rollback", "status", "withdraw"]
