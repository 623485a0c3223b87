"""Every refusal can be said: wherever it is raised, its text gets the parameters it names."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from api.app import create_app
from api.core import i18n
from api.core.errors import Problem

PRODUCT = [path for folder in ("api", "web_portal") for path in Path(folder).rglob("*.py")]


def refusals(of: type[Problem] = Problem) -> Iterator[type[Problem]]:
    assert create_app  # every feature is imported
    for refusal in of.__subclasses__():
        yield refusal
        yield from refusals(refusal)


ALL = sorted(set(refusals()), key=lambda each: f"{each.__module__}.{each.__qualname__}")


def fields(refusal: type[Problem]) -> frozenset[str]:
    """What its texts name, in any language."""
    keys = [refusal.key, f"{refusal.key}.next"]
    texts = [
        i18n.catalogue(locale)[key]
        for locale in i18n.LOCALES
        for key in keys
        if key == refusal.key or i18n.has_text(locale, key)
    ]
    found = (name for text in texts for _, name, _, _ in Formatter().parse(text) if name)
    return frozenset(found)


def raises() -> Iterator[tuple[str, str, ast.Call | None]]:
    """What is raised where, and the call that makes it; None where the bare class is."""
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text())):
            made = node.exc if isinstance(node, ast.Raise) else None
            call = made if isinstance(made, ast.Call) else None
            target = call.func if call else made
            if isinstance(target, ast.Name | ast.Attribute):
                name = target.id if isinstance(target, ast.Name) else target.attr
                yield name, f"{path}:{node.lineno}", call


RAISED = list(raises())


def test_there_are_many() -> None:
    assert len(ALL) > 90


@pytest.mark.parametrize("refusal", ALL, ids=lambda each: f"{each.__module__}.{each.__qualname__}")
def test_its_text_is_given_what_it_names(refusal: type[Problem]) -> None:
    wanted = fields(refusal)
    if refusal.__init__ is not Problem.__init__:
        source = inspect.getsource(refusal.__init__)
        assert {name for name in wanted if f"{name}=" not in source and name not in source} == set()
    elif wanted:
        for name, place, call in RAISED:
            if name == refusal.__name__:
                assert wanted <= {each.arg for each in (call.keywords if call else ())}, place
