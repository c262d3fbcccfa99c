"""The texts of the subscription pages in Chinese and English; templates see them as ``w``."""

from __future__ import annotations

from typing import Final

from feeder.web.wording.chinese import ZH
from feeder.web.wording.english import EN
from feeder.web.wording.values import Refusal, WebWords

__all__ = ["EN", "ZH", "Refusal", "WebWords", "tag_of", "words"]

_TRADITIONAL: Final = frozenset({"hant", "tw", "hk", "mo"})


def words(language: str) -> WebWords:
    """The texts for a language (BCP 47): Chinese for ``zh`` and ``zh-…``, else English."""
    return ZH if language.lower().replace("_", "-").split("-")[0] == "zh" else EN


def tag_of(language: str) -> str:
    """What to call the language in which the texts for ``language`` are: ours are in simplified Chinese and English."""
    parts = language.lower().replace("_", "-").split("-")
    if parts[0] == "zh":
        return "zh-CN" if _TRADITIONAL & set(parts) else language
    return language if parts[0] == "en" else "en"
