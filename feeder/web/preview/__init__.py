"""What a writer keeps open: the site as it would be, drafts and all, with what is wrong beside it.

Everything is built into a folder of its own below ``.feeder/``; nothing here writes to ``out/``, to the history or to
the mail database.
"""
