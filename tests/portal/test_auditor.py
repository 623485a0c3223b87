"""The auditor sees how the log grew and who vouches for it: no name, no record, no body."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from api.access_log import across, auditing
from api.access_log.auditing import Checkpoint, Overview, Reconciliation, Run, WitnessView
from api.access_log.events import EventName
from api.core.database import unit_of_work
from tests.portal.scene import Place, Visitor
from tests.support import balp
from web_portal.pages.auditor import listed, plotted

AT = datetime(2026, 5, 3, 5, 5, tzinfo=UTC)
Json = dict[str, Any]


def checkpoints(count: int) -> list[Checkpoint]:
    return [Checkpoint(10 * (n + 1), AT + timedelta(hours=n), 2) for n in range(count)]


def overview(place: Place | None = None, **changed: Any) -> Overview:
    good = WitnessView("w1", "https://w1", False, 300, 0, AT, AT, None, None, False)
    bad = WitnessView(
        "w2", "https://w2", True, 200, 150, AT, AT, "shorter_than_witnessed", AT, True
    )
    reconciled = [] if place is None else [Reconciliation(place.facility_id, AT.date(), 12, 11, 1)]
    return Overview(
        origin="example.jp/network",
        halted_reason=None,
        halted_at=None,
        checkpoints=checkpoints(30),
        witnesses=[good, bad],
        runs=[
            Run("fsck", AT, AT, 300, {"events": 290}, {}),
            Run("restore-check", AT, AT, 280, {"events": 200}, {"event_missing": 3}),
        ],
        reconciliations=reconciled,
    )._replace(**changed)


async def page_of(
    auditor: Visitor, monkeypatch: pytest.MonkeyPatch, found: Overview, locale: str = "ja"
) -> str:
    async def given(_: object) -> Overview:
        return found

    monkeypatch.setattr(auditing, "overview", given)
    answer = await auditor.get("/auditor", locale=locale)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.text)


async def test_the_page_shows_growth_witnesses_checks_and_what_does_not_agree(
    auditor: Visitor, clinic: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = await page_of(auditor, monkeypatch, overview(clinic))
    for said in (
        "署名は続いています。",
        "大きさ 300",
        "example.jp/network",
        "前に署名したものより小さいと言っています",
        "この証人は、わたしたちの署名があり、この履歴と合わない控えを持っています。",
        "問題は見つかりませんでした",
        "問題が見つかりました",
        "れんげ内科クリニック",
        "合いません",
        "<polyline",
    ):
        assert said in page
    assert page.count('<th scope="row"><time') == 10  # a selection of thirty
    english = await page_of(auditor, monkeypatch, overview(clinic), "en")
    assert "It has witnessed more than it was shown" in english
    assert "Renge Clinic" in english


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("rolled_back", "木が、前に署名した大きさより小さくなっています。"),
        ("something_new", "something_new"),
    ],
)
async def test_that_signing_is_halted_stands_first_and_says_why(
    auditor: Visitor, monkeypatch: pytest.MonkeyPatch, reason: str, said: str
) -> None:
    page = await page_of(auditor, monkeypatch, overview(halted_reason=reason, halted_at=AT))
    assert said in page
    assert "2026年5月3日(日) 14:05から、署名を止めています。" in page
    assert "署名は続いています。" not in page
    assert 'role="alert"' in page


async def test_an_empty_log_says_what_will_come(
    auditor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = Overview(None, None, None, [], [], [], [])
    page = await page_of(auditor, monkeypatch, nothing)
    for said in ("まだ控えがありません", "証人がいません", "まだ検査をしていません"):
        assert said in page
    assert '<svg viewBox="-10' not in page


async def test_the_real_overview_reads_what_is_there(auditor: Visitor, hanako: Visitor) -> None:
    found = await auditing.overview(auditor.actor)
    sizes = [each.size for each in found.checkpoints]
    assert sizes == sorted(set(sizes))
    assert len(sizes) <= auditing.POINTS + 1
    assert (await auditor.get("/auditor")).status_code == 200


def test_a_line_needs_two_points_and_stays_in_its_box() -> None:
    assert plotted([]) is None
    assert plotted(checkpoints(1)) is None
    found = plotted(checkpoints(5))
    assert found is not None
    assert found.dots[0] == (0.0, 192.0)
    assert found.dots[-1] == (600.0, 0.0)
    assert all(0 <= x <= 600 and 0 <= y <= 240 for x, y in found.dots)
    same_moment = [Checkpoint(1, AT, 0), Checkpoint(2, AT, 0)]
    assert plotted(same_moment) is not None


def test_the_table_keeps_the_newest() -> None:
    found = listed(checkpoints(60))
    assert len(found) <= 12
    assert found[0].size == 600


async def test_the_auditor_s_events_name_nobody_and_hold_no_body(
    auditor: Visitor, hanako: Visitor, sato: Visitor, clinic: Place, busy: dict[str, int]
) -> None:
    """Somebody else's tests run here too: ours are the newest."""
    assert hanako.actor.participant_id
    whose = across.pseudonym(hanako.actor.participant_id)
    bundle = (await auditor.ask("/fhir/R4/AuditEvent?_count=200")).json()
    assert "total" not in bundle
    events = [entry["resource"] for entry in bundle["entry"]]
    assert [balp.faults(each) for each in events] == [[]] * len(events)
    times = [each["recorded"] for each in events]
    assert times == sorted(times, reverse=True)
    hers = [each for each in events if whose in str(each.get("entity"))]
    assert len(hers) == busy["support"]
    for event in hers:
        text = str(event)
        for hidden in ("花子", "佐藤", "処方", "prescription", str(hanako.actor.participant_id)):
            assert hidden not in text
        assert str(hanako.actor.account_id) not in text
    (refused,) = [each for each in hers if each["outcome"] == "8"]
    assert str(clinic.facility_id) in str(refused)


async def test_paging_meets_every_event_once(auditor: Visitor, busy: dict[str, int]) -> None:
    found: list[str] = []
    path = "/fhir/R4/AuditEvent?_count=2"
    for _ in range(4):
        bundle = (await auditor.ask(path)).json()
        found += [entry["resource"]["id"] for entry in bundle["entry"]]
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        path = links["next"].removeprefix("http://localhost:8000")
    assert len(found) == len(set(found)) == 8


async def test_the_first_page_of_a_quiet_log_looks_back_as_far_as_there_is_anything(
    auditor: Visitor, monkeypatch: pytest.MonkeyPatch, busy: dict[str, int]
) -> None:
    later = datetime.now(UTC) + timedelta(days=3000)
    monkeypatch.setattr(across.clock, "now", lambda: later)
    page = await across.page(auditor.actor, count=5)
    assert len(page.rows) == 5


async def test_that_the_auditor_looked_is_in_the_system_s_log(
    auditor: Visitor, busy: dict[str, int]
) -> None:
    await auditor.ask("/fhir/R4/AuditEvent?_count=1")
    page = await across.page(auditor.actor, count=3)
    looked = [each for each in page.rows if each.row.event == EventName.LOG_AUDITED]
    assert looked
    assert looked[0].pseudonym is None
    assert looked[0].row.actor_kind == "auditor"


@pytest.mark.parametrize("query", ["_before=x", "_before=1_x", "_before=²_x", "_count=0x"])
async def test_a_garbled_place_is_refused(auditor: Visitor, query: str) -> None:
    assert (await auditor.ask(f"/fhir/R4/AuditEvent?{query}")).status_code == 400
    huge = f"_before={9 * 10**17}_00000000-0000-0000-0000-000000000000"
    assert (await auditor.ask(f"/fhir/R4/AuditEvent?{huge}")).status_code == 400


async def test_nobody_else_looks_across_participants(
    hanako: Visitor, sato: Visitor, ueda: Visitor, auditor: Visitor
) -> None:
    for who in (hanako, sato, ueda):
        assert (await who.get("/auditor")).status_code == 404
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await across.page(who.actor)
        async with unit_of_work(who.actor) as tx:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await tx.fetch(
                    "SELECT * FROM access_log_audit(now() - interval '1 day', now(), NULL, NULL, 5)"
                )
    async with unit_of_work(auditor.actor, subject=hanako.actor.participant_id) as tx:
        assert await tx.fetch("SELECT sealed FROM access_event") == []
        assert await tx.fetch("SELECT * FROM keystore.participant_key") == []


async def test_the_auditor_has_one_page_and_it_is_home(auditor: Visitor) -> None:
    answer = await auditor.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/auditor")
    for path in ("/home", "/access-log", "/clinic", "/support", "/inbox"):
        assert (await auditor.get(path)).status_code == 404
    for path in ("/me", "/me/access-log", "/me/access-log/export"):
        assert (await auditor.ask(path)).status_code == 404
