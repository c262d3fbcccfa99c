"""The JSON Schema of ``feeder.toml``, for editors: from the same types and their docstrings."""

from __future__ import annotations

from typing import Any

from feeder.config import checks, mailchecks
from feeder.config.rules import RANGES, REPEATED, TABLES
from feeder.config.settings import toml_key


def json_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, with the fields' docstrings as descriptions."""
    import msgspec

    kinds = tuple(TABLES.values())
    _, parts = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    told = descriptions()
    for name, part in parts.items():
        part["additionalProperties"] = False
        part["description"] = told[name][""]
        part["properties"] = {toml_key(field): value for field, value in part["properties"].items()}
        for key, value in part["properties"].items():
            value["description"] = told[name][key]
    _narrow(parts)
    tables = {name: _table(name, kind.__name__) for name, kind in TABLES.items() if "." not in name}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "feeder.toml",
        "description": "The settings of a publication.",
        "type": "object",
        "properties": tables,
        "required": ["site"],
        "additionalProperties": False,
        "$defs": parts,
    }


def _table(name: str, kind: str) -> dict[str, Any]:
    reference = {"$ref": f"#/$defs/{kind}"}
    return {"type": "array", "items": reference} if name in REPEATED else reference


def _narrow(parts: dict[str, Any]) -> None:
    """What the checks add to the types, as far as a schema can say it."""
    parts["Site"]["properties"]["title"]["minLength"] = 1
    for part, key in (("Site", "url"), ("Follow", "feed")):
        parts[part]["properties"][key]["pattern"] = "^https?://"
    for (table, key), numbers in RANGES.items():
        parts[TABLES[table].__name__]["properties"][key] |= {"minimum": numbers.least, "maximum": numbers.most}
    parts["Feeds"]["properties"]["also"]["uniqueItems"] = True
    parts["MailingList"]["properties"]["name"]["pattern"] = f"^{mailchecks.NAME}$"
    tokens = "|".join(checks.TOKENS)
    pattern = rf"^/(?:[^{{}}]|\{{(?:{tokens})\}})*/$"
    parts["Entries"]["properties"]["permalink"]["pattern"] = pattern


def descriptions() -> dict[str, dict[str, str]]:
    """Docstrings by class and field, the class's own under ``""``; Python keeps those of fields in the source only."""
    import ast
    import inspect

    from feeder.config import settings

    told: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(settings)).body:
        if isinstance(node, ast.ClassDef):
            told[node.name] = {"": _plain(ast.get_docstring(node) or "")} | dict.fromkeys(_names(node), "")
            for field, after in zip(node.body, node.body[1:], strict=False):
                if (
                    isinstance(field, ast.AnnAssign)
                    and isinstance(field.target, ast.Name)
                    and isinstance(after, ast.Expr)
                ):
                    told[node.name][toml_key(field.target.id)] = _plain(str(ast.literal_eval(after.value)))
    return told


def _names(node: Any) -> list[str]:  # noqa: ANN401  (an ast.ClassDef; ast is imported only where needed)
    return [toml_key(field.target.id) for field in node.body if hasattr(field, "target")]


def _plain(text: str) -> str:
    return " ".join(text.replace("``", "`").split())
