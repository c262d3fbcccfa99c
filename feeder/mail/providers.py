"""Who runs a mailbox: what pauses, limits and warm-up are counted by."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_OF = {
    "gmail": "gmail.com googlemail.com",
    "microsoft": "outlook.com hotmail.com live.com msn.com passport.com windowslive.com outlook.cn live.cn "
    "hotmail.co.uk hotmail.de hotmail.es hotmail.fr hotmail.it live.co.uk live.com.au live.de live.fr live.it live.jp "
    "live.nl outlook.de outlook.es outlook.fr outlook.it outlook.jp outlook.com.br outlook.kr hotmail.co.jp",
    "yahoo": "yahoo.com ymail.com rocketmail.com myyahoo.com aol.com aim.com yahoo.co.uk yahoo.ca yahoo.com.au "
    "yahoo.com.br yahoo.com.hk yahoo.com.mx yahoo.com.sg yahoo.com.tw yahoo.co.in yahoo.de yahoo.es yahoo.fr yahoo.in "
    "yahoo.it",
    "yahoo.co.jp": "yahoo.co.jp ybb.ne.jp",
    "apple": "icloud.com me.com mac.com privaterelay.appleid.com",
    "qq": "qq.com vip.qq.com foxmail.com",
    "netease": "163.com 126.com yeah.net 188.com 163.net vip.163.com vip.126.com vip.188.com netease.com",
    "sina": "sina.com sina.cn sina.com.cn vip.sina.com vip.sina.cn my3ia.sina.com 2008.sina.com",
    "sohu": "sohu.com vip.sohu.com sohu.net chinaren.com sogou.com vip.sohu.net",
    "aliyun": "aliyun.com alibaba-inc.com",
    "china mobile": "139.com",
    "china telecom": "189.cn",
    "china unicom": "wo.cn wo.com.cn",
    "21cn": "21cn.com 21cn.net vip.21cn.com",
    "tom": "tom.com vip.tom.com",
    "proton": "proton.me protonmail.com protonmail.ch pm.me",
    "gmx": "gmx.de gmx.net gmx.at gmx.ch gmx.com web.de mail.com",
    "t-online": "t-online.de magenta.de",
    "mail.ru": "mail.ru inbox.ru list.ru bk.ru internet.ru",
    "yandex": "yandex.ru yandex.com ya.ru yandex.by yandex.kz",
    "naver": "naver.com",
    "daum": "daum.net hanmail.net kakao.com",
    "fastmail": "fastmail.com fastmail.fm",
    "zoho": "zoho.com zohomail.com zoho.eu",
}

PROVIDERS: Mapping[str, str] = MappingProxyType(
    {domain: provider for provider, domains in _OF.items() for domain in domains.split()}
)
"""Domain -> who runs it, where several domains are one house; a company's own domain is its own provider."""


def provider_of(address: str) -> str:
    """Whoever takes mail for ``address``: ``gmail``, ``qq``, ``netease`` …, else the domain in small letters."""
    domain = address.rpartition("@")[2].lower()
    return PROVIDERS.get(domain, domain)
