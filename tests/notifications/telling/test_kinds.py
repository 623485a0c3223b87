"""Whatever the code tells a participant is a known event of one kind, with its words in Japanese
and English."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.core import i18n
from notifications.kinds import BY_EVERY_CHANNEL, KIND_OF, Kind

ROOT = Path(__file__).parents[3]
# The text a caller builds its event from, by the variable it is told of.
CHOSEN = {
    "_BECAUSE[said]": {"terms_accepted", "terms_refused"},
    "_NOTICES[wish]": {"participation_resumed", "participation_withdrawn"},
    "notice": {"merge_accepted", "merge_asked", "merge_split"},
}


def calls() -> Iterator[tuple[str, ast.expr]]:
    for folder in ("api", "notifications", "web_portal"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and ast.unparse(node.func) == "notifications.enqueue"
                    and len(node.args) > 1
                ):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", node.args[1]


def told_by(event: ast.expr) -> set[str]:
    """The events one call may tell of; none where it tells of something unknown."""
    match event:
        case ast.Constant(value=str(name)):
            return {name} & set(KIND_OF)
        case ast.JoinedStr(values=[ast.Constant(value=str(prefix)), *_]):
            return {name for name in KIND_OF if name.startswith(prefix)}
        case _:
            return CHOSEN.get(ast.unparse(event), set())


def told_in_sql() -> set[str]:
    """Names of events in the statements that put notices out from within PostgreSQL."""
    found: set[str] = set()
    for path in (ROOT / "migrations" / "versions").glob("*.py"):
        for statement in re.findall(
            r"INSERT INTO outbox \(.*?;", path.read_text("utf-8"), re.DOTALL
        ):
            found |= {
                name
                for name in re.findall(r"'([a-z]+(?:_[a-z]+)+)'", statement)
                if name.startswith(
                    (
                        "terms_",
                        "facility_",
                        "proxy_",
                        "first_",
                        "grant_",
                        "app_e",
                        "checkup_",
                        "immun",
                    )
                )
            }
    return found - {"facility_type"}


def test_every_call_tells_of_a_known_event():
    found = list(calls())
    assert len(found) >= 25
    assert [where for where, event in found if not told_by(event)] == []


def test_what_postgresql_tells_is_known_too():
    told = told_in_sql() - {"proxy_"}
    assert {"terms_asked", "facility_joins", "facility_asks", "proxy_acted"} <= told
    assert told <= set(KIND_OF)


@pytest.mark.parametrize("locale", i18n.LOCALES)
@pytest.mark.parametrize("event", sorted(KIND_OF))
def test_an_event_has_its_words(event: str, locale: str):
    for part in ("title", "body"):
        assert i18n.has_text(locale, f"notice.{event}.{part}")


@pytest.mark.parametrize("locale", i18n.LOCALES)
@pytest.mark.parametrize("kind", Kind)
def test_a_kind_has_its_name_and_what_it_covers(kind: Kind, locale: str):
    for part in ("name", "about"):
        assert i18n.has_text(locale, f"notices.kind.{kind}.{part}")


def test_no_text_is_of_an_event_nobody_knows():
    texts = {
        key.split(".")[1]
        for key in i18n.catalogue("ja")
        if re.fullmatch(r"notice\.[a-z_]+\.title", key)
    }
    assert texts - set(KIND_OF) == {"quiet_emergency"}


def test_what_goes_out_by_every_channel_are_events():
    assert set(KIND_OF) >= BY_EVERY_CHANNEL


def test_the_reference_lists_every_event_with_its_kind():
    text = (ROOT / "docs" / "reference" / "notices.md").read_text("utf-8")
    kinds = "|".join(Kind)
    listed = dict(re.findall(rf"^\| `([a-z_]+)` \| ({kinds}) \| .+ \|$", text, re.MULTILINE))
    assert listed == KIND_OF
