"""What this run means to do, decided before anything is done.

Pure but for reading the history it is handed: the same entries, history and ``now`` give the same plan.
"""

from __future__ import annotations

from feeder.plan.making import make_plan
from feeder.plan.planner import labels_of
from feeder.plan.values import Arrived, Change, Kind, Named, Plan, Step

__all__ = ["Arrived", "Change", "Kind", "Named", "Plan", "Step", "labels_of", "make_plan"]
