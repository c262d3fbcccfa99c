"""What the editor is told of the webhook, by mail and once a day."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from feeder.config.settings import Settings
from feeder.mail import lists
from feeder.mail.compose import Composer
from feeder.mail.notices import Post, is_news
from feeder.web.webhook.values import Confirmation, Refused


class Telling:
    """Writes to the editor of one publication."""

    def __init__(self, settings: Settings, post: Post, composer: Composer) -> None:
        self._settings, self._post, self._composer = settings, post, composer
        self._chinese = settings.site.language.startswith("zh")

    def confirm(self, connection: Connection, asked: Confirmation, now: datetime) -> None:
        """A topic of SNS wants its subscription confirmed, which is the editor's to do."""
        title, said = _chinese_confirm(asked.topic) if self._chinese else _english_confirm(asked.topic)
        self._tell(connection, f"sns confirm {asked.topic}", title, [*said, asked.url], now)

    def unfit(self, connection: Connection, refused: Refused, now: datetime) -> None:
        """Reports of a topic are signed with a certificate that is not ours."""
        file = self._settings.web.webhook.sns_certificate
        wording = _chinese_unfit if self._chinese else _english_unfit
        title, said = wording(refused.topic, file, refused.certificate)
        self._tell(connection, f"sns certificate {refused.topic}", title, said, now)

    def _tell(self, connection: Connection, key: str, title: str, paragraphs: list[str], now: datetime) -> None:
        if not is_news(connection, key, now):
            return
        language = self._settings.site.language
        rendered = self._composer.alarm(title, paragraphs, language)
        self._post.queue(connection, "alarm", lists.editor_of(self._settings)[1], rendered, now, language=language)


def _chinese_confirm(topic: str) -> tuple[str, list[str]]:
    return "请确认 SNS 订阅", [
        f"亚马逊 SNS 的主题 {topic} 要把退信和投诉报告发到这里。",
        "如果这是您设置的，请在浏览器中打开下面的地址确认；否则不必理会。feeder 不会自行访问别人发来的地址。",
    ]


def _english_confirm(topic: str) -> tuple[str, list[str]]:
    mine = "If you set this up, open the address below in a browser to confirm it; otherwise ignore this mail."
    return "Confirm the SNS subscription", [
        f"Amazon's SNS topic {topic} is about to send reports of bounces and complaints here.",
        f"{mine} feeder itself opens no address that strangers send.",
    ]


def _chinese_unfit(topic: str, file: str, url: str) -> tuple[str, list[str]]:
    where = f"报告自称用的证书在 {url}" if url else "报告自称用的证书不在亚马逊的地址上，多半是伪造的。"
    return "SNS 报告的签名不符", [
        f"一份自称来自主题 {topic} 的报告没有被采信：签名与文件 {file} 中的证书不符，或者没有这个文件，或证书已过期。",
        "如果还没有放证书，或者亚马逊换了证书，请下载证书放进这个文件，旧的可以留着。",
        where,
    ]


def _english_unfit(topic: str, file: str, url: str) -> tuple[str, list[str]]:
    where = f"It says that it was signed with {url}" if url else "The certificate it names is not Amazon's: a forgery."
    return "A report from SNS was not believed", [
        f"It says that it is from the topic {topic}.",
        f"Its signature does not fit the certificate in {file}, or that is missing, or has expired.",
        "If none is there yet, or Amazon has changed it, download it into that file; the old one may stay.",
        where,
    ]
