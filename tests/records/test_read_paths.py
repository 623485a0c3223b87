"""Nobody reads records past the settings: each text that names the table is known, with its reason.

A path that goes through `app.permitted_records` names no table and needs no line here.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import Deployment

ROOT = Path(__file__).parents[2]
FLOORS = ("api", "notifications", "web_portal")

OWN_SIDE = "the participant's own side: told records of the subject alone"
WRITES = "takes in what the acting facility wrote"
BROUGHT = "what the participant brought themselves, and that alone"
KNOWN = {
    "app.permitted_records": "the filter itself",
    "app.versions": "earlier versions of the one record the filter has just permitted",
    "public.records_participant_of_record": "whose an id is; answers no record",
    "public.records_arrive": "takes in what facilities wrote, each in its signed name",
    "public.records_past_retention": "for an operator, whose is too old; answers no record",
    "api/records/own/queries.py::page": OWN_SIDE,
    "api/records/own/queries.py::counts": OWN_SIDE,
    "api/records/own/queries.py::one": OWN_SIDE,
    "api/records/own/queries.py::of_type": OWN_SIDE,
    "api/records/own/queries.py::sources": OWN_SIDE,
    "api/records/summary/queries.py::own": OWN_SIDE,
    "api/records/queries.py::facts": "what the decision core itself asks of one record",
    "api/records/queries.py::copy": "an operator's copy for an authority, with an event of its own",
    "api/records/emergency/queries.py::directives": "a nominee's; the core decides on each",
    "api/emergency/queries.py::has_older": "whether old warnings lie out of reach; no record",
    "api/records/queries.py::operations": "ids for an emergency session's reach; the filter reads",
    "api/records/queries.py::ongoing": "ids for an emergency session's reach; the filter reads",
    "api/records/emergency/queries.py::carriable": OWN_SIDE,
    "api/records/previewing/queries.py::told_groups": OWN_SIDE,
    "api/consent/queries.py::records_told_of": OWN_SIDE,
    "api/records/at_facility/queries.py::is_known": "whether it wrote anything; no record",
    "api/records/at_facility/queries.py::entries": "a facility's own, with an event each look",
    "api/records/at_facility/queries.py::versions": "as entries, of one of them",
    "api/records/checkups/queries.py::told": OWN_SIDE,
    "api/records/checkup_xml/queries.py::brought": BROUGHT,
    "api/records/checkup_xml/queries.py::held": BROUGHT,
    "api/records/checkup_xml/queries.py::supersede": BROUGHT,
    "api/records/checkup_xml/queries.py::add": BROUGHT,
    "api/records/checkup_xml/queries.py::remove": BROUGHT,
    "api/phr/entries/queries.py::whole_book": BROUGHT,
    "api/phr/entries/queries.py::remove_whole_book": BROUGHT,
    "api/phr/entries/queries.py::beside": BROUGHT,
    "api/phr/entries/queries.py::current": BROUGHT,
    "api/phr/entries/queries.py::listed": BROUGHT,
    "api/phr/entries/queries.py::newest": BROUGHT,
    "api/phr/entries/queries.py::head": BROUGHT,
    "api/phr/entries/queries.py::versions": BROUGHT,
    "api/phr/entries/queries.py::supersede": BROUGHT,
    "api/phr/entries/queries.py::add": BROUGHT,
    "api/phr/entries/queries.py::remove": BROUGHT,
    "api/records/incoming/queries.py::held": "a facility finds again what it wrote itself",
    "api/records/incoming/queries.py::held_by_id": "the same, by the ids it was given",
    "api/records/incoming/queries.py::held_nameless": "the same, by any of its identifiers",
    "api/records/incoming/queries.py::body_of": "a facility is answered again what it sent",
    "api/records/incoming/queries.py::drop_parts": "a facility withdraws what it wrote itself",
    "api/records/incoming/queries.py::earlier_bodies": "a facility compares what it wrote itself",
    "api/records/retention/queries.py::dated_before": "an operator ends what is kept; no content",
    "api/records/incoming/queries.py::add": WRITES,
    "api/records/ssmix2/queries.py::newest_versions": "a facility finds again what it wrote itself",
    "api/records/ssmix2/queries.py::standing_under": "which records it wrote; answers ids",
    "api/records/ssmix2/queries.py::standing_patient": "whose Patient it wrote; answers an id",
    "api/records/sending_queries.py::withdraw": WRITES,
    "api/records/ssmix2/queries.py::add_versions": WRITES,
    "api/records/matching/queries.py::set_aside": WRITES,
    "api/records/matching/queries.py::bring_back": WRITES,
    "api/records/taking_out/queries.py::counts": OWN_SIDE,
    "api/records/taking_out/queries.py::piece": OWN_SIDE,
    "api/records/taking_out/queries.py::books": OWN_SIDE,
    "api/records/taking_out/queries.py::names": BROUGHT,
    "api/records/bringing_in/queries.py::add_records": BROUGHT,
    "public.account_close": "destroys what the participant brought; answers counts",
    "public.records_take_over": WRITES,
    "public.records_give_back": WRITES,
}

NAMES_IT = re.compile(
    r'(\b(from|join|into|update|only|table|using)|,)\s+(only\s+)?("?public"?\.)?"?record"?(?![\w.])',
    re.IGNORECASE,
)
IS_SQL = re.compile(r"\b(select|insert|update|delete|merge|copy|table)\b", re.IGNORECASE)


def names_the_table(text: str) -> bool:
    return bool(IS_SQL.search(text) and NAMES_IT.search(text))


async def in_the_database(connection: asyncpg.Connection) -> set[str]:
    functions = await connection.fetch(
        """SELECT n.nspname || '.' || p.proname AS name, pg_get_functiondef(p.oid) AS text
           FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND p.prokind <> 'a'"""
    )
    views = await connection.fetch(
        """SELECT DISTINCT r.ev_class::regclass::text AS name
           FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
           WHERE d.classid = 'pg_rewrite'::regclass
             AND d.refclassid = 'pg_class'::regclass AND d.refobjid = 'public.record'::regclass"""
    )
    return {row["name"] for row in functions if names_the_table(row["text"])} | {
        row["name"] for row in views
    }


def in_source(path: str, source: str) -> Iterator[str]:
    """`path::function` of each SQL text that names the table, or imports its Piccolo class."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "api.records.tables":
            yield from (f"{path}::import" for name in node.names if name.name in ("Record", "*"))
        for child in ast.iter_child_nodes(node):
            child.parent = node  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        if names_the_table(_text(node)):
            yield f"{path}::{_function(node)}"


def _text(node: ast.AST) -> str:
    """A string as SQL would see it; what is filled in later is a gap."""
    match node:
        case ast.JoinedStr(values=parts):
            return "".join(p.value if isinstance(p, ast.Constant) else " ? " for p in parts)
        case ast.Constant(value=str(text)) if not isinstance(node.parent, ast.Expr):  # type: ignore[attr-defined]
            return text
    return ""


def _function(node: ast.AST) -> str:
    while not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
        node = node.parent  # type: ignore[attr-defined]
    return getattr(node, "name", "module")


def in_the_sources() -> set[str]:
    return {
        place
        for floor in FLOORS
        for path in (ROOT / floor).rglob("*.py")
        for place in in_source(str(path.relative_to(ROOT)), path.read_text("utf-8"))
    }


@pytest.fixture
async def admin(deployment: Deployment):
    connection = await asyncpg.connect(deployment.admin_dsn)
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


async def test_every_text_that_names_the_record_table_is_known(admin):
    assert await in_the_database(admin) | in_the_sources() == set(KNOWN)


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        (
            "public.records_everything",
            "CREATE FUNCTION records_everything(p uuid) RETURNS SETOF text LANGUAGE sql"
            " AS 'SELECT body FROM record WHERE participant_id = p'",
        ),
        (
            "app.peek",
            "CREATE FUNCTION app.peek(p uuid) RETURNS bigint LANGUAGE sql"
            " RETURN (SELECT count(*) FROM facility f, public.record r WHERE r.record_id = p)",
        ),
        (
            "public.records_history",
            "CREATE FUNCTION records_history() RETURNS text LANGUAGE plpgsql"
            " AS 'DECLARE v text; BEGIN SELECT body INTO v FROM ONLY \"record\" r; RETURN v; END'",
        ),
        ("latest", "CREATE VIEW latest AS SELECT * FROM record WHERE is_current"),
    ],
)
async def test_a_way_around_the_filter_planted_in_the_database_is_found(admin, name, statement):
    await admin.execute(statement)
    assert await in_the_database(admin) - set(KNOWN) == {name}


@pytest.mark.parametrize(
    "statement",
    [
        'await tx.fetch("SELECT count(*)"\n  " FROM record r WHERE r.participant_id = $1", id)',
        'await tx.fetch(f"SELECT {columns} FROM facility, record")',
        'await tx.fetch("select body from public.record")',
        "from api.records.tables import Record",
    ],
)
def test_a_way_around_the_filter_planted_in_the_sources_is_found(statement):
    body = statement.replace("\n", "\n    ")
    found = list(in_source("api/phr/queries.py", f"async def export(tx):\n    {body}\n"))
    assert [place.partition("::")[0] for place in found] == ["api/phr/queries.py"]


def test_a_read_through_the_filter_needs_no_line():
    source = 'SQL = "SELECT count(*) FROM app.permitted_records($1) r JOIN facility f USING (id)"'
    assert list(in_source("api/phr/queries.py", source)) == []
