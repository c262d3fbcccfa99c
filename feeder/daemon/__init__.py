"""``feeder run``: decides when, never what. Everything that matters stands in files and databases."""
