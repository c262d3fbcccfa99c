"""``feeder run``: decides when, never what. Everything that matters stands in files and databases.

``facts`` reads from them what is due, ``duties`` says what follows from that at which instant (pure), ``clockwork``
waits for it, ``hands`` are the two threads in which ``work`` publishes and sends, at the ``turns`` that something rings
for; ``outside`` has the watcher and the pages, ``telling`` says what does not work. ``house`` puts all of it together.
"""
