"""``out/`` over HTTP, for sites that need no other web server."""

from __future__ import annotations

from feeder.web.files.answering import Files

__all__ = ["Files"]
