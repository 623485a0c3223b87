"""A court asks for Hanako's records: the operator hands them over, and her log says so."""

import asyncio
import json
import subprocess
from datetime import timedelta
from functools import partial
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_FSIZE, setrlimit

import pytest

from api.core import clock
from api.core.database import unit_of_work
from tests.cli.console import COMMAND, ROOT, environment
from tests.conftest import Deployment
from tests.portal import scene
from tests.portal.scene import Place, Visitor

ORDER = (
    "--authority",
    "熊本地方裁判所",
    "--reference",
    "令和8年（モ）第17号",
    "--clerk",
    "運営の当番",
)
NAMES = (ORDER[1], ORDER[3], ORDER[5])
DAYS = timedelta(days=30)


@pytest.fixture
async def written_about(hanako: Visitor, pharmacy: Place) -> Visitor:
    await scene.wrote(pharmacy, hanako.actor, "lab", "HbA1c")
    await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン錠")
    return hanako


async def hand_over(
    database: Deployment, who: Visitor, card: str, to: Path, *more: str, most: int | None = None
) -> subprocess.CompletedProcess[str]:
    """As an operator types it, where a file may have at most so many bytes."""
    limit = RLIM_INFINITY if most is None else most
    env = environment(
        database.settings.home, 8000, APP_DATABASE_URL=database.app_dsn, TSUNAGU_DEMO="1"
    )
    whom = ["--participant", str(who.actor.participant_id), "--to", str(to)]
    return await asyncio.to_thread(
        subprocess.run,
        [*COMMAND, "log", "hand-over", *whom, *ORDER, *more],
        env=env,
        cwd=ROOT,
        input=f"{card}\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=partial(setrlimit, RLIMIT_FSIZE, (limit, RLIM_INFINITY)),
    )


def card_of(visitor: Visitor) -> str:
    assert visitor.card
    return visitor.card.digits


async def test_the_copy_holds_what_was_asked_for_and_her_log_says_who_why_and_what(
    written_about: Visitor, database: Deployment, tmp_path: Path
):
    hanako, copy = written_about, tmp_path / "copy.json"
    done = await hand_over(database, hanako, card_of(hanako), copy, "--kind", "lab")
    assert done.returncode == 0, done.stderr
    bundle = json.loads(copy.read_bytes())
    assert [each["resource"]["resourceType"] for each in bundle["entry"]] == ["Observation"]
    assert copy.stat().st_mode & 0o777 == 0o600
    (event, *_) = await hanako.log()
    assert event["event"] == "operator:law_enforcement:disclosed"
    assert event["reason"] == (
        "法律にもとづく熊本地方裁判所の求めによります（令和8年（モ）第17号）。"
    )
    assert [(each["category"], each["count"]) for each in event["kinds"]] == [("lab", 1)]
    assert event["who"] == "運営の当番"
    page = (await hanako.get("/access-log")).text
    assert "熊本地方裁判所の求めによります" in page
    assert "Kumamoto" not in page
    english = (await hanako.get("/access-log", locale="en")).text
    assert "熊本地方裁判所 asked for it by law" in english
    last = f"Their log's event {event['number']}."
    assert last in done.stdout


async def test_until_the_day_she_reads_that_something_is_withheld_and_why(
    written_about: Visitor, database: Deployment, tmp_path: Path
):
    hanako, until = written_about, clock.today_in_japan() + DAYS
    why = ("--silent-until", str(until), "--silent-because", "捜査のさまたげになるため")
    done = await hand_over(database, hanako, card_of(hanako), tmp_path / "copy.json", *why)
    assert done.returncode == 0, done.stderr
    (event, *_) = await hanako.log()
    assert event["event"] == "access_log:event:withheld"
    assert event["kinds"] == []
    assert {(each["reason"], each["until"]) for each in event["withheld"]} == {
        ("捜査のさまたげになるため", str(until))
    }
    page = (await hanako.get("/access-log")).text
    assert "捜査のさまたげになるため" in page
    assert "裁判所" not in page
    assert "運営の当番" not in page


@pytest.mark.parametrize("locale", ["ja", "en"])
async def test_no_door_of_hers_or_an_auditors_tells_it_sooner(
    written_about: Visitor,
    auditor: Visitor,
    database: Deployment,
    tmp_path: Path,
    locale: str,
):
    hanako, until = written_about, clock.today_in_japan() + DAYS
    async with unit_of_work(hanako.actor) as tx:
        records = await tx.fetch("SELECT record_id FROM record")
    why = ("--silent-until", str(until), "--silent-because", "捜査のため")
    done = await hand_over(database, hanako, card_of(hanako), tmp_path / "copy.json", *why)
    assert done.returncode == 0, done.stderr
    number = (await hanako.log())[0]["number"]
    doors = [
        "/me/access-log",
        f"/me/access-log?before={number + 1}&kind=support",
        f"/me/access-log/months/{until - DAYS:%Y-%m}",
        "/me/access-log/export?format=csv",
        "/me/access-log/export?format=fhir",
        "/fhir/R4/AuditEvent",
        *(f"/me/records/{each['record_id']}/accesses" for each in records),
    ]
    pages = ["/access-log", f"/access-log/months/{until - DAYS:%Y-%m}"]
    answers = [await hanako.ask(each, language=locale) for each in doors]
    answers += [await hanako.get(each, locale=locale) for each in pages]
    for each in answers:
        assert each.status_code == 200, each.url
        for told in (*NAMES, "law_enforcement", "HLEGAL"):
            assert told not in each.text, each.url
    for path in ("/fhir/R4/AuditEvent?_count=200", "/auditor"):
        assert not [name for name in NAMES if name in (await auditor.ask(path)).text]
    for query in ("q=熊本地方裁判所", "q=裁判所", "who=運営", "q=検査", "purpose=HLEGAL"):
        found = (await hanako.ask(f"/me/access-log?{query}")).json()
        assert number not in {each["number"] for each in found.get("events", ())}, query


async def test_a_full_disk_leaves_no_half_of_a_copy_and_her_log_says_what_was_tried(
    written_about: Visitor, database: Deployment, tmp_path: Path
):
    hanako, copy = written_about, tmp_path / "copy.json"
    done = await hand_over(database, hanako, card_of(hanako), copy, most=20)
    assert (done.returncode, copy.exists()) == (2, False), done.stdout
    (event, *_) = await hanako.log()
    assert event["event"] == "operator:law_enforcement:disclosed"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param(("--kind", "horoscope"), "no kind of record called horoscope", id="kind"),
        pytest.param(("--silent-until", "2020-01-01"), "a day to come", id="a day gone by"),
        pytest.param(("--silent-because", "捜査"), "a day to come", id="silence without a day"),
        pytest.param(
            ("--silent-until", "2999-01-01", "--silent-because", "捜" * 201),
            "at most 200 characters",
            id="too long a reason",
        ),
        pytest.param(("--clerk", ""), "Give the authority", id="nobody"),
        pytest.param(
            ("--reference", "捜査 1234-5678-9018"), "an Individual Number", id="a number of a life"
        ),
    ],
)
async def test_an_order_that_is_not_whole_reads_nothing_and_leaves_no_file(
    written_about: Visitor, database: Deployment, tmp_path: Path, more: tuple[str, ...], said: str
):
    hanako, copy = written_about, tmp_path / "copy.json"
    before = len(await hanako.log())
    done = await hand_over(database, hanako, card_of(hanako), copy, *more)
    assert done.returncode == 2
    assert said in done.stderr
    assert not copy.exists()
    assert len(await hanako.log()) == before


async def test_somebody_elses_card_or_a_file_that_is_there_stops_it(
    written_about: Visitor, yumi: Visitor, database: Deployment, tmp_path: Path
):
    hanako, copy = written_about, tmp_path / "copy.json"
    before = len(await hanako.log())
    done = await hand_over(database, hanako, card_of(yumi), copy)
    assert (done.returncode, copy.exists()) == (2, False)
    assert "not that participant's" in done.stderr
    copy.write_text("older")
    done = await hand_over(database, hanako, card_of(hanako), copy)
    assert done.returncode == 2
    assert copy.read_text() == "older"
    assert len(await hanako.log()) == before
