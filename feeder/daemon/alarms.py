"""Telling the operator by mail that something does not work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from feeder import history as histories
from feeder.config import Settings
from feeder.upkeep.running import Trouble

_CHINESE: Final = {
    "publish": "发布失败",
    "settings": "feeder.toml 有误",
    "deploy": "部署失败",
    "digests": "摘要邮件没有做成",
    "sending": "邮件发送失败",
    "facts": "无法得知接下来要做什么",
    "limits": "有邮件暂缓发送",
    "web": "订阅页面的地址无法使用",
    "pages": "订阅页面无法显示",
    "process": "feeder run 需要重新启动",
}
_ENGLISH: Final = {
    "publish": "publishing fails",
    "settings": "feeder.toml is wrong",
    "deploy": "the deploy command fails",
    "digests": "digests cannot be made",
    "sending": "mail cannot be sent",
    "facts": "what is due cannot be found out",
    "limits": "some mail is held back",
    "web": "the pages cannot be served at their address",
    "pages": "the subscription pages cannot be shown",
    "process": "feeder run has to be started anew",
}
_GOES_ON_CHINESE: Final = (
    "feeder run 仍在运行，会自动再试，有改动时也会再试；已公开的内容不受影响。"
    "恢复之前不再来信，用 feeder status 可看现状。"
)
_GOES_ON_ENGLISH: Final = (
    "feeder run goes on and tries again by itself, and whenever something changes; what was public stays public. "
    "There is no further mail about this until it is well again; feeder status tells how things stand."
)


def queue(settings: Settings, keys: Sequence[bytes], trouble: Trouble, now: datetime) -> bool:
    """Queue a mail about a trouble to whoever gets alarms; False where no mail is ever made.

    Raises ``FeederError`` or ``OSError`` where it cannot be queued now.
    """
    if not settings.lists:
        return False
    from feeder.mail import lists
    from feeder.mail.compose import Composer
    from feeder.mail.database import open_mail
    from feeder.mail.notices import Post

    language = settings.site.language
    title, paragraphs = (_chinese if language.startswith("zh") else _english)(trouble, settings)
    rendered = Composer(settings).alarm(title, paragraphs, language)
    with open_mail(settings, now, keys=keys) as database, database.begin() as connection:
        post = Post(settings, [*keys, *_kept(database.secrets(), keys)], list_host=_host(settings))
        post.queue(connection, "alarm", lists.editor_of(settings)[1], rendered, now, language=language)
    return True


def _kept(all_keys: Sequence[bytes], given: Sequence[bytes]) -> Sequence[bytes]:
    return [key for key in all_keys if key not in given]


def _host(settings: Settings) -> str:
    if not (settings.root / histories.FILE).exists():
        return ""
    from feeder.pipeline.mailing import list_host

    with histories.read_history(str(settings.root)) as history:
        return list_host(settings, history)


def _chinese(trouble: Trouble, settings: Settings) -> tuple[str, list[str]]:
    return f"{settings.site.title}：{_CHINESE.get(trouble.where, trouble.where)}", [
        f"从 {trouble.since:%Y-%m-%d %H:%M} UTC 起：",
        trouble.words,
        _GOES_ON_CHINESE,
    ]


def _english(trouble: Trouble, settings: Settings) -> tuple[str, list[str]]:
    return f"{settings.site.title}: {_ENGLISH.get(trouble.where, trouble.where)}", [
        f"Since {trouble.since:%Y-%m-%d %H:%M} UTC:",
        trouble.words,
        _GOES_ON_ENGLISH,
    ]
