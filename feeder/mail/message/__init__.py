"""MIME messages: the stencil of a digest, its headers, signatures and return paths."""

from __future__ import annotations

from feeder.mail.message.stencil import (
    Stencil,
    feedback_sender,
    notice,
)

__all__ = ["Stencil", "feedback_sender", "notice"]
