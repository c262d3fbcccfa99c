"""Promise 16: with ``sandbox = true`` a stranger's template reaches nothing but what it is given."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from mail.editions import WEEKLY, composer, edition, entry
from mail.editions import settings as mail_settings
from pages import page_samples
from support import Publication

from feeder.mail.compose import Composer
from feeder.pages.site import Pages
from feeder.pages.templating import BadTemplateError, Templates, defaults

WALKS = (
    "{{ site.__class__.__mro__ }}",
    "{{ site.__init__.__globals__['os'].environ }}",
    "{{ ''.__class__.__base__.__subclasses__() }}",
    "{{ site | attr('__class__') }}",
    "{{ '{0.__class__}'.format(site) }}",
    "{{ '{0.__init__.__globals__}' | format(site) }}{{ site['__class__'] }}",
    "{{ ['__class__'] | map('attr', site) | list }}{{ [site] | map(attribute='__class__') | list }}",
    "{{ t.full_date.__globals__ }}",
    "{{ lipsum.__globals__['os'].environ['SECRET'] }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ self._TemplateReference__context.environment }}",
    "{% set _ = site.__setattr__('title', 'x') %}{{ _ }}",
)


def own(root: Path, name: str, text: str) -> None:
    file = root / "templates" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def page(root: Path, text: str, *, sandbox: bool = True) -> str:
    own(root, "404.html", text)
    settings = page_samples.settings(root, sandbox=sandbox)  # type: ignore[arg-type]
    return Pages(settings).not_found().body.decode()


@pytest.mark.parametrize("text", WALKS)
def test_no_way_leads_out_of_what_is_given(text: str, tmp_path: Path) -> None:
    with pytest.raises(BadTemplateError) as caught:
        page(tmp_path, "\n" + text)
    assert caught.value.problems[0].place == "templates/404.html:2"


@pytest.mark.parametrize("text", WALKS[:1] + WALKS[7:9])
def test_mail_is_in_the_same_sandbox(text: str, tmp_path: Path) -> None:
    own(tmp_path, "mail/entry.html", text.replace("full_date", "count"))
    compose = Composer(mail_settings(tmp_path, sandbox=True))
    with pytest.raises(BadTemplateError, match="unsafe"):
        compose.digest(WEEKLY, edition(entry()))


def test_what_is_given_cannot_be_changed(tmp_path: Path) -> None:
    own(tmp_path, "mail/entry.html", "{{ entries.clear() }}")
    with pytest.raises(BadTemplateError, match="clear"):
        Composer(mail_settings(tmp_path, sandbox=True)).digest(WEEKLY, edition(entry()))


@pytest.mark.parametrize("name", ["/etc/hostname", "../feeder.toml", "mail/../../feeder.toml"])
def test_no_other_file_is_included(name: str, tmp_path: Path) -> None:
    (tmp_path / "feeder.toml").write_text("secret")
    with pytest.raises(BadTemplateError, match="not found"):
        page(tmp_path, f"{{% include {name!r} %}}")


def test_a_symbolic_link_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "feeder.toml").write_text("secret")
    (tmp_path / "templates").mkdir()
    os.symlink(tmp_path / "feeder.toml", tmp_path / "templates/mine.html")
    with pytest.raises(BadTemplateError, match="not found"):
        page(tmp_path, "{% include 'mine.html' %}")
    assert page(tmp_path, "{% include 'mine.html' %}", sandbox=False) == "secret"


@pytest.mark.parametrize("name", ["style.css", "web/form.js", "icon.png"])
def test_nor_does_one_in_the_place_of_a_file_that_is_public(name: str, tmp_path: Path) -> None:
    (tmp_path / "feeder.toml").write_text("secret")
    (tmp_path / "templates" / name).parent.mkdir(parents=True)
    os.symlink(tmp_path / "feeder.toml", tmp_path / "templates" / name)
    assert Templates(tmp_path, {}, sandbox=True).read(name) == (defaults() / name).read_bytes()
    assert Templates(tmp_path, {}).read(name) == b"secret"


def test_what_was_compiled_outside_does_not_run_inside(tmp_path: Path) -> None:
    text = "{{ site.__class__.__name__ }}"
    assert page(tmp_path, text, sandbox=False) == "Site"
    with pytest.raises(BadTemplateError):
        page(tmp_path, text)


def test_our_own_templates_run_inside(tmp_path: Path) -> None:
    settings = page_samples.settings(tmp_path, sandbox=True)  # type: ignore[arg-type]
    inside, outside = Pages(settings), Pages(page_samples.settings(tmp_path))
    assert inside.entry(page_samples.entry()) == outside.entry(page_samples.entry())
    digest = Composer(mail_settings(tmp_path, sandbox=True)).digest(WEEKLY, edition(entry()))
    assert digest == composer(tmp_path).digest(WEEKLY, edition(entry()))


def test_the_setting(publication: Publication) -> None:
    publication.configure()
    assert not publication.settings.site.sandbox
    publication.write(
        "feeder.toml", (publication.root / "feeder.toml").read_text().replace("[site]", "[site]\nsandbox = true")
    )
    assert publication.settings.site.sandbox
