"""What the preview says, in Chinese and English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language's texts; templates see them as ``t``."""

    preview: str
    skip: str
    menu: str
    entries: str
    find: str
    nothing_found: str
    no_entries: str
    no_entries_text: str
    front: str
    digests: str
    feeds: str
    board: str
    problems: str
    no_problems: str
    no_problems_text: str
    draft: str
    later: str
    new: str
    draft_banner: str
    later_banner: str
    until: str
    expired: str
    expired_text: str
    building: str
    built: str
    stale: str
    lost: str
    stuck: str
    stuck_text: str
    rejected: str
    copy_place: str
    copied: str
    copy_failed: str
    follow: str
    follow_text: str
    keys: str
    keys_text: str
    wide: str
    phone: str
    colours: str
    auto: str
    light: str
    dark: str
    page: str
    text: str
    source: str
    wechat: str
    wechat_copy: str
    wechat_title: str
    wechat_summary: str
    wechat_how: str
    wechat_links: str
    wechat_pictures: str
    wechat_refused: str
    wechat_local: str
    wechat_heading: str
    audio: str
    video: str
    no_entry: str
    no_page: str
    no_page_text: str
    no_digests: str
    no_digests_text: str
    sample: str
    includes: str
    bytes: str
    as_text: str
    as_reader: str
    no_content: str
    read_on: str
    public: str
    last: str
    never: str
    due: str
    instant: str
    subscribers_now: str
    under_way: str
    nothing_under_way: str
    no_mail: str
    table: str
    step: str
    nothing_yet: str
    releases: str
    releases_summary: str
    deliveries: str
    deliveries_summary: str
    sent: str
    deferred: str
    failed: str
    queued: str
    sending: str
    held: str
    skipped: str
    bounces: str
    bounces_summary: str
    hard: str
    soft: str
    policy: str
    complaint: str
    subscribers: str
    subscribers_summary: str


ZH = Words(
    preview="预览",
    skip="跳到页面",
    menu="目录",
    entries="条目",
    find="按标题或文件名查找",
    nothing_found="没有找到。",
    no_entries="还没有条目。",
    no_entries_text="运行 feeder new，或把文件放进 {}/，第一条就会出现在这里。",
    front="首页",
    digests="邮件摘要",
    feeds="订阅源",
    board="概况",
    problems="问题",
    no_problems="没有问题",
    no_problems_text="所有条目都能发布。",
    draft="草稿",
    later="未到时间",
    new="待发布",
    draft_banner="草稿：只有预览能看到；去掉 draft 一行，就会发布。",
    later_banner="{} 才会发布，现在只有预览能看到。",
    until="{} 下线",
    expired="已经下线",
    expired_text="按 expires 一行，它已于 {} 到期：任何页面和订阅源里都没有它。要再显示，请改掉这一行。",
    building="正在生成…",
    built="已更新 {}",
    stale="停在 {} 的结果，不是最新",
    lost="预览程序已停止，正在重新连接…",
    stuck="现在无法生成",
    stuck_text="下面显示的是上一次的结果；改好并保存后会自动恢复。",
    rejected="有错，不发布",
    copy_place="复制 {}",
    copied="已复制",
    copy_failed="浏览器不允许复制，请手动选择。",
    follow="跟随保存",
    follow_text="保存哪个条目，就显示哪个条目，并移到改动的地方",
    keys="快捷键",
    keys_text="/ 查找　j、k 上下一条　p 问题　d 概况　w 手机宽度　c 颜色",
    wide="宽屏",
    phone="手机",
    colours="颜色",
    auto="自动",
    light="浅色",
    dark="深色",
    page="页面",
    text="纯文本",
    source="源码",
    wechat="公众号",
    wechat_copy="复制到公众号",
    wechat_title="复制标题",
    wechat_summary="复制摘要",
    wechat_how="复制后，在公众号编辑器的正文里粘贴。",
    wechat_links="{} 个外部链接已改为文末的编号（公众号不允许外链）。",
    wechat_pictures="{} 张图片：发布后粘贴，公众号会自己抓取；显示不出来的，请在编辑器里上传。",
    wechat_refused="公众号不接受这种格式的图片，请换成 PNG 或 JPEG：",
    wechat_local="这些图片还没有发布，公众号抓取不到：请先发布，或在编辑器里上传。",
    wechat_heading="链接",
    audio="音频",
    video="视频",
    no_entry="这一页不是条目。",
    no_page="没有这一页",
    no_page_text="它可能改了名字，或者条目有错误、没有生成。",
    no_digests="还没有邮件列表",
    no_digests_text="在 feeder.toml 里写上 [[lists]]，就会有摘要。",
    sample="上一期之后没有新条目：这里用最近的几条作样子。",
    includes="其中有还没有发布的条目：{}。真正的摘要里不会有草稿和未到时间的条目。",
    bytes="{:,} 字节",
    as_text="文本",
    as_reader="阅读器",
    no_content="没有正文",
    read_on="原文",
    public="已发布 {:,} 条",
    last="上次发布 {}",
    never="还没有发布过",
    due="下一期",
    instant="随条目发送",
    subscribers_now="{:,} 位订阅者",
    under_way="正在发送",
    nothing_under_way="现在没有要发送的邮件。",
    no_mail="还没有人订阅；有了订阅者，这里会显示投递、退信和订阅人数。",
    table="数字",
    step="日期",
    nothing_yet="还没有数据。",
    releases="每月条目",
    releases_summary="最近 {1} 个月共 {0:,} 条。",
    deliveries="每天投递",
    deliveries_summary="最近 {3} 天：送出 {0:,}，推迟 {1:,}，失败 {2:,}。",
    sent="送出",
    deferred="推迟",
    failed="失败",
    queued="等待",
    sending="发送中",
    held="待确认",
    skipped="跳过",
    bounces="退信与投诉",
    bounces_summary="最近 {1} 天共 {0:,} 次。",
    hard="地址无效",
    soft="暂时退回",
    policy="被拒绝",
    complaint="投诉",
    subscribers="订阅人数",
    subscribers_summary="现在 {0:,} 人。",
)

EN = Words(
    preview="Preview",
    skip="Skip to the page",
    menu="Contents",
    entries="Entries",
    find="Find by title or file",
    nothing_found="Nothing found.",
    no_entries="No entries yet.",
    no_entries_text="The first one shows up here once it is made: by “feeder new”, or as a file in {}/.",
    front="Front page",
    digests="Digests",
    feeds="Feeds",
    board="Dashboard",
    problems="Problems",
    no_problems="No problems",
    no_problems_text="Every entry can be published.",
    draft="draft",
    later="later",
    new="new",
    draft_banner="Draft: only the preview shows it. It is published once the line “draft” is gone.",
    later_banner="Published on {}; until then only the preview shows it.",
    until="until {}",
    expired="It has expired",
    expired_text="By its line “expires” it left all pages and feeds on {}. Change that line to show it again.",
    building="Building…",
    built="Up to date, {}",
    stale="As of {}, not up to date",
    lost="The preview has stopped; connecting again…",
    stuck="Nothing can be built now",
    stuck_text="What you see is from before. Mend it and save, and it goes on by itself.",
    rejected="not published",
    copy_place="Copy {}",
    copied="Copied",
    copy_failed="The browser does not allow copying; please select it yourself.",
    follow="Follow edits",
    follow_text="Show the entry that was saved last, where it changed",
    keys="Keys",
    keys_text="/ find · j, k next and previous entry · p problems · d dashboard · w phone width · c colours",
    wide="Wide",
    phone="Phone",
    colours="Colours",
    auto="Auto",
    light="Light",
    dark="Dark",
    page="Page",
    text="Text",
    source="Source",
    wechat="WeChat",
    wechat_copy="Copy for WeChat",
    wechat_title="Copy title",
    wechat_summary="Copy summary",
    wechat_how="Then paste it into the body of the public account's editor.",
    wechat_links="Links that became numbered notes at the end: {} (the editor takes no outside links).",
    wechat_pictures="Pictures: {}. Once published, the editor fetches them as you paste; upload any it does not show.",
    wechat_refused="The editor does not take pictures of this kind; use PNG or JPEG:",
    wechat_local="These pictures are not public yet, so the editor cannot fetch them: publish first, or upload them.",
    wechat_heading="Links",
    audio="Audio",
    video="Video",
    no_entry="This page is no entry.",
    no_page="There is no such page",
    no_page_text="It may have been renamed, or its entry has a mistake and was not made.",
    no_digests="There are no lists yet",
    no_digests_text="Write [[lists]] into feeder.toml, and there are digests.",
    sample="Nothing new since the last digest: the latest entries stand in as a sample.",
    includes="It holds entries that are not public yet: {}. The real digest has neither drafts nor later entries.",
    bytes="{:,} bytes",
    as_text="Text",
    as_reader="Reader",
    no_content="No text",
    read_on="Original",
    public="{:,} entries published",
    last="last published {}",
    never="never published",
    due="Next digest",
    instant="with the next entry",
    subscribers_now="{:,} subscribers",
    under_way="Being sent",
    nothing_under_way="There is no mail to send now.",
    no_mail="Nobody has subscribed yet. Then deliveries, bounces and subscribers are shown here.",
    table="Figures",
    step="Date",
    nothing_yet="No figures yet.",
    releases="Entries a month",
    releases_summary="{0:,} in the last {1} months.",
    deliveries="Deliveries a day",
    deliveries_summary="In the last {3} days: {0:,} sent, {1:,} deferred, {2:,} failed.",
    sent="sent",
    deferred="deferred",
    failed="failed",
    queued="waiting",
    sending="being sent",
    held="held",
    skipped="skipped",
    bounces="Bounces and complaints",
    bounces_summary="{0:,} in the last {1} days.",
    hard="no such address",
    soft="for the moment",
    policy="refused",
    complaint="complaint",
    subscribers="Subscribers",
    subscribers_summary="{0:,} now.",
)


def words(language: str) -> Words:
    """The texts for a publication in this language: Chinese for all of China's, else English."""
    return ZH if language.lower().split("-")[0] == "zh" else EN
