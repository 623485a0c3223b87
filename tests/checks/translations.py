"""Every text a template or the code names exists in both languages.

python -m tests.checks.translations
"""

import ast
import re
import string
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

ROOT = Path(__file__).parents[2]
LOCALES = ("ja", "en")
# Keys no source line names in one piece, or in a piece that begins with their beginning.
BUILT_FROM_PARTS: tuple[str, ...] = ()
_PREFIX = re.compile(r"^([a-z_]+\.)+$")
# As a script names them, which has all texts of a page at hand.
_SCRIPT_KEY = re.compile(r'"([a-z_]+(?:\.[a-z_]+)+)"')
_SCRIPT_PREFIX = re.compile(r"`((?:[a-z_]+\.)+)\$\{")
_SAY = ("t", "t_other", "both")
_ERROR = re.compile(r"^error(\.[a-z0-9_]+)+(?<!\.html)$")


class Use(NamedTuple):
    """A key named somewhere; params is None where they are not known."""

    where: str
    key: str
    is_prefix: bool
    params: frozenset[str] | None


def faults(root: Path) -> list[str]:
    texts: dict[str, dict[str, str]] = {}
    found: list[str] = []
    for locale in LOCALES:
        texts[locale], own = _texts(root / "web_portal" / "locales" / locale / "LC_MESSAGES")
        found += own
    for one, other in (LOCALES, LOCALES[::-1]):
        found += [f"{key}: in {one}, not in {other}" for key in texts[one].keys() - texts[other]]
    ja, en = (texts[locale] for locale in LOCALES)
    params = {key: _params(text) for key, text in ja.items()}
    for key in ja.keys() & en.keys():
        if params[key] != _params(en[key]):
            found.append(f"{key}: ja takes {sorted(params[key])}, en {sorted(_params(en[key]))}")
    for use in (*_template_uses(root), *_code_uses(root)):
        if use.is_prefix:
            if not any(key.startswith(use.key) for key in ja):
                found.append(f"{use.where}: no text begins with {use.key}")
        elif use.key not in ja:
            found.append(f"{use.where}: {use.key} has no text")
        elif use.params is not None and use.params != params[use.key]:
            takes, given = sorted(params[use.key]), sorted(use.params)
            found.append(f"{use.where}: {use.key} takes {takes}, given {given}")
    found += [f"{key}: nothing says it" for key in ja.keys() - _said(root, ja.keys())]
    return sorted(set(found))


def _said(root: Path, keys: Iterable[str]) -> set[str]:
    """Keys that a template, the code or BUILT_FROM_PARTS can come to; a said key's .next too."""
    exact: set[str] = set()
    prefixes = set(BUILT_FROM_PARTS)
    for use in _template_uses(root):
        (prefixes if use.is_prefix else exact).add(use.key)
    for path in _code_files(root):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Constant(value=str(text)):
                    exact.add(text)
                case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]) if _PREFIX.match(
                    text
                ):
                    prefixes.add(text)
    for path in sorted((root / "web_portal" / "static").glob("*.js")):
        script = path.read_text(encoding="utf-8")
        exact.update(_SCRIPT_KEY.findall(script))
        prefixes.update(_SCRIPT_PREFIX.findall(script))
    begins = tuple(prefixes)
    said = {key for key in keys if key in exact or key.startswith(begins)}
    return said | {key for key in keys if key.removesuffix(".next") in said}


def _code_files(root: Path) -> Iterator[Path]:
    for package in ("api", "notifications", "web_portal"):
        yield from sorted((root / package).rglob("*.py"))


def _texts(folder: Path) -> tuple[dict[str, str], list[str]]:
    texts: dict[str, str] = {}
    found: list[str] = []
    for path in sorted(folder.glob("*.po")):
        seen: set[str] = set()
        # babel merges a repeated msgid silently, so the lines are counted as they stand
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("msgid ") and (key := ast.literal_eval(line[6:])):
                if key in seen or key in texts:
                    found.append(f"{path.parent.parent.name}/{path.name}: {key} is there twice")
                seen.add(key)
        with path.open("rb") as po:
            messages = [message for message in read_po(po) if message.id]
        for message in messages:
            key, text = str(message.id), str(message.string)
            if not text.strip():
                found.append(f"{path.parent.parent.name}/{path.name}: {key} is empty")
            texts[key] = text
    return texts, found


def _params(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


def _template_uses(root: Path) -> Iterator[Use]:
    environment = Environment(autoescape=True)
    portal = root / "web_portal"
    for path in sorted([*portal.glob("templates/**/*.html"), *portal.glob("standalone/*.html")]):
        tree = environment.parse(path.read_text(encoding="utf-8"))
        for call in tree.find_all(nodes.Call):
            if not (isinstance(call.node, nodes.Name) and call.node.name in _SAY and call.args):
                continue
            where = f"{path.relative_to(root)}:{call.lineno}"
            given = frozenset(argument.key for argument in call.kwargs)
            match call.args[0]:
                case nodes.Const(value=str(key)):
                    yield Use(where, key, False, given)
                case nodes.Concat(nodes=[nodes.Const(value=str(key)), *_]):
                    yield Use(where, key, True, None)
                case nodes.CondExpr(
                    expr1=nodes.Const(value=str(one)), expr2=nodes.Const(value=str(other))
                ):
                    yield Use(where, one, False, given)
                    yield Use(where, other, False, given)


def _code_uses(root: Path) -> Iterator[Use]:
    for path in _code_files(root):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            where = f"{path.relative_to(root)}:{getattr(node, 'lineno', 0)}"
            match node:
                # text(locale, "key", …), i18n.text(locale, "key", …), say(request, "key", …)
                case ast.Call(
                    func=ast.Name(id="text" | "say") | ast.Attribute(attr="text"),
                    args=[_, ast.Constant(value=str(key))],
                    keywords=given,
                ):
                    names = [argument.arg for argument in given]
                    known = None if None in names else frozenset(map(str, names))
                    yield Use(where, key, False, known)
                # key = "error.card.unknown", or an error's key wherever it stands
                case ast.Constant(value=str(key)) if _ERROR.match(key):
                    yield Use(where, key, False, None)


def main(root: Path = ROOT) -> int:
    found = faults(root)
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
