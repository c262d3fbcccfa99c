"""WebSub (https://www.w3.org/TR/websub/): telling the hub which topics changed.

A topic is the address of a feed document, as its ``rel="self"`` has it. What is owed to the hub is written down before
the first file goes live (``owed``), and struck off when the hub has answered (``rounds``): a notify that failed, or was
killed, is made up for by a later run.
"""

from feeder.websub.owed import Owed, due, instant, is_topic, load, owe, save, settle
from feeder.websub.rounds import Notified, notify

__all__ = ["Notified", "Owed", "due", "instant", "is_topic", "load", "notify", "owe", "save", "settle"]
