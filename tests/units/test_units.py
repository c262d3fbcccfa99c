"""The files that `feeder install-units` writes, before the programs that read them."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from support import Publication

from feeder.cli.units import cron, docker, systemd
from feeder.cli.units.values import House
from feeder.config import Web
from tests.units import houses

Golden = Callable[[str, str | bytes], None]
HOUSES = {"plain": houses.PLAIN, "busy": houses.BUSY, "postfix": houses.POSTFIX}
MOST_EXPOSED = 20
"""Tenths of points that `systemd-analyze security` may give; without any walls it gives 92 to 96."""

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
needs_crontab = pytest.mark.skipif(shutil.which("crontab") is None, reason="no crontab here")


@pytest.mark.parametrize("own", [False, True], ids=["system", "user"])
@pytest.mark.parametrize("name", HOUSES)
def test_systemd(golden: Golden, name: str, own: bool) -> None:
    for file, text in systemd.files(HOUSES[name], own=own).items():
        golden(f"units/{name}-{'user' if own else 'system'}/{file}", text)


@pytest.mark.parametrize("name", HOUSES)
def test_cron(golden: Golden, name: str) -> None:
    for own in (False, True):
        for file, text in cron.files(HOUSES[name], own=own).items():
            golden(f"units/{name}-{'user' if own else 'system'}/{file}", text)


@pytest.mark.parametrize("name", ["plain", "busy"])
def test_docker(golden: Golden, name: str) -> None:
    found = HOUSES[name]
    for file, text in docker.files(found, Path(found.root) / "units").items():
        golden(f"units/{name}-docker/{file}", text)


def here(folder: Path, found: House) -> House:
    """The same house in a folder of this machine, whose programs are there."""
    from dataclasses import replace

    root = folder / Path(found.root).name
    programs = folder / Path(found.feeder[0]).parent.relative_to("/")
    programs.mkdir(parents=True)
    for program in ("feeder", "publish"):
        (programs / program).write_text('#!/bin/sh\npwd > ran\necho "$@" >> ran\n')
        (programs / program).chmod(0o755)
    root.mkdir()
    feeder, publish = str(programs / "feeder"), str(programs / "publish")
    return replace(found, settings=replace(found.settings, root=root), feeder=(feeder,), publish=(publish,))


def write(folder: Path, texts: dict[str, str]) -> list[str]:
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
    return [str(folder / name) for name in texts]


@pytest.mark.server
@needs_systemd
@pytest.mark.parametrize("own", [False, True], ids=["system", "user"])
@pytest.mark.parametrize("name", HOUSES)
def test_systemd_finds_no_fault_in_its_units(tmp_path: Path, name: str, own: bool) -> None:
    files = write(tmp_path, systemd.files(here(tmp_path, HOUSES[name]), own=own))
    told = analyze(tmp_path, *(["--user"] if own else []), "verify", "--man=no", *files)
    assert (told.returncode, told.stdout + told.stderr) == (0, "")


def test_a_port_of_roots_has_a_door() -> None:
    [text] = systemd.files(houses.house(web=Web(port=443)), own=False).values()
    assert "\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n" in text
    for port in (0, 1024, 8080):
        [text] = systemd.files(houses.house(web=Web(port=port)), own=False).values()
        assert "CAP_" not in text


@pytest.mark.server
@needs_systemd
def test_systemd_finds_faults_where_there_are_some(tmp_path: Path) -> None:
    """Else the test above would prove nothing."""
    found = here(tmp_path, houses.BUSY)
    os.unlink(found.feeder[0])
    told = analyze(tmp_path, "verify", "--man=no", *write(tmp_path, systemd.files(found, own=False)))
    assert told.returncode != 0
    assert found.feeder[0] in told.stderr, "quotes and signs were understood"


@pytest.mark.server
@needs_systemd
@pytest.mark.parametrize("name", ["plain", "busy"])
def test_the_services_are_walled_in(tmp_path: Path, name: str) -> None:
    files = [
        one
        for one in write(tmp_path, systemd.files(here(tmp_path, HOUSES[name]), own=False))
        if one.endswith("service")
    ]
    told = analyze(tmp_path, "security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", *files)
    exposed = re.findall(r"exposure level for \S+: ([\d.]+)", told.stdout)
    assert (told.returncode, len(exposed)) == (0, len(files)), told.stdout + told.stderr


def analyze(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        ["systemd-analyze", *words], env=env, capture_output=True, text=True, encoding="utf-8", timeout=60
    )


def as_cron_reads(line: str, *, own: bool) -> str:
    """What cron hands to the shell (crontab(5)): the rest of the line up to a bare ``%``, ``\\%`` being a ``%``."""
    rest = re.split(r"\s+", line, maxsplit=5 if own else 6)[-1]
    command, _, standard_input = re.sub(r"(?<!\\)%", "\n", rest).partition("\n")
    assert not standard_input
    return command.replace("\\%", "%")


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("name", HOUSES)
def test_what_cron_runs_runs_in_the_publication(tmp_path: Path, name: str, own: bool) -> None:
    found = here(tmp_path, HOUSES[name])
    [text] = cron.files(found, own=own).values()
    lines = [line for line in text.splitlines() if line[0] == "*"]
    assert len(lines) == (2 if name == "busy" else 1)
    for line, words in zip(lines, ("", "mailbox"), strict=False):
        subprocess.run(["/bin/sh", "-c", as_cron_reads(line, own=own)], check=True, cwd=tmp_path)
        assert (Path(found.root) / "ran").read_text("utf-8") == f"{found.root}\n{words}\n"


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1))
def test_any_folder_comes_through_cron_and_the_shell(name: str) -> None:
    found = houses.house(f"/srv/{name}")
    [text] = cron.files(found, own=True).values()
    line = next(line for line in text.split("\n") if line.startswith("* * "))
    assert shlex.split(as_cron_reads(line, own=True)) == ["cd", str(found.settings.root), "&&", *found.publish]


@pytest.mark.server
@needs_crontab
@pytest.mark.parametrize("name", HOUSES)
def test_crontab_takes_it(tmp_path: Path, name: str) -> None:
    """Debian's crontab, which only looks at it."""
    if "-n\t(dry run" not in subprocess.run(["crontab", "-h"], capture_output=True, text=True).stderr:
        pytest.skip("this crontab cannot only look")
    [file] = write(tmp_path, cron.files(HOUSES[name], own=True))
    told = subprocess.run(["crontab", "-n", file], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    Path(file).write_text("*/x * * * * true\n")
    assert subprocess.run(["crontab", "-n", file], capture_output=True, text=True).returncode != 0


def test_the_image_is_built_as_it_should_be() -> None:
    """No engine here: it is read as Docker reads it, an instruction a line, continued by a backslash."""
    text = docker.files(houses.PLAIN, Path("/srv/news/units"))["Dockerfile"]
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    steps = [step.split(None, 1) for step in "\n".join(lines).replace("\\\n", " ").splitlines()]
    assert [word for word, _ in steps] == [
        "FROM", "ARG", "RUN", "RUN", "USER", "WORKDIR", "VOLUME", "ENV", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK",
        "ENTRYPOINT", "CMD",
    ]  # fmt: skip
    known = dict(steps)
    assert known["USER"] == "feeder"
    probe = json.loads(known["HEALTHCHECK"].partition("CMD ")[2])
    compile(probe[2], "probe", "exec")
    assert json.loads(known["ENTRYPOINT"]) + json.loads(known["CMD"]) == [
        "feeder",
        "run",
        "--host",
        "0.0.0.0",
        "--port",
        "8080",
    ]


@pytest.mark.parametrize("name", HOUSES)
def test_compose_names_the_publication_its_user_and_all_it_writes_to(name: str) -> None:
    found = HOUSES[name]
    inside = yaml.safe_load(docker.files(found, Path(found.root) / "units")["compose.yaml"])
    [service] = inside["services"].values()
    assert service["user"] == "1003:1004"
    assert service["volumes"][0] == {"type": "bind", "source": "..", "target": "/publication"}
    assert [one["target"] for one in service["volumes"][1:]] == found.written[1:]
    elsewhere = yaml.safe_load(docker.files(found, Path("/etc/containers"))["compose.yaml"])
    [service] = elsewhere["services"].values()
    assert service["volumes"][0]["source"] == found.root.replace("$", "$$")


def test_the_command_writes_them_says_what_next_and_overwrites_nothing(publication: Publication) -> None:
    done = publication.command("install-units", "--systemd")
    assert (done.returncode, done.stdout) == (0, "units/feeder.service\n")
    assert "next: sudo install -m 644 -t /etc/systemd/system units/feeder.service\n" in done.stderr
    text = (publication.root / "units/feeder.service").read_text("utf-8")
    assert f"WorkingDirectory={publication.root}\n" in text
    assert publication.command("install-units", "--systemd").returncode == 0, "the same again"
    publication.write("units/feeder.service", text.replace("60", "90"))
    done = publication.command("install-units", "--systemd")
    assert (done.returncode, done.stdout) == (73, "")
    assert done.stderr == ("feeder: units/feeder.service is there and differs (look at it; --force overwrites it)\n")
    assert "90" in publication.root.joinpath("units/feeder.service").read_text()
    assert publication.command("install-units", "--systemd", "--force").returncode == 0
    assert publication.root.joinpath("units/feeder.service").read_text() == text


def test_each_way_has_its_files(publication: Publication, tmp_path: Path) -> None:
    done = publication.command("install-units", "--cron", "--user", "--name", "news", "--to", str(tmp_path / "a b"))
    assert done.stdout == f"{tmp_path}/a b/news.cron\n"
    assert done.stderr == f"next: (crontab -l; cat '{tmp_path}/a b'/news.cron) | crontab -\n"
    done = publication.command("install-units", "--docker")
    assert done.stdout == "units/Dockerfile\nunits/compose.yaml\n"
    assert "next: docker compose -f units/compose.yaml up -d --build\n" in done.stderr
    done = publication.command("install-units", "--systemd", "--user")
    assert "loginctl enable-linger" in done.stderr
    assert "ReadWritePaths" not in (publication.root / "units/feeder.service").read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [((), "One of --systemd, --cron and --docker is needed."), (("--docker", "--user"), "exclude each other"),
     (("--systemd", "--docker", "--cron"), "Only one of --systemd, --cron and --docker is needed."),
     (("--cron", "--name", "a/b"), "not a name for a service: a/b"), (("--cron", "--name", "a.b"), "not a name")],
)  # fmt: skip
def test_mistakes(publication: Publication, words: tuple[str, ...], told: str) -> None:
    done = publication.command("install-units", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert not (publication.root / "units").exists()


def test_a_folder_that_no_line_can_name_is_refused(tmp_path: Path) -> None:
    for sign in "\n\t\x7f":
        folder = Publication(tmp_path / f"a{sign}b")
        folder.configure()
        done = folder.command("install-units", "--cron")
        assert (done.returncode, done.stdout) == (2, "")
        assert f"control character in its name: {str(folder.root)!r} (rename it first)" in done.stderr
        assert not (folder.root / "units").exists()


def test_the_service_may_open_a_file_for_each_visitor() -> None:
    assert "\nLimitNOFILE=65536\n" in systemd.files(houses.PLAIN, own=False)["feeder.service"]
