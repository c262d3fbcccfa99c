"""Units for systemd 252 and newer, walled in as far as publishing allows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, get_args

from feeder.cli.units.values import House
from feeder.config.secrets import SecretName

WATCHDOG_S: Final = 60
"""Seconds without a sign of life after which `feeder run` is started anew."""

_ANYBODYS_PORTS: Final = 1024
"""From here on anybody may listen."""
_UNQUOTED = re.compile(r"[A-Za-z0-9_@+=:,./-]+")

_WALLS: Final = (
    "NoNewPrivileges=yes",
    "LockPersonality=yes",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged",
    "SystemCallErrorNumber=EPERM",
)
"""What a service of a single user may have as well."""
_SYSTEM_WALLS: Final = (
    "PrivateDevices=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
)
"""These need the rights of the system's manager; like those above, each forbids setuid programs (systemd.exec(5))."""
_HARMLESS_WALLS: Final = (
    "DevicePolicy=closed",
    "ProtectControlGroups=yes",
    "ProtectProc=invisible",
    "RemoveIPC=yes",
)
"""These do not."""


def files(house: House, *, own: bool) -> dict[str, str]:
    """The units by their names; ``own``: for ``systemctl --user``, which can put up fewer walls."""
    made = {f"{house.name}.service": _text(_run(house, own=own))}
    if house.reads_mailbox:
        made[f"{house.name}-mailbox.service"] = _text(_mailbox(house, own=own))
        made[f"{house.name}-mailbox.timer"] = _text(_timer(house))
    return made


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _run(house: House, *, own: bool) -> Iterator[str]:
    yield "# Written by `feeder install-units --systemd`; call it again when the publication or Python has moved."
    yield from ("[Unit]", f"Description=feeder: {_percent(house.title)}")
    yield from (*_network(own=own), "", "[Service]", "Type=notify")
    yield from _call(house, "run", own=own)
    yield from ("ExecReload=/bin/kill -HUP $MAINPID", f"WatchdogSec={WATCHDOG_S}", "Restart=on-failure", "RestartSec=5")
    yield from ("# Wrong settings do not mend themselves.", "RestartPreventExitStatus=2 78")
    yield from ("# Each connection takes a file, and systemd's own bound is 1,024.", "LimitNOFILE=65536")
    yield from (*_credentials(house, own=own), *_walls(house, own=own))
    yield from ("", "[Install]", f"WantedBy={'default.target' if own else 'multi-user.target'}")


def _mailbox(house: House, *, own: bool) -> Iterator[str]:
    yield "# Written by `feeder install-units --systemd`; the timer beside it starts it."
    yield from ("[Unit]", f"Description=feeder mailbox: {_percent(house.title)}")
    yield from (*_network(own=own), "", "[Service]", "Type=oneshot")
    yield from _call(house, "mailbox", own=own)
    yield from (*_credentials(house, own=own), *_walls(house, own=own))


def _timer(house: House) -> Iterator[str]:
    yield "# Written by `feeder install-units --systemd`."
    yield from ("[Unit]", f"Description=feeder mailbox: {_percent(house.title)}", "", "[Timer]")
    yield from ("OnBootSec=2min", "OnUnitActiveSec=10min", "", "[Install]", "WantedBy=timers.target")


def _call(house: House, verb: str, *, own: bool) -> Iterator[str]:
    if not own:
        yield f"User={house.user}"
    yield from (f"WorkingDirectory={_percent(house.root)}", f"ExecStart={command(house.feeder)} {verb}")


def _network(*, own: bool) -> tuple[str, ...]:
    """A user's manager knows nothing of the system's targets."""
    return () if own else ("Wants=network-online.target", "After=network-online.target")


def _credentials(house: House, *, own: bool) -> Iterator[str]:
    yield from ("", f"# Passwords and keys, each in a file that {'you' if own else 'root'} alone can read:")
    for name in get_args(SecretName):
        yield f"#LoadCredential={name}:{'%h/.config' if own else '/etc'}/{house.name}/{name}"


def _walls(house: House, *, own: bool) -> Iterator[str]:
    """What it may write to and do; ``own``: without the walls that take more than a user's rights."""
    yield from ("", "# The web server reads what is written.", "UMask=0022")
    if not own:
        yield from (*_folders(house), *_HARMLESS_WALLS)
    if house.uses_sendmail:
        yield "# sendmail(8) is, or calls, a setuid or setgid program, which all other walls would forbid."
        return
    yield from (*(() if own else (*_capabilities(house), *_SYSTEM_WALLS)), *_WALLS, *_more(house))


def _capabilities(house: House) -> Iterator[str]:
    """None, unless it listens where only root may."""
    wanted = "CAP_NET_BIND_SERVICE" if 0 < house.settings.web.port < _ANYBODYS_PORTS else ""
    yield f"CapabilityBoundingSet={wanted}"
    if wanted:
        yield f"AmbientCapabilities={wanted}"


def _folders(house: House) -> Iterator[str]:
    """What can be written to and read: the publication alone, but for sendmail(8), whose queue lies who knows where."""
    if not house.uses_sendmail:
        yield from ("# Everything is read-only but this:", f"ReadWritePaths={_words(house.written)}")
        if house.settings.output.deploy:
            yield "# The deploy command runs within these walls: name what it writes to on this machine."
            yield "#ReadWritePaths=/srv/www"
    yield f"ProtectSystem={'full' if house.uses_sendmail else 'strict'}"
    if not house.uses_homes:
        yield "ProtectHome=yes"
    elif not house.uses_sendmail:
        yield "ProtectHome=read-only"
    if not house.uses_tmp:
        yield "PrivateTmp=yes"


def _more(house: House) -> Iterator[str]:
    """Walls that feeder never touches, and a deploy command may."""
    if house.settings.output.deploy:
        yield "# rsync -a passes owners on; a deploy command written for Node.js or Java compiles as it runs."
        yield from ("SystemCallFilter=@chown", "#MemoryDenyWriteExecute=yes")
    else:
        yield "MemoryDenyWriteExecute=yes"


def command(words: Iterable[str]) -> str:
    """Words as ``ExecStart=`` takes them (systemd.service(5), "Command lines")."""
    return " ".join(_quoted(word).replace("$", "$$") for word in words)


def _words(paths: Iterable[str]) -> str:
    """Paths as lists of them are written (systemd.syntax(7), "Quoting")."""
    return " ".join(map(_quoted, paths))


def _quoted(word: str) -> str:
    escaped = _percent(word)
    if _UNQUOTED.fullmatch(escaped):
        return escaped
    return '"' + escaped.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _percent(text: str) -> str:
    """Without specifiers (systemd.unit(5)), and on one line."""
    return " ".join(text.split("\n")).replace("%", "%%")
