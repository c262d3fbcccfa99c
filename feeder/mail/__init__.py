"""Lists, digests, messages, the ledger, sending.

The way through: ``subscribers`` and ``lists`` say who wants what; ``cutting`` decides which entries become whose
digest and queues one delivery each; ``compose`` makes its text, ``message`` the MIME mail of each subscriber;
``ledger`` knows what became of every delivery, ``sending`` empties the queue through a transport, ``mailbox``
reads what comes back. Nothing here is imported by a publication without ``[[lists]]``.
"""
