"""What Alembic runs: the missing migrations, on the connection and in the transaction that it is given."""

from __future__ import annotations

from alembic import context

from feeder.mail.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can undo a CREATE TABLE, which Alembic does not count on by itself.
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
