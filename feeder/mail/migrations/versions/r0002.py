"""Requests to subscribe are counted for an hour, by network and by provider."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table they are counted in."""
    op.create_table(
        "asking",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("network", sa.Text, nullable=False),
        sa.Column("domain", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("asking_network", "asking", ["network", "at"])
    op.create_index("asking_domain", "asking", ["domain", "at"])
    op.create_index("asking_at", "asking", ["at"])
