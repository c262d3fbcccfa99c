"""Which texts the subscription pages have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Refusal(NamedTuple):
    """A page that says no."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebWords:
    """One language's texts; ``{list}`` stands for the title of a list."""

    subscribe_title: str
    subscribe_text: str
    lists_title: str
    lists_text: str
    lists_none: str
    address: str
    address_hint: str
    address_wrong: str
    how_often: str
    frequencies: Mapping[str, str]
    your_zone: str
    leave_empty: str
    consent: str
    subscribe: str
    next_step: str
    too_fast: str
    too_old: str
    once_more: str
    past: str
    asked_title: str
    asked_text: str
    asked_hint: str
    asked_wrong: str
    confirm_title: str
    confirm_text: str
    confirm_hint: str
    confirm: str
    confirmed_title: str
    confirmed_text: str
    confirmed_hint: str
    confirm_also: str
    unsubscribe_title: str
    unsubscribe_text: str
    unsubscribe: str
    unsubscribe_all: str
    unsubscribe_all_text: str
    unsubscribe_all_title: str
    unsubscribed_title: str
    unsubscribed_text: str
    unsubscribed_all_text: str
    unsubscribed_hint: str
    come_back: str
    preferences_title: str
    preferences_text: str
    preferences_none: str
    states: Mapping[str, str]
    pending_here: str
    save: str
    hour: str
    hour_default: str
    hour_of_day: str
    zone: str
    zone_default: str
    zone_here: str
    language: str
    language_default: str
    tags: str
    tags_text: str
    pause: str
    pause_text: str
    resume: str
    resume_text: str
    not_offered: str
    others: str
    done: Mapping[str, str]
    wrong_choice: str
    your_data: str
    your_data_text: str
    data_send: str
    data_text: str
    export: str
    erase: str
    erase_title: str
    erase_text: tuple[str, ...]
    erase_button: str
    erase_back: str
    erased_title: str
    erased_text: str
    to_site: str
    busy_title: str
    busy_text: str
    again: str
    bad_link: Refusal
    refusals: Mapping[int, Refusal]
    alarm_title: str
    alarm_text: str
