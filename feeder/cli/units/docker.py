"""An image with feeder in it, and a container for one publication, which stays where it is on the host."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

from feeder.cli.units.values import House
from feeder.config.secrets import SecretName

PYTHON: Final = "python:3.13-slim"
PORT: Final = 8080
"""Within the container."""
_PROBE: Final = f"import urllib.request as u; u.urlopen('http://127.0.0.1:{PORT}/healthz', timeout=4)"
_SECRETS: Final = get_args(SecretName)


def files(house: House, folder: Path) -> dict[str, str]:
    """Dockerfile and compose.yaml; ``folder`` is where they will stand."""
    return {
        "Dockerfile": "".join(f"{line}\n" for line in _image(house)),
        "compose.yaml": "".join(f"{line}\n" for line in _service(house, folder)),
    }


def _image(house: House) -> Iterator[str]:
    yield "# Written by `feeder install-units --docker`."
    yield f"FROM {PYTHON}"
    if house.settings.output.deploy:
        yield "# What the deploy command calls."
        yield "RUN apt-get update \\"
        yield " && apt-get install -y --no-install-recommends rsync openssh-client \\"
        yield " && rm -rf /var/lib/apt/lists/*"
    yield f"ARG FEEDER=feeder-press=={house.version}"
    yield 'RUN pip install --no-cache-dir "$FEEDER"'
    yield "RUN useradd --uid 1000 --create-home feeder && install -d -o feeder /publication"
    yield "USER feeder"
    yield "WORKDIR /publication"
    yield "VOLUME /publication"
    yield "ENV PYTHONUNBUFFERED=1"
    yield f"EXPOSE {PORT}"
    yield "STOPSIGNAL SIGTERM"
    yield "HEALTHCHECK --interval=30s --timeout=5s --start-period=5m \\"
    yield f"  CMD {_list('python', '-c', _PROBE)}"
    yield f"ENTRYPOINT {_list('feeder')}"
    yield f"CMD {_list('run', '--host', '0.0.0.0', '--port', str(PORT))}"  # noqa: S104  (of the container)


def _list(*words: str) -> str:
    """The form that no shell sees."""
    return json.dumps(words)


def _service(house: House, folder: Path) -> Iterator[str]:
    settings = house.settings
    yield "# Written by `feeder install-units --docker`."
    yield from ("services:", f"  {house.name}:", "    build: .", f"    image: {house.name}")
    yield from ("    restart: unless-stopped", "    init: true", "    stop_grace_period: 2m")
    yield "    # The owner of the publication, who writes in it."
    yield f'    user: "{house.uid}:{house.gid}"'
    yield from ("    read_only: true", "    tmpfs: [/tmp]", "    cap_drop: [ALL]")
    yield '    security_opt: ["no-new-privileges:true"]'
    yield "    # A web server on this machine passes requests on to it."
    yield f'    ports: ["127.0.0.1:{settings.web.port or PORT}:{PORT}"]'
    yield from ("    volumes:", "      - type: bind", f"        source: {_text(_source(house, folder))}")
    yield "        target: /publication"
    yield from _outside(house)
    yield from _secrets()


def _source(house: House, folder: Path) -> str:
    """The publication, seen from the file where it lies beside it; else absolute."""
    inside = os.path.relpath(folder, house.root)
    return house.root if inside.startswith("..") else os.path.relpath(house.root, folder)


def _outside(house: House) -> Iterator[str]:
    for path in house.written[1:]:
        yield from ("      - type: bind", f"        source: {_text(path)}", f"        target: {_text(path)}")


def _secrets() -> Iterator[str]:
    yield "    # Passwords and keys, each in a file that its owner alone can read:"
    yield "    #environment:"
    for name in _SECRETS:
        yield f"    #  FEEDER_{name.upper()}_FILE: /run/secrets/{name}"
    yield f"    #secrets: [{', '.join(_SECRETS)}]"
    yield "#secrets:"
    for name in _SECRETS:
        yield f"#  {name}: {{file: ./{name}}}"


def _text(value: str) -> str:
    """A string of YAML in double quotes; to Compose, a ``$`` begins a variable."""
    return json.dumps(value, ensure_ascii=False).replace("$", "$$")
