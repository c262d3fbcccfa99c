"""The public entries as values, and the feeds and digests they make: history and cache put together for showing."""

from __future__ import annotations

from feeder.catalog.digests import Digests
from feeder.catalog.public import FOLDERS, Catalog, authority_of, folder, has_real_url

__all__ = ["FOLDERS", "Catalog", "Digests", "authority_of", "folder", "has_real_url"]
