"""The texts of the subscription pages in Chinese and English; templates see them as ``w``."""

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
    bad_link: Refusal
    refusals: Mapping[int, Refusal]
    alarm_title: str
    alarm_text: str


ZH = WebWords(
    subscribe_title="订阅《{list}》",
    subscribe_text="留下邮箱，新闻就会按您选的频率寄到。",
    lists_title="用邮件订阅",
    lists_text="选一份您想收到的：",
    lists_none="这里还没有可以用邮件订阅的内容。",
    address="邮箱地址",
    address_hint="例如 name@example.org",
    address_wrong="这个邮箱地址好像不完整，请再看一眼。例如 name@example.org。",
    how_often="多久寄一次",
    frequencies={"instant": "有新闻就寄", "daily": "每天", "weekly": "每{weekday}", "monthly": "每月"},
    your_zone="按我所在时区的 {hour} 点寄送：",
    leave_empty="请不要填写这一栏",
    consent="点击“订阅”，即表示我同意通过邮件接收《{list}》。我随时可以退订。",
    subscribe="订阅",
    next_step="我们会先寄一封确认邮件。只有点了信里的按钮，订阅才会生效。",
    too_fast="您填得真快。请再点一次“订阅”，好让我们知道这不是程序自动提交的。",
    too_old="这个页面打开得有些久了。您填的内容还在，请再点一次“订阅”。",
    once_more="还差一步：看看下面填得对不对，然后点“订阅”。",
    past="往期邮件",
    asked_title="请查看您的邮箱",
    asked_text="我们已把《{list}》的邮件寄往下面的地址。请点击信里的按钮，订阅就完成了。",
    asked_hint="几分钟后还没有收到？请看看垃圾邮件箱。同一个地址一天只寄一封；如果之前已经收到过，请用那一封。",
    asked_wrong="地址写错了？重新填写",
    confirm_title="确认订阅《{list}》",
    confirm_text="还差一步：请点击下面的按钮，确认是您本人要订阅。",
    confirm_hint="如果不是您本人申请的，关掉这个页面就好：不确认，就不会订阅。",
    confirm="确认订阅",
    confirmed_title="订阅成功",
    confirmed_text="您已订阅《{list}》（{frequency}）。谢谢！",
    confirmed_hint="频率、时间、标签和语言，随时可以更改。",
    confirm_also="用这个地址还申请过《{list}》。如果也是您本人，请一并确认。",
    unsubscribe_title="退订《{list}》",
    unsubscribe_text="点击下面的按钮，您就不会再收到《{list}》。",
    unsubscribe="退订",
    unsubscribe_all="全部退订",
    unsubscribe_all_text="也可以一次退订{site}寄给您的所有邮件。",
    unsubscribe_all_title="退订所有邮件",
    unsubscribed_title="已退订",
    unsubscribed_text="您不会再收到《{list}》。谢谢您读到今天。",
    unsubscribed_all_text="您不会再收到{site}的任何邮件。谢谢您读到今天。",
    unsubscribed_hint="如果有一封信此刻已在路上，可能还会收到这最后一封。",
    come_back="不小心点错了？重新订阅",
    preferences_title="订阅设置",
    preferences_text="这些设置属于 {address}。",
    preferences_none="您现在没有任何订阅。",
    states={
        "active": "已订阅",
        "paused": "已暂停",
        "pending": "等待确认：请点击确认邮件里的按钮",
        "ended": "已退订",
    },
    save="保存",
    hour="寄送时间",
    hour_default="默认（{hour}:00）",
    hour_of_day="{hour}:00",
    zone="时区",
    zone_default="默认（{zone}）",
    zone_here="改用本机时区：{zone}",
    language="邮件语言",
    language_default="默认（{language}）",
    tags="只看这些标签",
    tags_text="一个都不选，就是全部。",
    pause="暂停",
    pause_text="出门一阵子？可以先暂停，回来再继续。暂停期间的内容不会补寄。",
    resume="继续寄送",
    resume_text="现在什么都不会寄给您。",
    not_offered="这份邮件已经不再发行。",
    others="还可以订阅",
    done={
        "changed": "已保存。",
        "paused": "已暂停，不会再寄，直到您选择继续。",
        "resumed": "已恢复寄送。",
        "ended": "已退订。",
        "all": "已全部退订。",
        "data": "链接已寄往您的邮箱，一天内有效。这样的邮件一天最多寄一封。",
    },
    wrong_choice="没能保存：所选的内容里有一项不存在。请再选一次。",
    your_data="您的数据",
    your_data_text=(
        "您可以下载我们保存的关于您的全部数据，也可以让我们全部删除。您转发出去的邮件里也有通向本页的链接，"
        "所以我们先给您寄一个单独的链接。"
    ),
    data_send="把链接寄给我",
    data_text="您可以在这里下载我们保存的关于您的全部数据，也可以让我们全部删除。",
    export="下载我的数据",
    erase="删除我的数据",
    erase_title="删除您的数据",
    erase_text=(
        "您的地址、订阅、设置和往来记录都会被删除，所有订阅随之结束。这无法撤销。",
        "我们只保留地址的一个加密指纹，它认不出您是谁，只用来保证以后不会再有人替您订阅。如果您自己想回来，重新订阅并确认即可。",
    ),
    erase_button="全部删除",
    erase_back="不删了，返回",
    erased_title="已删除",
    erased_text="您的数据已经删除，您不会再收到我们的邮件。",
    to_site="回到{site}",
    busy_title="申请太多，请稍后再来",
    busy_text="这会儿从您的网络或向这家邮箱发出的申请太多，请过{minutes}分钟再试。您没有做错什么，已有的订阅不受影响。",
    bad_link=Refusal(
        "这个链接用不了了",
        "它可能不完整、已经过期，或者要确认的订阅已经不在了。请用最近一封邮件里的链接，或者重新订阅。",
    ),
    refusals={
        400: Refusal("没看懂这个请求", "请回到上一页再试一次。"),
        404: Refusal("页面不存在", "这个地址上没有内容。它可能写错了，也可能已经移走。"),
        405: Refusal("这样行不通", "这个地址不接受这种请求。请从邮件里的链接或订阅页重新进入。"),
        408: Refusal("等得太久了", "请求没有及时传完，请再试一次。"),
        413: Refusal("内容太长", "提交的内容超过了这里需要的长度，请缩短后再试。"),
        415: Refusal("没看懂这个请求", "请用页面上的表单提交。"),
        500: Refusal("出了点问题", "这是我们的错，不是您的。请稍后再试。"),
        503: Refusal("请稍后再试", "订阅服务正忙或正在维护。您的订阅都还在，过一会儿再来就好。"),
    },
    alarm_title="订阅申请异常增多",
    alarm_text=(
        "过去一小时收到了 {count} 次订阅申请，已到上限（[web.limits] per_hour）。"
        "在降下来之前，新的申请要稍后再来；已有的订阅和邮件不受影响。"
    ),
)

EN = WebWords(
    subscribe_title="Subscribe to {list}",
    subscribe_text="Leave an address, and the news comes as often as you choose.",
    lists_title="Subscribe by mail",
    lists_text="Choose what you would like to get:",
    lists_none="There is nothing to subscribe to by mail yet.",
    address="Mail address",
    address_hint="For example name@example.org",
    address_wrong="This address does not look complete; please have another look. For example name@example.org.",
    how_often="How often",
    frequencies={
        "instant": "As it happens",
        "daily": "Once a day",
        "weekly": "Every {weekday}",
        "monthly": "Once a month",
    },
    your_zone="Send it at {hour}:00 in my time zone:",
    leave_empty="Please leave this empty",
    consent="By pressing “Subscribe” I agree to get {list} by mail. I can unsubscribe at any time.",
    subscribe="Subscribe",
    next_step="We first send a mail to confirm. Nothing else comes until you press the button in it.",
    too_fast="That was quick. Please press “Subscribe” once more, so that we know it was not a program.",
    too_old="This page has been open for a while. What you filled in is still there; please press “Subscribe” again.",
    once_more="One step is left: see whether this is right, then press “Subscribe”.",
    past="Past digests",
    asked_title="Please look into your mailbox",
    asked_text="A mail about {list} is on its way to this address. Press the button in it, and you are subscribed.",
    asked_hint=(
        "Nothing there after some minutes? Have a look at your spam folder. An address gets one such mail a day; if "
        "one came earlier, please use that."
    ),
    asked_wrong="Not your address? Fill it in again",
    confirm_title="Confirm {list}",
    confirm_text="One step is left: press the button to confirm that it is you who wants to subscribe.",
    confirm_hint="If it was not you who asked, just close this page: without confirmation there is no subscription.",
    confirm="Confirm",
    confirmed_title="You are subscribed",
    confirmed_text="{list} will come to you ({frequency}). Thank you!",
    confirm_also="Somebody also asked for {list} with this address. If that was you, confirm it here.",
    confirmed_hint="You can change how often, when, which tags and which language at any time.",
    unsubscribe_title="Unsubscribe from {list}",
    unsubscribe_text="Press the button, and {list} will not come to you any more.",
    unsubscribe="Unsubscribe",
    unsubscribe_all="Unsubscribe from all",
    unsubscribe_all_text="You can also end all mail from {site} at once.",
    unsubscribe_all_title="Unsubscribe from all mail",
    unsubscribed_title="You are unsubscribed",
    unsubscribed_text="{list} will not come to you any more. Thank you for reading until today.",
    unsubscribed_all_text="No mail from {site} will come to you any more. Thank you for reading until today.",
    unsubscribed_hint="If a mail is on its way at this moment, it may still arrive as the last one.",
    come_back="Pressed by mistake? Subscribe again",
    preferences_title="Your subscriptions",
    preferences_text="These are the settings of {address}.",
    preferences_none="You have no subscriptions at the moment.",
    states={
        "active": "subscribed",
        "paused": "paused",
        "pending": "waiting: please press the button in the mail we sent",
        "ended": "unsubscribed",
    },
    save="Save",
    hour="Time of day",
    hour_default="As usual ({hour}:00)",
    hour_of_day="{hour}:00",
    zone="Time zone",
    zone_default="As usual ({zone})",
    zone_here="Use the zone of this device: {zone}",
    language="Language of the mails",
    language_default="As usual ({language})",
    tags="Only these tags",
    tags_text="None chosen means everything.",
    pause="Pause",
    pause_text="Away for a while? Pause, and go on later. What comes out meanwhile is not sent afterwards.",
    resume="Go on",
    resume_text="Nothing is sent to you at the moment.",
    not_offered="This is no longer published.",
    others="Also on offer",
    done={
        "changed": "Saved.",
        "paused": "Paused: nothing comes until you choose to go on.",
        "resumed": "Mails will come again.",
        "ended": "You are unsubscribed.",
        "all": "You are unsubscribed from everything.",
        "data": "A link is on its way to your address. It works for a day; there is no more than one such mail a day.",
    },
    wrong_choice="Not saved: one of the choices does not exist. Please choose again.",
    your_data="Your data",
    your_data_text=(
        "You can download everything we keep about you, or have all of it erased. Mails that you forward hold the link "
        "to this page as well, so we first send you one of its own."
    ),
    data_send="Send me the link",
    data_text="Here you can download everything we keep about you, or have all of it erased.",
    export="Download my data",
    erase="Erase my data",
    erase_title="Erase your data",
    erase_text=(
        "Your address, subscriptions, settings and what we noted of our mails to you are erased. It cannot be undone.",
        "What is left is a keyed fingerprint of the address, which keeps others from subscribing you again.",
        "If you want to come back yourself, subscribe and confirm.",
    ),
    erase_button="Erase everything",
    erase_back="Keep it, go back",
    erased_title="Erased",
    erased_text="Your data has been erased, and no mail of ours will come to you any more.",
    to_site="Back to {site}",
    busy_title="Too many requests, please come back later",
    busy_text=(
        "There are too many requests from your network or for this mail provider right now. Please try again in "
        "{minutes} min. You did nothing wrong, and existing subscriptions are as they were."
    ),
    bad_link=Refusal(
        "This link does not work any more",
        "It may be incomplete or too old, or what it should confirm is gone. Please use the link in the newest mail, "
        "or subscribe again.",
    ),
    refusals={
        400: Refusal("We could not read this request", "Please go back and try once more."),
        404: Refusal("Page not found", "There is nothing at this address. It may be misspelt, or has moved away."),
        405: Refusal(
            "That does not work here",
            "This address takes no such requests. Please start from the link in a mail or from the subscription page.",
        ),
        408: Refusal("That took too long", "The request did not arrive in time; please try again."),
        413: Refusal("Too long", "What was sent is longer than anything needed here; please shorten it and try again."),
        415: Refusal("We could not read this request", "Please use the form on the page."),
        500: Refusal("Something went wrong", "That was our fault, not yours. Please try again later."),
        503: Refusal(
            "Please try again in a moment",
            "The subscription service is busy or being looked after. All subscriptions are as they were.",
        ),
    },
    alarm_title="Unusually many requests to subscribe",
    alarm_text=(
        "There were {count} requests to subscribe within an hour, which is the bound ([web.limits] per_hour). Until "
        "they become fewer, new ones are asked to come back later; subscriptions and mails are as they were."
    ),
)


def words(language: str) -> WebWords:
    """The texts for a language (BCP 47): Chinese for ``zh`` and ``zh-…``, else English."""
    return ZH if language.lower().replace("_", "-").split("-")[0] == "zh" else EN


_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})


def tag_of(language: str) -> str:
    """What to call the language in which the texts for ``language`` are: ours are in simplified Chinese and English."""
    parts = language.lower().replace("_", "-").split("-")
    if parts[0] == "zh":
        return "zh-CN" if _TRADITIONAL & set(parts) else language
    return language if parts[0] == "en" else "en"
