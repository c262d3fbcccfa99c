"""What comes back: bounces, complaints and requests, from a pipe, a Maildir or a server.

``sources`` reads messages, ``parsing`` takes any bytes apart, ``classify`` says what a message is (with ``reports``,
``requests`` and the words of ``phrases.toml``), ``marks`` whose it is, and ``handling`` does what follows (with
``returns``, ``policy`` and ``wishes``). ``run`` goes through a mailbox.
"""
