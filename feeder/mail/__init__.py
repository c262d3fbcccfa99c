"""Lists, digests, messages, the ledger, sending.

The way through: ``lists`` and ``subscribers`` say who wants what; ``cutting`` decides which entries become whose
digest and queues one delivery each; ``compose`` writes its text, ``message`` the MIME mail of each subscriber;
``sending`` empties the queue through a transport, and its ledger knows what became of every delivery; ``mailbox``
reads what comes back. Nothing here is imported by a publication without ``[[lists]]``.
"""
