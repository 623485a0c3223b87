"""Consents on paper: the office hands in a list and scans; good lines are kept, bad ones said."""

import io
import os
import re
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from api.consent import service as consent
from api.consent.lifecycle import campaigns, console, leaving, paper_import, paper_jobs, papers
from api.consent.lifecycle.papers import NotAList, Paper
from api.consent.lifecycle.scans import in_archive, in_folder
from api.consent.settings import checking
from api.core import clock
from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.identity.card import CardNumber, CardScheme
from notifications import service as notifications
from tests.access_log.superuser import unguarded
from tests.conftest import Deployment
from tests.lifecycle.conftest import Join, Newest
from tests.portal import scene
from tests.portal.scene import Place, Visitor

PDF = b"%PDF-1.7 signed"
HEADER = "card,birth_date,choice,facilities,signed_on,until,scan"
BORN = "1940/4/9"
TODAY = date(2026, 11, 21)
CARD = scene.issue("50000000000001", CardScheme.MOD97).digits
MY_NUMBER = "123456789018"


def read(*lines: str, header: str = HEADER) -> list[Any]:
    table = "\n".join([header, *lines]).encode()
    offered = frozenset({"named", "all_facilities"})
    return papers.read(table, scheme=CardScheme.MOD97, schemes=offered, today=TODAY)


def test_a_line_is_read_as_it_was_signed() -> None:
    (paper,) = read(
        f"{CARD},昭和15/4/9,participate,4311234566;4312345676,2026-11-05,2027/3/31,a.pdf"
    )
    assert paper == Paper(
        2,
        CardNumber(CARD),
        date(1940, 4, 9),
        "participate",
        date(2026, 11, 5),
        "a.pdf",
        None,
        ("4311234566", "4312345676"),
        date(2027, 3, 31),
    )
    (by_scheme,) = read(f"{CARD},1940-04-09,participate,all_facilities,2026-11-05,,a.pdf")
    assert (by_scheme.scheme, by_scheme.facility_codes) == ("all_facilities", ())


def test_shift_jis_as_a_japanese_excel_writes_it_is_read() -> None:
    table = f"{HEADER}\r\n{CARD},昭和15/4/9,refuse,,2026-11-05,,花子.pdf\r\n".encode("cp932")
    (paper,) = papers.read(table, scheme=CardScheme.MOD97, schemes=frozenset(), today=TODAY)
    assert paper.scan == "花子.pdf"


@pytest.mark.parametrize(
    ("line", "reasons"),
    [
        ("{card},1940-04-09,participate,,2026-11-05,,{my}", ["my_number"]),
        ("{my},1940-04-09,participate,,2026-11-05,,a.pdf", ["my_number"]),
        ("1234 5678 9012,1940-04-09,participate,,2026-11-05,,a.pdf", ["my_number"]),
        ("1234567890123456,1940-04-09,participate,,2026-11-05,,a.pdf", ["card"]),
        ("{card},1940-02-30,participate,,2026-11-05,,a.pdf", ["birth_date"]),
        ("{card},40-02-03,maybe,,2026-11-05,,a.pdf", ["birth_date", "choice"]),
        ("{card},1940-04-09,refuse,4311234566,2026-11-05,,a.pdf", ["facilities"]),
        ("{card},1940-04-09,participate,,2026-11-22,,a.pdf", ["signed_on"]),
        ("{card},1940-04-09,participate,,,,a.pdf", ["signed_on"]),
        ("{card},1940-04-09,participate,,0206-11-05,,a.pdf", ["signed_on"]),
        ("{card},1940-04-09,participate,4311234566,2026-11-05,2026-11-04,a.pdf", ["until"]),
        ("{card},1940-04-09,participate,4311234566,2026-10-05,2026-11-20,a.pdf", ["until"]),
        ("{card},1940-04-09,participate,4311234566,2026-11-05,9999-12-31,a.pdf", ["until"]),
        ("{card},1940-04-09,participate,4311234566,2026-11-05,2157-01-01,a.pdf", ["until"]),
        ("{card},1940-04-09,participate,named,2026-11-05,2027-03-31,a.pdf", ["until_of_scheme"]),
        ("{card},1940-04-09,participate,,2026-11-05,,", ["scan_name"]),
        ("{card},1940-04-09,participate,,2026-11-05,,../a.pdf", ["scan_name"]),
        ("{card},1940-04-09,participate,everywhere,2026-11-05,,a.pdf", ["unknown_scheme"]),
        ("{card},1940-04-09,participate,,2026-11-05,,a.pdf,more", ["columns"]),
    ],
)
def test_a_bad_line_is_told_with_its_number_and_why(line: str, reasons: list[str]) -> None:
    (faults,) = read(line.format(card=CARD, my=MY_NUMBER))
    assert [each.reason for each in faults] == reasons
    assert {each.line for each in faults} == {2}
    assert CARD not in str(faults)
    assert MY_NUMBER not in str(faults)


def test_the_second_line_of_a_card_names_the_first() -> None:
    line = f"{CARD},{BORN},refuse,,2026-11-05,,a.pdf"
    first, second = read(line, line)
    assert isinstance(first, Paper)
    assert (second[0].reason, second[0].line, second[0].params) == ("duplicate", 3, {"line": 2})


@pytest.mark.parametrize(
    "header", ["", "card,birth_date", f"{HEADER},colour", "card,card," + HEADER]
)
def test_a_list_with_other_columns_is_refused_whole(header: str) -> None:
    with pytest.raises(NotAList) as refusal:
        read(f"{CARD},{BORN},refuse,,2026-11-05,,a.pdf", header=header)
    assert refusal.value.reason == "header"
    with pytest.raises(NotAList):
        papers.read(b"\x81\xff\x00", scheme=CardScheme.MOD97, schemes=frozenset(), today=TODAY)


def test_scans_come_from_their_folder_alone(tmp_path: Path) -> None:
    inside = tmp_path / "scans"
    inside.mkdir()
    (tmp_path / "secret.pdf").write_bytes(PDF)
    (inside / "a.pdf").write_bytes(PDF)
    (inside / "link.pdf").symlink_to(tmp_path / "secret.pdf")
    fetch = in_folder(inside)
    assert fetch("a.pdf") == PDF
    assert [fetch(each) for each in ("b.pdf", "../secret.pdf", "link.pdf", "")] == [None] * 4


def archive(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zipped:
        for name, content in files.items():
            zipped.writestr(name.replace("_", "."), content)
    return out.getvalue()


def test_a_broken_or_endless_entry_of_an_archive_is_no_scan() -> None:
    big = archive(a_pdf=PDF, b_pdf=b"%PDF-" + bytes(11_000_000))
    assert in_archive(io.BytesIO(big))("a.pdf") == PDF
    assert in_archive(io.BytesIO(big))("b.pdf") is None
    spoiled = archive(a_pdf=PDF).replace(b"signed", b"forged")
    assert in_archive(io.BytesIO(spoiled))("a.pdf") is None


def yesterday() -> str:
    return (clock.today_in_japan() - timedelta(days=1)).isoformat()


async def newcomer(open_browser: Any, name: str = "山本 太郎") -> Visitor:
    """Has a card and an account, and has answered nothing."""
    actor, card = await scene.participant(name, "カナ")
    return await scene.visitor(await open_browser(), actor, card)


def line_of(who: Visitor, choice: str = "participate", named: str = "", scan: str = "a.pdf") -> str:
    assert who.card
    return f"{who.card.digits},{BORN},{choice},{named},{yesterday()},,{scan}"


async def take(*lines: str, scan: bytes = PDF) -> tuple[paper_import.Import, list[papers.Fault]]:
    table = "\n".join([HEADER, *lines]).encode()
    import_id, found = await paper_import.begin(OPERATOR, "list.csv", table)
    fetch = {"a.pdf": scan}.get
    await paper_import.take_in(OPERATOR, import_id, found, fetch)
    return await paper_import.one_import(OPERATOR, import_id)


@pytest_asyncio.fixture
async def clinic(network: Deployment) -> Place:
    return await scene.place("れんげ内科", "レンゲナイカ", "Renge Clinic", "clinic")


async def test_taro_joins_by_paper_is_told_and_holds_the_scan(
    open_browser: Any, clinic: Place
) -> None:
    taro = await newcomer(open_browser)
    done, faults = await take(line_of(taro, named=clinic.code))
    assert (done.taken, done.unchanged, done.refused, faults) == (1, 0, 0, [])
    state = await consent.settings(taro.actor)
    assert state.participation.state == "participating"
    assert str(state.participation.data_from) == yesterday()
    (row,) = state.directive.provisions
    assert (row.facility_id, row.kind, row.origin) == (clinic.facility_id, "permit", "paper")
    while await notifications.deliver():
        pass
    assert "書類による参加を取り込みました" in (await taro.get("/inbox")).text
    assert "署名した書類を取り込みました" in (await taro.log())[0]["sentence"]
    page = (await taro.get("/disclosure/participation")).text
    (paper,) = (await taro.ask("/me/papers")).json()
    assert f"/participation/papers/{paper['id']}" in page
    scan = await taro.get(f"/participation/papers/{paper['id']}")
    assert (scan.content, scan.headers["content-type"]) == (PDF, "application/pdf")
    other = await newcomer(open_browser, "山本 由美")
    assert (await other.get(f"/participation/papers/{paper['id']}")).status_code == 404


async def test_the_same_list_again_takes_nothing_twice(open_browser: Any, clinic: Place) -> None:
    taro = await newcomer(open_browser)
    line = line_of(taro, named=clinic.code)
    await take(line)
    before = await taro.log()
    done, _ = await take(line)
    assert (done.taken, done.unchanged) == (0, 1)
    assert await taro.log() == before


async def test_good_lines_are_kept_beside_bad_ones_and_strangers_look_alike(
    open_browser: Any, clinic: Place
) -> None:
    taro, yumi = await newcomer(open_browser), await newcomer(open_browser, "山本 由美")
    born_later = line_of(yumi).replace(BORN, "1941/4/9")
    nobody = line_of(yumi).replace(
        yumi.card.digits, scene.issue("79999999999999", CardScheme.MOD97).digits
    )
    done, faults = await take(
        line_of(taro, choice="refuse"),
        born_later,
        nobody,
        line_of(yumi, scan="b.pdf").replace(BORN, "1940-04-09"),
    )
    assert (done.taken, done.refused) == (1, 3)
    assert [(each.line, each.reason) for each in faults] == [
        (3, "unknown_person"),
        (4, "unknown_person"),
        (5, "duplicate"),
    ]
    assert (await consent.settings(taro.actor)).participation.state == "refused"
    assert (await consent.settings(yumi.actor)).participation.state == "unanswered"
    for line, scan, reason in (
        (line_of(yumi, scan="b.pdf"), PDF, "scan_missing"),
        (line_of(yumi), b"MZ not a scan", "scan_format"),
        (line_of(yumi, named="4399999999"), PDF, "unknown_facility"),
    ):
        _, (fault,) = await take(line, scan=scan)
        assert fault.reason == reason
    assert (await consent.settings(yumi.actor)).participation.state == "unanswered"
    assert len(await yumi.log()) == 0


async def test_a_line_the_settings_cannot_take_up_stops_no_other(
    open_browser: Any, clinic: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    taro, yumi = await newcomer(open_browser), await newcomer(open_browser, "山本 由美")
    monkeypatch.setattr(checking, "MOST_RULES", 1)
    pharmacy = await scene.place("すみれ薬局", "スミレヤッキョク", "Sumire", "pharmacy")
    both, one = f"{clinic.code};{pharmacy.code}", clinic.code
    done, (fault,) = await take(line_of(taro, named=both), line_of(yumi, named=one))
    assert (done.taken, done.refused) == (1, 1)
    assert (fault.line, fault.reason) == (2, "settings")
    assert (await consent.settings(taro.actor)).participation.state == "unanswered"
    assert len((await consent.settings(yumi.actor)).directive.provisions) == 1


async def test_what_hanako_chose_herself_since_stands(open_browser: Any, clinic: Place) -> None:
    hanako = await newcomer(open_browser, "山本 花子")
    await leaving.take_part(hanako.actor, "participating")
    await leaving.take_part(hanako.actor, "withdrawn")
    _, (fault,) = await take(line_of(hanako, named=clinic.code))
    assert fault.reason == "newer_choice"
    assert (await consent.settings(hanako.actor)).participation.state == "withdrawn"


async def test_a_later_paper_follows_an_earlier_one(open_browser: Any, clinic: Place) -> None:
    taro = await newcomer(open_browser)
    earlier = (clock.today_in_japan() - timedelta(days=9)).isoformat()
    joined = line_of(taro, named=clinic.code).replace(yesterday(), earlier)
    await take(joined)
    done, _ = await take(line_of(taro, choice="refuse"))
    assert done.taken == 1
    assert (await consent.settings(taro.actor)).participation.state == "refused"
    between = line_of(taro).replace(yesterday(), earlier)
    _, (fault,) = await take(between, scan=PDF + b"!")
    assert fault.reason == "newer_choice"


async def test_a_paper_signed_since_new_terms_were_asked_agrees_to_them(
    joined: Join, network: Deployment, newest_terms: Newest
) -> None:
    taro = await joined("山本 太郎")
    held = (await consent.settings(taro.actor)).participation
    connection = await asyncpg.connect(network.admin_dsn)
    await unguarded(
        connection,
        "UPDATE participation SET recorded_at = now() - interval '40 days'"
        f" WHERE participant_id = '{taro.actor.participant_id}'",
    )
    new_terms = await newest_terms()
    campaign_id = await campaigns.open_campaign(
        OPERATOR, new_terms, clock.today_in_japan() + timedelta(days=30)
    )
    await connection.execute(
        "UPDATE consent_campaign SET opened_at = now() - interval '20 days' WHERE campaign_id = $1",
        campaign_id,
    )
    await connection.close()
    done, _ = await take(line_of(taro))
    assert done.taken == 1
    after = (await consent.settings(taro.actor)).participation
    assert (after.terms_version, after.data_from) == (new_terms, held.data_from)
    assert after.ends_at is None
    await campaigns.call_off(OPERATOR, campaign_id)


async def test_ueda_hands_in_both_files_and_gets_the_report(
    open_browser: Any, clinic: Place, ueda: Visitor
) -> None:
    taro = await newcomer(open_browser)
    yumi = await newcomer(open_browser, "山本 由美")
    table = "\n".join([HEADER, line_of(taro), line_of(yumi, named="4399999999")])
    answer = await send(ueda, table.encode(), archive(a_pdf=PDF))
    assert answer.status_code == 303
    await paper_jobs.finished()
    page = await ueda.follow(answer)
    assert "取り込みが終わりました。" in page
    assert '<progress id="bar" value="2" max="2"' in page
    assert "3行目" in page
    assert "施設コード 4399999999 の施設は、このネットワークにありません。" in page
    report = await ueda.get(f"{answer.headers['location']}/report.csv")
    assert report.content.startswith(b"\xef\xbb\xbfline,reason,ja,en")
    assert "3,unknown_facility," in report.text
    assert taro.card
    assert taro.card.digits not in page + report.text
    paper = (await taro.ask("/me/papers")).json()[0]
    assert (await ueda.get(f"/participation/papers/{paper['id']}")).status_code == 404
    async with unit_of_work(ueda.actor, subject=taro.actor.participant_id) as tx:
        assert await tx.fetchval("SELECT count(*) FROM paper_scan") == 0


async def send(ueda: Visitor, table: bytes, scans: bytes) -> Any:
    await ueda.get("/support/papers")
    return await ueda.browser.post(
        "/support/papers",
        data={"_csrf_token": ueda.browser.cookies["tsunagu_csrf"]},
        files={"table": ("list.csv", table), "scans": ("scans.zip", scans)},
        headers={"accept": "text/html"},
    )


async def test_more_than_a_megabyte_of_scans_is_taken(open_browser: Any, ueda: Visitor) -> None:
    taro = await newcomer(open_browser)
    table = "\n".join([HEADER, line_of(taro)]).encode()
    answer = await send(ueda, table, archive(a_pdf=PDF + os.urandom(3_000_000)))
    assert answer.status_code == 303
    await paper_jobs.finished()
    assert (await consent.settings(taro.actor)).participation.state == "participating"


@pytest.mark.parametrize(
    ("table", "scans", "said"),
    [
        (b"a,b\n1,2\n", None, "1行目の列の名前をお確かめください"),
        (f"{HEADER}\n".encode(), b"no zip", "ZIPファイルとして読めません"),
    ],
)
async def test_files_that_cannot_be_read_are_said_so(
    ueda: Visitor, table: bytes, scans: bytes | None, said: str
) -> None:
    answer = await send(ueda, table, archive(a_pdf=PDF) if scans is None else scans)
    assert answer.status_code == 422
    assert said in answer.text


async def test_all_lists_handed_in_are_reached_page_by_page(ueda: Visitor) -> None:
    line = f"{HEADER}\n{CARD},{BORN},refuse,,2026-11-05,,a.pdf".encode()
    begun = {str((await paper_import.begin(ueda.actor, "a.csv", line))[0]) for _ in range(21)}
    found, href = list[str](), "/support/papers"
    while href:
        page = (await ueda.get(href)).text
        found += re.findall(r'href="/support/papers/([0-9a-f-]{36})"', page)
        older = re.search(r'href="(/support/papers\?page=\d+)"[^>]*>\s*古い方へ', page)
        href = older[1] if older else ""
    assert begun <= set(found)
    assert len(found) == len(set(found))


async def test_nobody_else_hands_in_papers(open_browser: Any) -> None:
    hanako = await newcomer(open_browser, "山本 花子")
    with pytest.raises(NotFound):
        await paper_import.begin(hanako.actor, "x", HEADER.encode())
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(hanako.actor) as tx:
            await tx.execute("INSERT INTO paper_import (name, lines) VALUES ('x', 1)")


async def test_the_console_takes_a_folder_and_writes_the_report(
    open_browser: Any, tmp_path: Path
) -> None:
    taro = await newcomer(open_browser)
    scans = tmp_path / "scans"
    scans.mkdir()
    (scans / "a.pdf").write_bytes(PDF)
    table, report = tmp_path / "list.csv", tmp_path / "report.csv"
    table.write_text("\n".join([HEADER, line_of(taro), f"{CARD},{BORN},perhaps,,,,"]), "utf-8")
    seen: list[tuple[int, int]] = []
    said = await console.import_papers(
        table, scans, "en", lambda done, total: seen.append((done, total)), report
    )
    assert seen == [(1, 2), (2, 2)]
    assert "2 lines: 1 taken, 0 as before, 1 not taken" in said
    assert "line 3: Write participate or refuse as the choice." in said
    assert "3,choice," in report.read_text("utf-8-sig")
