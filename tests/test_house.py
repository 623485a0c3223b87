"""The house holds: what PostgreSQL's catalogue and the source tree must always look like."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import Deployment

ROOT = Path(__file__).parents[1]

# Every SECURITY DEFINER function, with what it may do that its caller may not.
DEFINERS = {
    "app.context": "checks the context's signature with the key",
    "app.check_calls": "checks calls' signatures with the key",
    "app.bump_policy": "moves the policy version under the head's lock",
    "app.keep_facility": "copies a revision of the directory into its history",
    "app.keep_professional": "copies a revision of the directory into its history",
    "app.refuse_owing": "sees whether a read of anybody is still without its event",
    "app.powers_in_force": "lookup: what an account may do for a principal at this moment",
    "app.enter_as_proxy": "checks a proxy's context with the key, and that a relation is in force",
    "app.quieten": "sees whether somebody is in safe mode, and takes names out of their notices",
    "app.tell_principal": "puts word of a proxy's act into the principal's outbox",
    "app.tell_representative": "puts word into the outbox of who was named as a proxy",
    "public.proxies_of_subject": "lookup: both sides of the subject's proxies, with their names",
    "public.proxies_waiting": "officers alone: witnessed proxies that wait for a second of them",
    "public.access_log_append": "the way into the log of the transaction's subject",
    "public.access_log_append_owed": "the way into the log of whoever was read from",
    "public.access_log_append_system": "the only way into the system's log",
    "public.access_log_lock_head": "takes the head's lock",
    "public.access_log_make_months": "makes the tables of the coming months",
    "public.access_log_erase": "destroys one participant's key and bodies, with a certificate",
    "public.access_log_erase_again": "destroys anew what certificates say is destroyed",
    "public.access_log_answered": "lists what a facility was answered; never of whom",
    "public.access_log_reconcile": "compares a facility's receipts with what it was answered",
    "public.access_log_note_reconciled": "keeps the outcome, and receipts the log does not know",
    "public.access_log_answers_by_day": "counts answers by facility and day, for an auditor",
    "public.phr_child_offer_of_code": "names whose child's book a code hands over",
    "public.keystore_phr_keys": "makes and hands out wrapped keys of what participants wrote",
    "public.keystore_take_keys": "makes and hands out wrapped keys to seal with",
    "public.records_read": "takes the heads' locks, decides freshness, reads, and owes the events",
    "app.note_look_alikes": "compares somebody new with everybody born that day or so insured",
    "public.identity_look_alikes": "officers alone: whom a form on paper may be about",
    "public.identity_pairs": "officers alone: participants who look alike, undecided",
    "public.identity_subject_has_key": "lookup: whether the subject signs in with a key",
    "public.identity_end_sessions": "officers alone: ends every session of the subject",
    "public.support_identified_by_another": "officers alone: whether another identified too",
    "public.identity_check_enrolment": "lookup: card, birth date and code to one id",
    "public.identity_ticket_participant": "lookup: an enrolment ticket to one id",
    "public.identity_participant_of_card": "lookup: a card to one id",
    "public.identity_participant_of_insurance": "lookup: insurance and birth date to one id",
    "public.identity_account_of_national": "lookup: an issuer's name for somebody to its account",
    "public.identity_has_key": "lookup: whether an account has a way in of its own",
    "public.identity_participants_named": "lookup: name, birth date and sex to ids, no name told",
    "public.identity_account_of_passkey": "lookup: a credential to one id",
    "public.identity_account_of_session": "lookup: a session to its account; it was in use",
    "public.identity_check_recovery": "lookup: card and recovery code to one account",
    "public.identity_account_of_card": "lookup: a card to its account",
    "public.identity_account_of_token": "lookup: a token of a pair to its account; it was in use",
    "public.identity_account_of_app_code": "lookup: an app's code to the account that allowed it",
    "public.identity_account_of_app_token": "lookup: an app's token to its account; it was in use",
    "public.identity_account_of_recovery": "lookup: a recovery ticket to its account",
    "app.looks_after": "lookup: whether an account is the actor's to look after",
    "public.identity_invite": "a code for an account that the actor looks after and has no key",
    "public.identity_shut_out": "ends all that opens an account that the actor looks after",
    "public.identity_staff_accounts": "administrators alone: their own facility's accounts",
    "public.identity_account_of_invitation": "lookup: an invitation's code or ticket to an account",
    "public.identity_account_of_demo_link": "lookup: a demo link to its account",
    "public.consent_participant_of_desk_code": "lookup: a live code told at a desk to one id",
    "public.consent_tell_facility": "a notice to a facility, by its own patient number",
    "public.records_participant_of_local_id": "lookup: a facility's own number to one id",
    "public.records_participant_of_record": "lookup: a record to one id",
    "public.records_arrive": "takes in new records, each as its signed context says",
    "public.records_past_retention": "lookup: for an operator, whose records are too old",
    "public.consent_open_campaign": "puts new terms to everybody who takes part under others",
    "public.consent_call_off_campaign": "frees those who have not answered yet",
    "public.consent_campaign_progress": "counts answers; never whose",
    "public.consent_tell_of_facility": "tells those a new facility will come to see",
    "public.access_log_audit": "auditors alone: the columns of all events, no body",
    "public.access_log_began_at": "auditors alone: when the log began",
    "public.emergency_card_code_of": "lookup, in an emergency: the code in a card to one id",
    "app.emergency_card_use_holds": "sees whether the code of a card still serves",
    "public.emergency_find_person": "lookup, in an emergency: four items to one id",
    "public.emergency_find_insured": "lookup, in an emergency: an insurance to one id",
    "public.emergency_tie": "lookup, in an emergency: what opener and subject are to each other",
    "public.emergency_kept_back_since": "lookup: since when the subject's emergency notices wait",
    "public.emergency_figures": "counts emergency events by facility; never of whom",
    "public.emergency_quarter": "the same by quarter, once published, for everybody",
    "app.merge_holds": "sees whether one of two people is part of another merge",
    "app.merge_step_holds": "sees how far a merge is, and who asked for it",
    "public.records_one_person": "lookup: who somebody a facility sends records of is now",
    "public.records_match_candidates": "lookup: whom a facility's description may be of",
    "public.records_note_doubtful": "puts a doubt before the support centre",
    "public.records_ask_facility": "officers alone: a notice about one of a facility's patients",
    "public.records_take_over": "moves records of who was merged, with the subject's yes",
    "public.records_give_back": "moves them back after a split",
    "public.bulk_export_take": "the service's own work: gives the next export to one worker",
    "public.bulk_export_sweep": "the service's own work: ends exports that are over",
    "public.bulk_export_to_decide": "lookup: who changed, of those an own export holds",
    "public.own_export_take": "the service's own work: gives the next taking out to one worker",
    "public.own_import_take": "the service's own work: gives the next bringing in to one worker",
    "public.own_files_sweep": "the service's own work: ends what is over, destroys its keys",
    "public.account_close": "destroys what is the subject's alone, once their closing is due",
    "app.is_closed": "whether somebody closed their account and did not come back",
    "app.not_of_the_closed": "refuses whatever opens a closed account, by trigger",
    "app.no_notice_to_the_closed": "makes no notice for a closed account, by trigger",
    "public.account_closed": "whether the subject's account is closed, and all of that done",
    "public.account_returned_at": "when the subject last came back after a closing",
    "public.account_open_anew": "the closing is the past, for who enrols anew just now",
    "public.closing_at_the_counter": "the closing of who is in the acting officer's visit",
    "public.closing_begin_at_the_counter": "begins one, for who two officers met in person",
    "public.closing_call_off_at_the_counter": "calls it off, for who is in such a visit",
    "public.closings_due": "the service's own work: whose account is to be closed now or soon",
    "public.closing_certificate_of": "a certificate, for who has its code",
    "public.records_patients_to_export": "lookup: a facility's own patients, in a running export",
    "public.records_participants_of_insurance": "lookup for senders: insurance and birth date",
    "app.queue_notices": "gives every notice its job, in the transaction it tells of",
    "app.move_notice_job": "moves the job of a notice whose hold was answered",
    "app.queue_deliveries": "gives everything that waits to go out its job",
    "app.queue_delivery": "gives what is to be tried again its job",
    "app.queue_code": "gives the code of a mail address its job",
    "app.one_holder": "takes a device from whom it was before",
    "app.silence_session": "forgets where a session that ended was told of notices",
    "public.notifications_due": "the service's own work: notices that are due",
    "public.notifications_recipients": "the service's own work: who is told, on which ways",
    "app.speak_as_chosen": "sees which language an address's holder chose for all",
    "app.speak_so_from_now": "makes a chosen language that of every address of its chooser",
    "public.access_log_first_access": "tells whoever was read from of a facility's first look",
    "public.access_log_last_look": "professionals: when their own facility last looked",
    "public.notices_remind": "the service's own work: tells once of an end that comes near",
    "public.phr_due_by_other_rules": "the service's own work: whose noted days other rules gave",
    "public.notices_remind_due": "the service's own work: tells once of what comes due in a book",
    "public.notices_sum_up": "the service's own work: tells once of a month's accesses",
    "public.notifications_undelivered": "officers alone: what reached nobody, by a card's end",
    "public.notifications_place": "the service's own work: into the inbox and on its way",
    "public.notifications_attempt": "the service's own work: where a notice goes now",
    "public.notifications_note": "the service's own work: how it went; forgets dead addresses",
    "public.notifications_requeue": "the service's own work: makes a lost job again",
    "public.notifications_letters": "officers alone: letters that wait, with name and address",
    "public.notifications_held_up": "officers alone: how many notices wait, and why",
    "public.notifications_overdue": "the service's own work: whether no worker is at work",
    "public.notifications_code_wanted": "the service's own work: an address awaiting its code",
}
# Tables of one facility or account, or of nobody in particular, with the key that guards them.
OWNER_COLUMNS = ("participant_id", "account_id")
NOT_OWNED = {"support_case": "a case may concern no participant", "demo_sign_in": "demo only"}
APPEND_ONLY = {
    "access_event",
    "system_event",
    "erasure_certificate",
    "participation",
    "directive",
    "residence",
    "paper_consent",
    "paper_scan",
    "facility_history",
    "professional_history",
    "receipt",
    "log_question",
    "log_question_step",
    "proxy",
    "proxy_step",
    "safe_mode",
    "proxy_use",
    "emergency_choice",
    "emergency_session",
    "emergency_step",
    "emergency_review_step",
    "emergency_hold",
    "emergency_card_code",
    "emergency_card_use",
    "emergency_hold_request",
    "emergency_hold_refusal",
    "tie_declaration",
    "disaster",
    "disaster_turn",
    "disaster_confirmation",
    "disaster_end",
    "number_step",
    "participant_merge",
    "participant_merge_step",
    "participant_merge_record",
    "participant_merge_part",
    "participant_merge_return",
    "participant_merge_refusal",
    "emergency_hold_confirmation",
    "log_entry",
    "log_tile",
    "log_root",
    "log_checkpoint",
    "log_cosignature",
    "log_gap",
    "key_change",
    "head_map",
    "fsck_run",
    "reconciliation",
    "unknown_receipt",
}
# What only the sealer's role writes, and of it what changes in place.
SEALED = {
    "log_cursor": {"epoch", "seen", "cluster"},
    "log_entry": set(),
    "log_tile": {"hashes"},
    "log_root": set(),
    "log_checkpoint": set(),
    "log_cosignature": set(),
    "log_gap": set(),
    "key_change": set(),
    "head_map": set(),
    "head_map_tile": set(),
    "fsck_run": set(),
    "witness_state": {
        "url", "is_mirror", "size", "mirrored", "cosigned_at", "tried_at", "fault", "faulty_since",
        "evidence",
    },
    "log_state": {"origin", "epoch", "halted_reason", "halted_at"},
}  # fmt: skip


@pytest.fixture
async def catalogue(deployment: Deployment):
    connection = await asyncpg.connect(deployment.admin_dsn)
    yield connection
    await connection.close()


async def test_every_owned_table_forces_row_security_and_leads_with_its_owner(catalogue):
    rows = await catalogue.fetch(
        """SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
             (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid) AS policies,
             (SELECT array_agg(a.attname::text) FROM pg_attribute a WHERE a.attrelid = c.oid
                AND a.attname = ANY ($1)) AS owners,
             (SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid
                AND a.attnum = i.indkey[0] WHERE i.indrelid = c.oid AND i.indisprimary) AS leads
           FROM pg_class c
           WHERE c.relnamespace IN ('public'::regnamespace, 'keystore'::regnamespace)
             AND c.relkind IN ('r', 'p')""",
        list(OWNER_COLUMNS),
    )
    owned = [row for row in rows if row["owners"]]
    assert len(owned) >= 12
    faults = []
    for row in owned:
        if row["relname"] == "demo_sign_in":
            continue
        if not (row["relrowsecurity"] and row["relforcerowsecurity"] and row["policies"]):
            faults.append(f"{row['relname']} does not force row security")
        if row["relname"] not in NOT_OWNED and row["leads"] not in row["owners"]:
            faults.append(f"{row['relname']}'s key does not begin with its owner")
    assert faults == []


async def test_no_policy_without_the_lookup_role_opens_every_row(catalogue):
    rows = await catalogue.fetch(
        """SELECT polrelid::regclass::text AS relation, polname,
             pg_get_expr(polqual, polrelid) AS qual,
             ARRAY(SELECT rolname::text FROM pg_roles WHERE oid = ANY (polroles)) AS roles
           FROM pg_policy"""
    )
    assert rows
    open_to_all = [
        f"{row['relation']}.{row['polname']}"
        for row in rows
        if row["qual"] == "true" and row["roles"] not in (["tsunagu_lookup"], ["tsunagu_sealer"])
    ]
    directory = ("facility", "professional", "officer", "registered_app", "system_client")
    assert sorted(open_to_all) == sorted(f"{table}.readable" for table in directory)


async def test_every_security_definer_function_is_listed_pinned_and_closed_to_the_public(
    catalogue,
):
    rows = await catalogue.fetch(
        """SELECT n.nspname || '.' || p.proname AS name, p.proconfig, r.rolname, r.rolbypassrls,
             r.rolsuper, has_function_privilege('public', p.oid, 'EXECUTE') AS is_public
           FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           JOIN pg_roles r ON r.oid = p.proowner
           WHERE p.prosecdef AND n.nspname IN ('app', 'public', 'keystore')"""
    )
    assert {row["name"] for row in rows} == set(DEFINERS)
    for row in rows:
        assert any(c.startswith("search_path=") for c in row["proconfig"] or ()), row["name"]
        assert not row["is_public"], row["name"]
        assert not row["rolbypassrls"], row["name"]
        assert not row["rolsuper"], row["name"]


async def test_the_log_and_the_settings_refuse_every_change_by_trigger(catalogue):
    rows = await catalogue.fetch(
        """SELECT tgrelid::regclass::text AS relation, tgenabled = 'A' AS always, tgtype
           FROM pg_trigger WHERE tgname LIKE 'append_only%'"""
    )
    months = await catalogue.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
        " WHERE inhparent = 'access_event'::regclass"
    )
    by_table: dict[str, int] = {}
    for row in rows:
        assert row["always"], row["relation"]
        by_table[row["relation"]] = by_table.get(row["relation"], 0) + 1
    guarded = APPEND_ONLY | {row["name"] for row in months}
    assert len(months) >= 13
    assert by_table == dict.fromkeys(guarded, 2)


async def test_nothing_is_owed_at_a_commit_by_a_trigger_that_always_fires(catalogue):
    row = await catalogue.fetchrow(
        """SELECT tgenabled = 'A' AS always, tgdeferrable, tginitdeferred FROM pg_trigger
           WHERE tgrelid = 'access_log_head'::regclass AND tgname = 'nothing_is_owed'"""
    )
    assert tuple(row) == (True, True, True)


async def test_keys_are_in_a_schema_of_their_own_that_nobody_writes(catalogue):
    rows = await catalogue.fetch(
        "SELECT DISTINCT grantee, privilege_type FROM information_schema.role_table_grants"
        " WHERE table_schema = 'keystore' AND grantee IN ('tsunagu_app', 'PUBLIC')"
    )
    assert [tuple(row) for row in rows] == [("tsunagu_app", "SELECT")]


async def test_roles_have_only_what_they_need(catalogue):
    rows = await catalogue.fetch(
        "SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb"
        " FROM pg_roles WHERE rolname LIKE 'tsunagu%'"
    )
    logins = {row["rolname"]: row["rolcanlogin"] for row in rows}
    assert logins == {
        "tsunagu_owner": False,
        "tsunagu_lookup": False,
        "tsunagu_migrator": True,
        "tsunagu_app": True,
        "tsunagu_sealer": True,
        "tsunagu_worker": True,
    }
    assert not any(
        row["rolsuper"] or row["rolbypassrls"] or row["rolcreaterole"] or row["rolcreatedb"]
        for row in rows
    )
    may_change = await catalogue.fetch(
        """SELECT table_name, privilege_type FROM information_schema.role_table_grants
           WHERE grantee = 'tsunagu_app'
             AND (table_name = ANY ($1) OR starts_with(table_name, 'access_event_'))
             AND privilege_type NOT IN ('SELECT')""",
        ["access_event", "system_event", "access_log_head", "erasure_certificate", "log_state"],
    )
    assert may_change == []


async def test_the_sealed_log_is_written_by_the_sealer_alone(catalogue):
    grants = await catalogue.fetch(
        """SELECT grantee, table_name, privilege_type, NULL AS column_name
             FROM information_schema.role_table_grants
             WHERE table_name = ANY ($1) AND grantee <> 'tsunagu_owner'
           UNION ALL SELECT grantee, table_name, privilege_type, column_name
             FROM information_schema.column_privileges
             WHERE table_name = ANY ($1) AND grantee = 'tsunagu_sealer'
               AND privilege_type = 'UPDATE'""",
        list(SEALED),
    )
    writers = {row["grantee"] for row in grants if row["privilege_type"] != "SELECT"}
    assert writers == {"tsunagu_sealer"}
    whole = {
        (row["table_name"], row["privilege_type"])
        for row in grants
        if row["privilege_type"] in ("UPDATE", "DELETE", "TRUNCATE") and row["column_name"] is None
    }
    assert whole == {("head_map_tile", "DELETE")}
    changing = {
        table: {
            row["column_name"]
            for row in grants
            if row["table_name"] == table and row["column_name"] is not None
        }
        for table in SEALED
    }
    assert changing == SEALED
    events = await catalogue.fetch(
        """SELECT DISTINCT table_name, privilege_type FROM information_schema.role_table_grants
           WHERE grantee = 'tsunagu_sealer' AND privilege_type <> 'SELECT'
             AND table_name <> ALL ($1)""",
        list(SEALED),
    )
    assert events == []


async def test_materialised_views_do_not_exist_here(catalogue):
    assert await catalogue.fetchval("SELECT count(*) FROM pg_matviews") == 0


def _table_rows(text: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in text.splitlines()
        if re.match(r"\| *[A-Z]{2,3}-[A-Z0-9]+ *\|", line)
    ]


def test_every_feature_row_names_a_test_that_exists():
    rows = _table_rows((ROOT / "docs" / "features.md").read_text("utf-8"))
    assert len(rows) >= 120
    assert len({row[0] for row in rows}) == len(rows), "an id stands twice"
    faults = []
    for identifier, _where, test, state in rows:
        if state not in ("works", "not yet"):
            faults.append(f"{identifier}: the state is {state!r}")
        if state == "works" and not test.strip("`"):
            faults.append(f"{identifier}: works, but names no test")
        for name in re.findall(r"`([^`]+)`", test):
            path, _, function = name.partition("::")
            source = ROOT / path
            if not source.is_file() or f"def {function}(" not in source.read_text("utf-8"):
                faults.append(f"{identifier}: {name} does not exist")
    assert faults == []


def test_every_test_that_the_clauses_of_signing_in_name_exists():
    text = (ROOT / "docs" / "reference" / "sign-in-clauses.md").read_text("utf-8")
    named = re.findall(r"`(tests/[^`:]+)::([^`]+)`", text)
    assert len(named) >= 50
    faults = [
        f"{path}::{function}"
        for path, function in named
        if not (ROOT / path).is_file() or f"def {function}(" not in (ROOT / path).read_text("utf-8")
    ]
    assert faults == []


# Where SQL stands besides the files of queries: the floor below them, and the log's own two.
SPEAKS_SQL = ("api/core/", "api/access_log/appending.py", "api/access_log/sealing/stored.py")
_SQL = re.compile(
    r"\s*(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|VACUUM|CHECKPOINT|LOCK|ALTER|WITH \w+ AS)\b"
)


def test_sql_stands_in_queries_alone():
    faults = [
        f"{name}:{node.lineno}"
        for path in (ROOT / "api").rglob("*.py")
        if "queries" not in path.name
        and not (name := path.relative_to(ROOT).as_posix()).startswith(SPEAKS_SQL)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.match(node.value)
    ]
    assert faults == []


def test_no_source_line_speaks_of_the_place_it_was_written_at():
    own = re.compile(r"(?<![\w.}])/(work|root|home)/")
    faults = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in ("api", "web_portal", "notifications", "migrations", "docs", "benchmarks")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".md", ".html", ".js", ".css", ".toml", ".po"}
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if own.search(line)
    ]
    assert faults == []


_OWN = {"api", "web_portal", "notifications", "migrations", "tests", "benchmarks"}


def _named(wanted: list[str]) -> set[str]:
    return {_plain(re.split(r"[\[<>=;~! ]", each, maxsplit=1)[0]) for each in wanted}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name.partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - set(sys.stdlib_module_names) - _OWN


@pytest.mark.parametrize("is_served", [True, False])
def test_whatever_is_imported_is_named_and_locked(is_served: bool):
    """Not only what another package happens to bring along today."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named, lock = _named(project["dependencies"]), "requirements.lock"
    folders = ["api", "web_portal", "notifications", "migrations"]
    if not is_served:
        named |= _named(project["optional-dependencies"]["dev"])
        folders, lock = ["tests", "benchmarks"], "requirements-dev.lock"
    brings = {
        module: {_plain(each) for each in by} for module, by in packages_distributions().items()
    }
    faults = {
        f"{path.relative_to(ROOT)}: {module}"
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        for module in _imported(path)
        if not brings.get(module, set()) & named
    }
    assert faults == set()
    locked = re.findall(r"^([\w.-]+)==", (ROOT / lock).read_text("utf-8"), re.MULTILINE)
    assert named <= {_plain(each) for each in locked}
