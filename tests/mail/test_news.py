"""What the editor is told once a day."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from mail.deskbook import settings
from support import NOW

from feeder.mail.database import open_mail
from feeder.mail.notices import is_news


def test_each_thing_is_news_once_a_day_by_whatever_clock(tmp_path: Path) -> None:
    with open_mail(settings(tmp_path), NOW) as opened, opened.begin() as connection:
        hours = {0: True, 1: False, 23: False, 25: True, 26: False, -50: True, -49: False}
        assert {hour: is_news(connection, "a", NOW + timedelta(hours=hour)) for hour in hours} == hours
        assert is_news(connection, "b", NOW)
