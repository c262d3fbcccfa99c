"""The Jinja2 environment: where templates are found, kept compiled, and what is said when one is wrong."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from jinja2.exceptions import TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from feeder.errors import Problem, SettingsError

OWN = "templates"
"""The publication's folder of templates; a file in it takes the place of ours of the same name."""

_MISTAKES = (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)


class BadTemplateError(SettingsError):
    """A template is wrong."""


def defaults() -> Path:
    """The folder of the templates that come with feeder: in the package, else in the checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / OWN
    return inside if inside.is_dir() else package.parent / OWN


def _escapes(name: str | None) -> bool:
    """HTML is escaped; the plain texts of mail are not."""
    return name is None or not name.endswith(".txt")


class _Compiled(BytecodeCache):
    """Compiled templates in the publication's state folder; a cache that cannot be kept is done without."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            with open(self.folder / bucket.key, "rb") as file:
                bucket.load_bytecode(file)
        except OSError:
            return

    def dump_bytecode(self, bucket: Bucket) -> None:
        target = self.folder / bucket.key
        # Named by the process: two that compile at once must not write into one file.
        half = self.folder / f"{bucket.key}.{os.getpid()}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with open(half, "wb") as file:
                bucket.write_bytecode(file)
            os.replace(half, target)
        except OSError:
            with suppress(OSError):
                half.unlink()


class _Fenced(FileSystemLoader):
    """Templates that lie in their folder indeed: a symbolic link could name any file of the machine."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        source = super().get_source(environment, template)
        if not any(_lies_in(folder, source[1]) for folder in self.searchpath):
            raise TemplateNotFound(template)
        return source


def _lies_in(folder: str | os.PathLike[str], file: str | os.PathLike[str]) -> bool:
    return os.path.realpath(file).startswith(f"{os.path.realpath(folder)}{os.sep}")


class Templates:
    """The templates of one publication."""

    def __init__(self, root: Path, constants: Mapping[str, object], *, sandbox: bool = False) -> None:
        """``constants`` are what every template may name.

        ``sandbox`` is for templates of strangers: they reach no attribute that begins with ``_``, change nothing they
        are given, and name no file outside their folder.
        """
        self.root = root
        # A publication in feeder's own checkout has one folder for both.
        self.folders = list(dict.fromkeys([root.resolve() / OWN, defaults()]))
        self._fenced = sandbox
        kind = ImmutableSandboxedEnvironment if sandbox else Environment
        self.environment = kind(
            loader=(_Fenced if sandbox else FileSystemLoader)(self.folders),
            undefined=StrictUndefined,
            autoescape=_escapes,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            # What was compiled outside of the sandbox would run outside of it.
            bytecode_cache=None if sandbox else _Compiled(root / ".feeder" / OWN),
        )
        self.environment.globals.update(constants)

    def render(self, name: str, values: Mapping[str, object]) -> str:
        """The text a template gives.

        Raises ``BadTemplateError``, with the template's file and line, when it cannot.
        """
        try:
            return self.environment.get_template(name).render(values)
        except _MISTAKES as error:
            raise self._broken(name, error) from error

    def has(self, name: str) -> bool:
        """Whether there is a template of that name."""
        return any(os.path.isfile(os.path.join(folder, name)) for folder in self.folders)

    def markup(self, name: str, values: Mapping[str, object]) -> Markup:
        """Likewise, to be put into another template as it is."""
        # What a template gave is escaped already.
        return Markup(self.render(name, values))  # noqa: S704

    def read(self, name: str) -> bytes:
        """The bytes of a file beside the templates (stylesheet, icon), the publication's own first.

        They are public: in the sandbox, a link that leads out of the folder is no file.
        """
        for folder in self.folders:
            if self._fenced and not _lies_in(folder, folder / name):
                continue
            try:
                return (folder / name).read_bytes()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self._error(str(folder / name), f"cannot read it: {error.strerror}") from error
        raise self._error(name, "template not found", "install feeder again")

    def fingerprint(self) -> str:
        """A hash of all template files: another one means that every page may look different."""
        digest = sha256()
        for folder in self.folders:
            for path, data in _files(folder):
                digest.update(f"{path}\0{len(data)}\0".encode("utf-8", "surrogateescape"))
                digest.update(data)
        return digest.hexdigest()[:32]

    def _broken(self, name: str, error: BaseException) -> BadTemplateError:
        if isinstance(error, TemplateSyntaxError):
            return self._error(
                f"{self._shown(error.filename or error.name or name)}:{error.lineno}", str(error.message)
            )
        if isinstance(error, TemplateNotFound):
            return self._error(self._line(error.__traceback__) or name, f"template not found: {error.name}")
        place = self._line(error.__traceback__) or name
        return self._error(
            place, f"{error or type(error).__name__}", "see the variables in docs/reference/templates.md"
        )

    def _error(self, place: str, message: str, hint: str = "") -> BadTemplateError:
        hint = hint or f"mend it, or remove it from {OWN}/ to get the one that comes with feeder"
        return BadTemplateError(problems=(Problem(self._shown(place), message, hint),))

    def _line(self, trace: TracebackType | None) -> str:
        place = ""
        while trace is not None:
            file = trace.tb_frame.f_code.co_filename
            if any(file.startswith(f"{folder}{os.sep}") for folder in self.folders):
                place = f"{file}:{trace.tb_lineno}"
            trace = trace.tb_next
        return place

    def _shown(self, path: str) -> str:
        return path.removeprefix(f"{self.root.resolve()}{os.sep}")


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(where) / name
            if not name.startswith(".") and file.is_file():
                yield file.relative_to(folder).as_posix(), file.read_bytes()
