"""The JSON Schema of ``feeder.toml``, for editors: from the same types and their docstrings."""

from __future__ import annotations

from typing import Any

from feeder.config import checks
from feeder.config.settings import Entries, Feeds, Follow, Output, Site


def json_schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12, with the fields' docstrings as descriptions."""
    import msgspec

    kinds = (Site, Entries, Feeds, Output, Follow)
    _, parts = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
    told = descriptions()
    for name, part in parts.items():
        part["additionalProperties"] = False
        part["description"] = told[name][""]
        for key, value in part["properties"].items():
            value["description"] = told[name][key]
    _narrow(parts)
    tables: dict[str, Any] = {kind.__name__.lower(): {"$ref": f"#/$defs/{kind.__name__}"} for kind in kinds[:-1]}
    tables["follow"] = {"type": "array", "items": {"$ref": "#/$defs/Follow"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "feeder.toml",
        "description": "The settings of a publication.",
        "type": "object",
        "properties": {**tables, "mail": {}, "lists": {}, "web": {}},
        "required": ["site"],
        "additionalProperties": False,
        "$defs": parts,
    }


def _narrow(parts: dict[str, Any]) -> None:
    """What the checks add to the types, as far as a schema can say it."""
    parts["Site"]["properties"]["title"]["minLength"] = 1
    for part, key in (("Site", "url"), ("Follow", "feed")):
        parts[part]["properties"][key]["pattern"] = "^https?://"
    parts["Feeds"]["properties"]["size"] |= {"minimum": 1, "maximum": 1000}
    parts["Feeds"]["properties"]["also"]["uniqueItems"] = True
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
                    told[node.name][field.target.id] = _plain(str(ast.literal_eval(after.value)))
    return told


def _names(node: Any) -> list[str]:  # noqa: ANN401  (an ast.ClassDef; ast is imported only where needed)
    return [field.target.id for field in node.body if hasattr(field, "target")]


def _plain(text: str) -> str:
    return " ".join(text.replace("``", "`").split())
