"""How the mail database came to be: one file in versions/ a change of schema, run by Alembic.

A new one: change ``schema.py``, write ``versions/rNNNN.py`` after the last, raise ``HEAD`` in ``database.py``, and keep
the dump of the version before in ``tests/fixtures/mail/``; a test compares where both ways end.
"""
