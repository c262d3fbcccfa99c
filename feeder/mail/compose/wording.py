"""The texts of digests and system mails, in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWords:
    """One system mail; ``{list}`` stands for the list's title, the rest for what the notice is given."""

    subject: str
    title: str
    text: tuple[str, ...]
    button: str = ""
    small: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    """Where ``text`` speaks of the button: what the text part says instead, which has a link there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailWords:
    """One language's texts; the templates of mail see them as ``t``."""

    view: str
    contents: str
    corrections: str
    corrections_text: str
    original: str
    by: str
    via: str
    tags: str
    between: str
    between_titles: str
    colon: str
    more: str
    picture: str
    table: str
    listen: str
    watch: str
    download: str
    omitted: str
    omitted_one: str
    reason: str
    reason_asked: str
    sent_to: str
    unsubscribe: str
    preferences: str
    no_web: str
    no_web_subject: str
    published_by: str
    count_one: str
    count_many: str
    subject_one: str
    subject_many: str
    subject_correction: str
    subject_corrections: str
    subject_joint: str
    ad: str
    ad_joint: str
    proof_subject: str
    proof_title: str
    proof_text: str
    proof_now: str
    alarm_subject: str
    notices: dict[str, NoticeWords]
    frequencies: dict[str, str]

    def count(self, number: int) -> str:
        """How many entries: ``3 条``, ``1 entry``."""
        return (self.count_one if number == 1 else self.count_many).format(number)


ZH = MailWords(
    view="在浏览器中查看",
    contents="本期内容",
    corrections="更正",
    corrections_text="以前寄出的消息中，有内容需要更正：",
    original="原文",
    by="作者",
    via="来源",
    tags="标签",
    between="、",
    between_titles="；",
    colon="：",
    more="阅读全文",
    picture="图",
    table="表格",
    listen="收听",
    watch="观看",
    download="下载",
    omitted="还有 {} 条没有列出，请到网页上阅读。",
    omitted_one="还有 1 条没有列出，请到网页上阅读。",
    reason="您收到这封邮件，是因为您订阅了《{list}》。",
    reason_asked="您收到这封邮件，是因为有人在《{list}》的订阅页填写了这个地址。",
    sent_to="本邮件寄往：",
    unsubscribe="退订",
    preferences="更改订阅设置",
    no_web="如要退订，请给 {address} 写信，主题写“{subject}”。",
    no_web_subject="退订",
    published_by="发布者：",
    count_one="{} 条",
    count_many="{} 条",
    subject_one="{title}",
    subject_many="{title}，等 {count} 条",
    subject_correction="更正：{title}",
    subject_corrections="更正：{title}，等 {count} 条",
    subject_joint="：",
    ad="广告",
    ad_joint="：",
    proof_subject="[样稿] {subject}",
    proof_title="样稿",
    proof_text="这一期将于 {when} 寄给 {count} 位订阅者。",
    proof_now="要修改或停发：{command}",
    alarm_subject="[警报] {subject}",
    notices={
        "confirm": NoticeWords(
            subject="请确认订阅《{list}》",
            title="请确认您的订阅",
            text=(
                "有人用这个邮件地址订阅了{site}的《{list}》（{frequency}）。",
                "如果是您本人，请点击下面的按钮确认。确认之前，我们不会给您寄任何内容。",
            ),
            button="确认订阅",
            small=(
                "链接 {days} 天内有效。",
                "如果不是您本人，不必理会这封邮件：不确认，就不会订阅。",
            ),
            plain=(
                "有人用这个邮件地址订阅了{site}的《{list}》（{frequency}）。",
                "如果是您本人，请打开下面的链接确认。确认之前，我们不会给您寄任何内容。",
            ),
        ),
        "already": NoticeWords(
            subject="您已经订阅了《{list}》",
            title="您已经订阅了",
            text=("有人用这个邮件地址再次订阅《{list}》。您已经是订阅者，什么都没有改变。",),
            button="更改订阅设置",
            small=("如果不是您本人，不必理会这封邮件。",),
        ),
        "data": NoticeWords(
            subject="您的数据",
            title="您的数据",
            text=("您在订阅设置里要求查看或删除我们保存的关于您的数据。点击下面的按钮，就可以下载，或者全部删除。",),
            button="我的数据",
            small=(
                "链接一天内有效。请不要转发这封邮件：谁有这个链接，谁就能看到您的数据。",
                "如果不是您本人要求的，不必理会这封邮件。",
            ),
            plain=("您在订阅设置里要求查看或删除我们保存的关于您的数据。打开下面的链接，就可以下载，或者全部删除。",),
        ),
        "goodbye": NoticeWords(
            subject="您已退订《{list}》",
            title="已退订",
            text=("您不会再收到《{list}》。谢谢您读到今天。",),
            button="重新订阅",
            small=("如果这不是您的意思，可以用上面的链接重新订阅。",),
        ),
        "welcome": NoticeWords(
            subject="欢迎订阅《{list}》",
            title="订阅成功",
            text=("您订阅了{site}的《{list}》（{frequency}）。",),
            button="更改订阅设置",
        ),
    },
    frequencies={"instant": "即时", "daily": "每天", "weekly": "每周", "monthly": "每月"},
)

EN = MailWords(
    view="Read in your browser",
    contents="In this issue",
    corrections="Correction",
    corrections_text="Something we sent you earlier needs correcting:",
    original="the entry",
    by="By",
    via="Source",
    tags="Tags",
    between=", ",
    between_titles="; ",
    colon=": ",
    more="Read on",
    picture="Picture",
    table="Table",
    listen="Listen",
    watch="Watch",
    download="Download",
    omitted="{} more are not listed here; please read them on the web.",
    omitted_one="1 more is not listed here; please read it on the web.",
    reason="You get this mail because you subscribed to {list}.",
    reason_asked="You get this mail because somebody entered this address to subscribe to {list}.",
    sent_to="Sent to: ",
    unsubscribe="Unsubscribe",
    preferences="Change preferences",
    no_web="To unsubscribe, write to {address} with “{subject}” as the subject.",
    no_web_subject="unsubscribe",
    published_by="Published by: ",
    count_one="{} entry",
    count_many="{} entries",
    subject_one="{title}",
    subject_many="{title}, and {more} more",
    subject_correction="Correction: {title}",
    subject_corrections="Correction: {title}, and {more} more",
    subject_joint=": ",
    ad="AD",
    ad_joint=": ",
    proof_subject="[Proof] {subject}",
    proof_title="Proof",
    proof_text="This leaves at {when} for {count} subscribers.",
    proof_now="To change or stop it: {command}",
    alarm_subject="[Alarm] {subject}",
    notices={
        "confirm": NoticeWords(
            subject="Please confirm your subscription to {list}",
            title="Please confirm your subscription",
            text=(
                "Somebody asked for {list} by {site} ({frequency}) to be sent to this address.",
                "If that was you, please confirm with the button below. Until then, we will not send you anything.",
            ),
            button="Confirm",
            small=(
                "The link works for {days} days.",
                "If it was not you, ignore this mail: nothing is sent without a confirmation.",
            ),
            plain=(
                "Somebody asked for {list} by {site} ({frequency}) to be sent to this address.",
                "If that was you, please confirm with the link below. Until then, we will not send you anything.",
            ),
        ),
        "already": NoticeWords(
            subject="You are subscribed to {list} already",
            title="You are subscribed already",
            text=(
                "Somebody asked again for {list} to be sent to this address.",
                "You are subscribed already, and nothing has changed.",
            ),
            button="Change preferences",
            small=("If it was not you, ignore this mail.",),
        ),
        "data": NoticeWords(
            subject="Your data",
            title="Your data",
            text=(
                "You asked to see or erase what we keep about you.",
                "The button below leads to a page where you can download it, or have all of it erased.",
            ),
            button="My data",
            small=(
                "The link works for a day. Please do not forward this mail: whoever has the link sees your data.",
                "If you did not ask for it, ignore this mail.",
            ),
            plain=(
                "You asked to see or erase what we keep about you.",
                "The link below leads to a page where you can download it, or have all of it erased.",
            ),
        ),
        "goodbye": NoticeWords(
            subject="You have left {list}",
            title="You have unsubscribed",
            text=("You will not get {list} any more. Thank you for having read it.",),
            button="Subscribe again",
            small=("If you did not mean to, the link above brings you back.",),
        ),
        "welcome": NoticeWords(
            subject="Welcome to {list}",
            title="You are subscribed",
            text=("You are subscribed to {list} by {site} ({frequency}).",),
            button="Change preferences",
        ),
    },
    frequencies={"instant": "at once", "daily": "daily", "weekly": "weekly", "monthly": "monthly"},
)


def words(language: str) -> MailWords:
    """The texts for a language (BCP 47): Chinese for ``zh`` and ``zh-…``, else English."""
    return ZH if language.lower().replace("_", "-").split("-")[0] == "zh" else EN
