"""feeder.toml: what is read, and what is said of every mistake."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support import cases

from feeder import config
from feeder.cli.problems import told
from feeder.config import checks, durations, json_schema, load, mailchecks, rules
from feeder.config.places import Places
from feeder.config.settings import toml_key
from feeder.errors import SettingsError

Golden = Callable[[str, str | bytes], None]
SITE = '[site]\ntitle = "A"\nurl = "https://a.example/"\n'


def load_text(root: Path, text: str) -> config.Settings:
    (root / "feeder.toml").write_bytes(text.encode())
    return load(root)


def problems_of(root: Path, text: str) -> str:
    try:
        load_text(root, text)
    except SettingsError as error:
        return "".join(line + "\n" for line in told(error.problems, whole=True, most=len(error.problems)))
    return ""


def test_only_title_and_url_are_needed(tmp_path: Path) -> None:
    found = load_text(tmp_path, SITE)
    assert found == config.Settings(root=tmp_path, site=config.Site(title="A", url="https://a.example/"))


def test_every_key_is_read(tmp_path: Path) -> None:
    text = """
        [site]
        title = "天数智芯新闻"
        url = "https://news.example.org/sub"
        language = "zh-hans-cn"
        timezone = "Europe/Berlin"
        author = "新闻编辑部"
        email = "news@news.example.org"
        description = "芯片"
        rights = "CC BY 4.0"
        icon = "static/icon.png"
        authority = "news.example.org,2026"
        icp = "京ICP备1号"
        [entries]
        path = "content/posts/"
        permalink = "/posts/{year}-{month}-{day}/{page}/{slug}/"
        page_title = false
        items = "anchors"
        [feeds]
        size = 50
        also = ["index.xml", "/feed/index.xml"]
        hub = "https://hub.example/"
        bump = "any"
        [output]
        path = "/srv/www/news"
        layout = "generations"
        deploy = "true"
        compress = ["gz", "br"]
        [[follow]]
        feed = "https://blog.example/feed.xml"
        name = "Blog"
        [[follow]]
        feed = "https://other.example/feed.xml"
    """
    found = load_text(tmp_path, text)
    assert found.site.url == "https://news.example.org/sub/"
    assert found.site.language == "zh-Hans-CN"
    assert found.entries.path == "content/posts"
    assert found.feeds.also == ("index.xml", "feed/index.xml")
    assert found.output == config.Output(
        path="/srv/www/news", layout="generations", deploy="true", compress=("gz", "br")
    )
    assert [one.name for one in found.follow] == ["Blog", ""]


def test_all_mistakes_at_once(tmp_path: Path, golden: Golden) -> None:
    text = (Path(__file__).parent.parent / "fixtures/config/wrong.toml").read_text("utf-8")
    golden("cli/settings.txt", problems_of(tmp_path, text))


@pytest.mark.parametrize(("title", "text", "expected"), cases("config/mistakes.md"))
def test_mistakes(tmp_path: Path, title: str, text: str, expected: str) -> None:
    assert problems_of(tmp_path, text) == expected, title


def test_no_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path)
    assert "feeder init" in caught.value.hint
    assert caught.value.exit_code == 78


@pytest.mark.parametrize("data", [b"\xff\xfe[site]", '[site]\ntitle = "中"'.encode("gbk"), b"x" * (1 << 20) + b"yy"])
def test_no_text_or_too_much(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "feeder.toml").write_bytes(data)
    with pytest.raises(SettingsError) as caught:
        load(tmp_path)
    assert caught.value.problems[0].place.startswith("feeder.toml")


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    (tmp_path / "feeder.toml").write_bytes(b"\xef\xbb\xbf" + SITE.replace("\n", "\r\n").encode())
    assert load(tmp_path).site.title == "A"


KEYS = [f"{table}.{toml_key(field.name)}" for table, kind in rules.TABLES.items() for field in dataclasses.fields(kind)]
VALUES = st.one_of(
    st.text().map(json.dumps).map(lambda text: text.replace("\x7f", "")),
    st.integers(-(2**63), 2**63 - 1).map(str),
    st.sampled_from(
        ["true", "1.5", "[]", '["a"]', "{}", "[[]]", "1979-05-27", "nan", '"""\na"""', "[1, 'a']", "'../x'"]
    ),
)
PAIRS = st.lists(st.tuples(st.sampled_from([*KEYS, "site", "feeds", "follow", "x", "mail.y"]), VALUES), max_size=6)


@given(st.one_of(st.text(), PAIRS.map(lambda pairs: "\n".join(f"{key} = {value}" for key, value in pairs))))
@example("[site]\ntitle='a'\nurl='http://[::1'")
@example("[site]\ntitle='a'\nurl='http://a:99999/'")
@example("a = " + "[" * 2000 + "]" * 2000)
@example("a = " + "1" * 5000)
@example("site.timezone = '" + "a" * 400 + "'")
@example("[[site]]")
@example("[[follow]]\nfeed = 'http://" + "ü" * 80 + "/'")
def test_nothing_but_settings_errors(tmp_path: Path, text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    problems_of(tmp_path, text)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8))
def test_places_are_those_of_the_keys(pairs: dict[str, str]) -> None:
    text = "# a comment = 1\n" + "\n\n".join(f"{key} = {value} # x" for key, value in pairs.items())
    try:
        tomllib.loads(text)
    except ValueError:
        return
    places = Places(text)
    for key in pairs:
        place = places.keys[tuple(key.split("."))]
        assert places.source(place.line).startswith(f"{key} = ")


@given(st.text())
def test_checks_only_ever_raise_wrong(value: str) -> None:
    for check in rules.CHECKS.values():
        try:
            done = check(value)
        except checks.Wrong:
            continue
        assert check(done) == done


def test_the_schema_knows_every_key_and_says_what_it_means() -> None:
    schema: dict[str, Any] = json_schema()
    for kind in rules.TABLES.values():
        part = schema["$defs"][kind.__name__]
        assert part["description"]
        assert list(part["properties"]) == [toml_key(field.name) for field in dataclasses.fields(kind)]
        assert all(len(value["description"]) > 10 for value in part["properties"].values())
    assert schema["$defs"]["Site"]["required"] == ["title", "url"]
    json.dumps(schema)


def test_all_mistakes_of_mail_at_once(tmp_path: Path, golden: Golden) -> None:
    text = (Path(__file__).parent.parent / "fixtures/config/wrong-mail.toml").read_text("utf-8")
    told = problems_of(tmp_path, text)
    golden("cli/mail-settings.txt", told)
    assert "hunter2" not in told


def test_every_key_of_mail_is_read(tmp_path: Path) -> None:
    text = """
        [mail]
        from = "  新闻编辑部   <news@例子.example> "
        reply_to = '"Doe, Jane" <jane@a.example>'
        editor = "editor@a.example"
        bounce = "bounce@a.example"
        unsubscribe = "unsubscribe@a.example"
        postal_address = "北京市\\n海淀区"
        transport = "smtp"
        path = "drafts/mail"
        sendmail = "/usr/lib/sendmail"
        database = "/srv/mail.db"
        broker = ""
        on_uncertain = "hold"
        catch_up = "2d"
        smtp = { host = "[::1]", port = 465, security = "tls", user = "news", auth = "xoauth2", connections = 2, \
messages = 9, timeout = 5, relay = false, rewrites = true }
        imap = { host = "Imap.A.example", user = "box", folder = "Bounces" }
        [mail.dkim]
        domain = "xn--fsqu00a.example"
        selector = "S1"
        key_file = "secrets/dkim.pem"
        ed25519_selector = "s2"
        ed25519_key_file = "secrets/ed.pem"
        [mail.limits]
        per_second = 10
        provider_per_minute = 60
        warm_up = 200
        breaker = 0
        [web]
        url = "https://subscribe.a.example"
        [[lists]]
        name = "daily-2"
        title = "每日"
        description = "x"
        frequency = "instant"
        allowed = ["daily", "monthly"]
        hour = 0
        weekday = "sunday"
        day = 31
        timezone = "Europe/Berlin"
        language = "DE"
        tags = ["芯片", "AI"]
        authors = ["A"]
        languages = ["zh-cn"]
        from = "b@xn--fsqu00a.example"
        reply_to = "b@a.example"
        subject = "{list} {date}: {title} ({count})"
        template = "plain_2"
        approve = "90m"
        ad = true
        welcome = true
        archive = false
        [[lists]]
        name = "weekly"
    """
    (tmp_path / "templates/mail").mkdir(parents=True)
    (tmp_path / "templates/mail/plain_2.txt").touch()
    found = load_text(tmp_path, SITE + text)
    assert found.problems == ()
    assert found.mail.from_ == "新闻编辑部 <news@xn--fsqu00a.example>"
    assert found.mail.reply_to == "Doe, Jane <jane@a.example>"
    assert found.mail.postal_address == "北京市 海淀区"
    assert (found.mail.database, found.mail.path, found.mail.catch_up) == ("/srv/mail.db", "drafts/mail", "2d")
    assert found.mail.smtp == config.Smtp(
        host="::1", port=465, security="tls", user="news", auth="xoauth2", connections=2, messages=9, timeout=5,
        relay=False, rewrites=True,
    )  # fmt: skip
    assert found.mail.imap == config.Imap(host="imap.a.example", user="box", folder="Bounces")
    assert found.mail.dkim.selector == "s1"
    assert found.mail.limits == config.Limits(per_second=10, provider_per_minute=60, warm_up=200, breaker=0)
    assert found.web.url == "https://subscribe.a.example/"
    first, second = found.lists
    assert first == config.MailingList(
        name="daily-2", title="每日", description="x", frequency="instant", allowed=("daily", "monthly"), hour=0,
        weekday="sunday", day=31, timezone="Europe/Berlin", language="de", tags=("芯片", "AI"), authors=("A",),
        languages=("zh-CN",), from_="b@xn--fsqu00a.example", reply_to="b@a.example",
        subject="{list} {date}: {title} ({count})", template="plain_2", approve="90m", ad=True, welcome=True,
        archive=False,
    )  # fmt: skip
    assert second == config.MailingList(name="weekly")


def test_a_port_that_expects_tls_is_worth_a_word(tmp_path: Path) -> None:
    found = load_text(tmp_path, SITE + '[mail.smtp]\nport = 465\nuser = "u"\n[mail.imap]\nhost = "a.example"\n')
    (problem,) = found.problems
    assert (problem.place, problem.message) == (
        "feeder.toml:5",
        'port 465 expects TLS from the start; security is "none"',
    )
    assert not problem.rejects


@pytest.mark.parametrize(
    "url", ["http://localhost:8080/", "http://127.0.0.1:1/", "http://[::1]:1/", "https://s.example/"]
)
def test_this_machine_needs_no_https(tmp_path: Path, url: str) -> None:
    mail = '[mail]\nfrom = "a@a.example"\npostal_address = "x"\ntransport = "smtp"\n'
    assert load_text(tmp_path, f'{SITE}{mail}[web]\nurl = "{url}"\n').web.url == url


def test_unsubscribing_by_mail_alone_is_enough(tmp_path: Path) -> None:
    mail = '[mail]\nfrom = "a@a.example"\npostal_address = "x"\ntransport = "smtp"\nunsubscribe = "u@a.example"\n'
    assert load_text(tmp_path, SITE + mail).mail.transport == "smtp"


@pytest.mark.parametrize(
    ("path", "refused"),
    [("/srv/a/out/x.db", True), ("/srv/a/outside/x.db", False), (".feeder/mail.db", False), ("data/mail.db", False),
     ("../mail.db", True), (".feeder/../out/x.db", True), ("/srv/../srv/a/out/x.db", True), (".git/mail.db", True)],
)  # fmt: skip
def test_the_database_stays_out_of_what_is_published(tmp_path: Path, path: str, refused: bool) -> None:
    path = path.replace("/srv/a", str(tmp_path)) if path.startswith("/srv/a") else path
    assert bool(problems_of(tmp_path, f'{SITE}[mail]\ndatabase = "{path}"\n')) == refused


@pytest.mark.parametrize("word", ["password", "Password", "token"])
@pytest.mark.parametrize(("table", "variable"), [("mail", "SMTP"), ("mail.smtp", "SMTP"), ("mail.imap", "IMAP")])
def test_a_password_in_the_file_is_refused_and_never_shown(
    tmp_path: Path, table: str, variable: str, word: str
) -> None:
    told = problems_of(tmp_path, f'{SITE}[{table}]\n{word} = "hunter2"\n')
    assert told == (
        f"feeder.toml:5: `{word}` must not stand in [{table}]; give it as FEEDER_{variable}_PASSWORD: "
        "secrets stand in no file of the publication\n"
    )
    assert "FEEDER_SECRET" in problems_of(tmp_path, f"{SITE}[mail]\nsecret = 1\n")


@pytest.mark.parametrize(
    ("key", "word", "meant"),
    [("smtp.security", "SSL", "tls"), ("smtp.auth", "plain", "password"), ("smtp.security", "start-tls", "starttls"),
     ("transport", "Sendmail", "sendmail"), ("on_uncertain", "re", "resend")],
)  # fmt: skip
def test_the_word_that_was_meant(tmp_path: Path, key: str, word: str, meant: str) -> None:
    assert problems_of(tmp_path, f'{SITE}[mail]\n{key} = "{word}"\n').endswith(f'   write "{meant}"\n')


@pytest.mark.parametrize(
    ("word", "meant"), [("Mo", "monday"), ("星期二", "tuesday"), ("Tu", "tuesday"), ("su", "sunday")]
)
def test_weekdays_that_were_meant(tmp_path: Path, word: str, meant: str) -> None:
    text = f'{SITE}[[lists]]\nname = "a"\nweekday = "{word}"\n'
    assert problems_of(tmp_path, text).endswith(f'   write "{meant}"\n')


def test_no_guess_where_a_guess_could_do_harm(tmp_path: Path) -> None:
    told = problems_of(tmp_path, f'{SITE}[mail.smtp]\nsecurity = "secure"\n')
    assert told.endswith('"none", "starttls" or "tls", not "secure"\n    5 | security = "secure"\n'
                         "      |            ^^^^^^^^\n   write one of these\n")  # fmt: skip


SENDERS = [
    ("", ""),
    ("  ", ""),
    ("a@b.example", "a@b.example"),
    ("<a@b.example>", "a@b.example"),
    ("新闻编辑部 <news@example.org>", "新闻编辑部 <news@example.org>"),
    ("新闻编辑部<news@EXAMPLE.org>", "新闻编辑部 <news@example.org>"),
    ('"O\\"Neill, A." <a@b.example>', 'O"Neill, A. <a@b.example>'),
    ("A\n B <a@b.example>", "A B <a@b.example>"),
    ("x <" + "a" * 64 + "@b.example>", "x <" + "a" * 64 + "@b.example>"),
]


@pytest.mark.parametrize(("given", "made"), SENDERS)
def test_senders(given: str, made: str) -> None:
    assert mailchecks.sender(given) == made
    assert mailchecks.sender(made) == made


@pytest.mark.parametrize(
    "given",
    ["a", "a@", "@b.example", "a b@c.example", "a@b", "a@b..example", "a@-b.example", "A <>", "A <a@b.example",
     "a@b@c.example", "A <a@b.example>, B <b@b.example>", "x <" + "a" * 65 + "@b.example>", "a.@b.example",
     "a@1.2.3.4", "a＠b.example", "a\x00@b.example", "a@" + "b." * 130 + "example", "a@b.example\x1b"],
)  # fmt: skip
def test_what_is_no_sender(given: str) -> None:
    with pytest.raises(checks.Wrong) as caught:
        mailchecks.sender(given)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("given", "hint"),
    [("24 hours", '"24h"'), ("2H", '"2h"'), ("90 min", '"90m"'), ("2小时", '"2h"'), ("3 天", '"3d"'), ("2", "30m"),
     ("0h", "30m"), ("-1h", "30m"), ("1.5h", "30m"), ("", "30m"), ("32d", "24h"), ("999999h", "24h"), ("²h", "30m")],
)  # fmt: skip
def test_what_is_no_length_of_time(given: str, hint: str) -> None:
    with pytest.raises(checks.Wrong) as caught:
        mailchecks.wait(given)
    assert hint in caught.value.hint


@pytest.mark.parametrize("word", [" ", "a", "a.", "-", "<", "a@", "<a@", "{", "1", "a-", '"'])
def test_long_nonsense_is_refused_soon(word: str) -> None:
    for check in rules.CHECKS.values():
        with suppress(checks.Wrong):
            check("x" + word * 20_000 + "y\u4e00")


def test_lengths_of_time() -> None:
    assert [durations.duration(text) for text in ("30m", "24h", "31d")] == [
        timedelta(minutes=30), timedelta(hours=24), timedelta(days=31),
    ]  # fmt: skip


@pytest.mark.parametrize("base", ["bounce+x@a.example", "b" * 31 + "@a.example", "B <b@a.example>"])
def test_a_return_path_has_room_for_its_token(base: str) -> None:
    with pytest.raises(checks.Wrong):
        mailchecks.return_path(base)
    assert mailchecks.return_path("b" * 30 + "@a.example")


@pytest.mark.parametrize(
    ("given", "made"),
    [("smtp.example.org", "smtp.example.org"), ("SMTP", "smtp"), ("127.0.0.1", "127.0.0.1"), ("[::1]", "::1"),
     ("::1", "::1"), ("例子.example", "xn--fsqu00a.example")],
)  # fmt: skip
def test_hosts(given: str, made: str) -> None:
    assert mailchecks.host(given) == made


@pytest.mark.parametrize(
    ("given", "hint"),
    [("", "smtp.example.org"), ("smtp://a.example:25", '"a.example"'), ("a.example:587", "port = 587"),
     ("[::1]:25", "port = 25"), ("a b", "name or an address"), ("-a", "name or an address"), ("a_b.example", "name")],
)  # fmt: skip
def test_what_is_no_host(given: str, hint: str) -> None:
    with pytest.raises(checks.Wrong) as caught:
        mailchecks.host(given)
    assert hint in caught.value.hint


def test_every_number_has_a_range_and_its_default_is_in_it() -> None:
    for table, kind in rules.TABLES.items():
        for field in dataclasses.fields(kind):
            if isinstance(field.default, int) and not isinstance(field.default, bool):
                assert rules.RANGES[table, toml_key(field.name)].check(field.default) == field.default


def test_every_default_passes_its_check() -> None:
    for (table, key), check in rules.CHECKS.items():
        default = next(
            field.default for field in dataclasses.fields(rules.TABLES[table]) if toml_key(field.name) == key
        )
        if isinstance(default, str):
            assert check(default) == default


def test_the_schema_says_what_lists_may_be() -> None:
    schema: dict[str, Any] = json_schema()
    assert schema["properties"]["lists"] == {"type": "array", "items": {"$ref": "#/$defs/MailingList"}}
    assert schema["$defs"]["Mail"]["properties"]["smtp"]["$ref"] == "#/$defs/Smtp"
    hour = schema["$defs"]["MailingList"]["properties"]["hour"]
    assert (hour["minimum"], hour["maximum"]) == (0, 23)
    assert "from" in schema["$defs"]["Mail"]["properties"]
