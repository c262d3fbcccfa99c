"""The texts of digests and system mails, from the templates: subject, HTML and plain text."""

from __future__ import annotations

from feeder.mail.compose.composer import (
    Composer,
)

__all__ = ["Composer"]
