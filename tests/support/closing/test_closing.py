"""Hanako closes her account: days to think, an end nobody hastens, and nothing of hers is left."""

import asyncio
import re
from contextvars import Context
from types import SimpleNamespace

import asyncpg
import jwt
import msgspec
import pytest
from jwt.api_jws import PyJWS

from api.access_log.sealing import fsck
from api.access_log.sealing import service as sealing
from api.access_log.sealing.sealer import LogKeys
from api.consent import service as consent
from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.identity import service as identity
from api.identity.errors import StepUpNeeded
from api.phr.entries import service as entries
from api.phr.entries.service import Wish
from api.proxies import service as proxies
from api.records.taking_out import files
from api.records.taking_out import running as taking_out
from api.records.taking_out import service as exports
from api.support.closing import carrying_out, service
from api.support.closing.errors import ClosingAlready, NotClosing, UnknownClaim
from notifications import service as notifications
from tests.access_log.sealed import seal
from tests.conftest import Deployment
from tests.phr.samples import WEIGHT
from tests.portal import scene
from tests.portal.scene import Place, Visitor, forms, sent
from tests.portal.test_clinic import allow, find
from tests.portal.test_log_proof import verified
from tests.proxies.conftest import Pair
from tests.records.taking_out import taking
from tests.support.closing.rounds import carried_out

HERE = "/account/closing"
CANARY = "カナリアのひみつ"
NUMBER = "871.5"
WRITTEN = {"on": "2026-02-03", "weight": "61"}


async def closed(who: Visitor, days_pass, *, erases_log: bool = False) -> str:
    """The code of the certificate, when all is over."""
    begun = await service.begin(who.actor, erases_log=erases_log)
    await days_pass(who, 14)
    await carried_out(who.actor.participant_id)
    return begun.code.printed


async def everything(admin: asyncpg.Connection) -> dict[str, str]:
    """Every row of every table, as whoever owns the server reads it."""
    tables = await admin.fetch(
        "SELECT n.nspname || '.' || quote_ident(c.relname) AS name FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
    )
    found = {}
    for table in tables:
        rows = await admin.fetch(f"SELECT t::text AS row FROM {table['name']} t")
        found[table["name"]] = "\n".join(row["row"] for row in rows)
    assert len(found) > 60
    return found


def said(jws: str) -> dict[str, object]:
    return dict(msgspec.json.decode(service.payload(jws)))


async def test_the_page_says_what_ends_and_what_stays_and_offers_the_records_first(
    hanako: Visitor,
) -> None:
    page = (await hanako.get(HERE)).text
    for part in (
        "なくなるもの",
        "残るもの",
        "先に、記録を受け取ってください",
        "/book/out",
        "14日間",
    ):
        assert part in page
    refused = await hanako.press(HERE, "登録をやめる手続きを始める")
    assert refused.status_code == 422
    assert "しるしをつけてください" in refused.text
    assert await service.running(hanako.actor) is None


async def test_from_the_page_to_the_code_and_back_again(hanako: Visitor) -> None:
    begun = await hanako.press(HERE, "登録をやめる手続きを始める", sure="yes")
    assert begun.status_code == 200
    assert begun.headers["cache-control"] == "no-store"
    (code,) = re.findall(r"<code>([0-9A-Z-]{19})</code>", begun.text)
    page = (await hanako.get(HERE)).text
    assert code not in page, "it is shown once"
    assert "あと14日あります" in page
    assert "に登録が終わります。取りやめることもできます。" in (await hanako.get("/home")).text
    while await notifications.deliver():
        pass
    assert "登録をやめる手続きが始まりました" in (await hanako.get("/inbox")).text
    with pytest.raises(UnknownClaim):
        await service.certificate(code)
    (form,) = [each for each in forms(page) if "call-off" in each]
    page = await hanako.follow(await hanako.post(*sent(form)))
    assert "手続きを取りやめました" in page
    assert "取りやめることもできます" not in (await hanako.get("/home")).text
    assert [each["event"] for each in (await hanako.log())[:2]] == [
        "identity:closing:called_off",
        "identity:closing:asked",
    ]


async def test_it_asks_for_a_fresh_session(hanako: Visitor, admin: asyncpg.Connection) -> None:
    session_id = await admin.fetchval(
        "UPDATE session SET stepped_up_at = now() - interval '6 minutes', way = 'passkey'"
        " WHERE account_id = $1 RETURNING session_id",
        hanako.actor.account_id,
    )
    with pytest.raises(StepUpNeeded):
        await service.begin(
            msgspec.structs.replace(hanako.actor, session_id=session_id), erases_log=False
        )


async def test_an_app_does_it_too(hanako: Visitor) -> None:
    assert (await hanako.ask("/me/closing")).status_code == 404
    begun = await hanako.tell("/me/closing", {"erases_log": True})
    assert begun.status_code == 201
    assert re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", begun.json()["claim_code"])
    assert (await hanako.tell("/me/closing", {})).status_code == 409
    assert (await hanako.ask("/me/closing")).json()["erases_log"] is True
    headers = {"authorization": f"Bearer {hanako.token}"}
    assert (await hanako.browser.delete("/me/closing", headers=headers)).status_code == 204
    assert (await hanako.browser.delete("/me/closing", headers=headers)).status_code == 409


async def test_nobody_who_acts_for_her_closes_it_or_learns_of_it(
    hanako: Visitor, yumi: Visitor
) -> None:
    acting = msgspec.structs.replace(
        yumi.actor,
        participant_id=hanako.actor.participant_id,
        own_participant_id=yumi.actor.participant_id,
        powers=frozenset(),
    )
    with pytest.raises(NotFound):
        await service.begin(acting, erases_log=False)
    await service.begin(hanako.actor, erases_log=False)
    assert await service.running(acting) is None
    with pytest.raises(NotFound):
        await service.call_off(acting)


async def test_nobody_hastens_it_not_even_in_the_database(
    hanako: Visitor, admin: asyncpg.Connection
) -> None:
    await service.begin(hanako.actor, erases_log=False)
    with pytest.raises(ClosingAlready):
        await service.begin(hanako.actor, erases_log=False)
    assert await carrying_out.go_round() == 0
    subject = hanako.actor.participant_id
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="due"):
        async with unit_of_work(hanako.actor) as tx:
            await tx.fetchval("SELECT account_close()")
    for actor in (OPERATOR, hanako.actor):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with unit_of_work(actor, subject=subject) as tx:
                await tx.execute("UPDATE account_closing SET ends_at = now()")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with unit_of_work(actor, subject=subject) as tx:
                await tx.execute(
                    "UPDATE account_closing SET carried_out_at = now(), destroyed = '{}'"
                )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await admin.execute("UPDATE account_closing SET ends_at = asked_at + interval '15 days'")
    with pytest.raises(asyncpg.PostgresError):
        async with unit_of_work(OPERATOR, subject=subject) as tx:
            await tx.execute(
                "INSERT INTO account_closing (participant_id, account_id, erases_log, claim_hash)"
                " VALUES (app.subject(), $1, true, sha256(''))",
                hanako.actor.account_id,
            )


async def test_an_officer_sees_nothing_of_it(hanako: Visitor, ueda: Visitor) -> None:
    await service.begin(hanako.actor, erases_log=False)
    async with unit_of_work(ueda.actor, subject=hanako.actor.participant_id) as tx:
        assert await tx.fetch("SELECT * FROM account_closing") == []
    assert (await ueda.get(HERE)).status_code == 404


async def test_three_days_before_she_is_told_once_more(hanako: Visitor, days_pass) -> None:
    await service.begin(hanako.actor, erases_log=False)
    await days_pass(hanako, 10)
    assert await carrying_out.go_round() == 0
    while await notifications.deliver():
        pass
    assert "まもなく登録が終わります" not in (await hanako.get("/inbox")).text
    await days_pass(hanako, 1)
    for _ in range(2):
        assert await carrying_out.go_round() == 0
    while await notifications.deliver():
        pass
    assert (await hanako.get("/inbox")).text.count("まもなく登録が終わります") == 1


async def test_called_off_in_time_nothing_happens(hanako: Visitor, days_pass) -> None:
    await taking.wrote_own(hanako.actor)
    await service.begin(hanako.actor, erases_log=False)
    await days_pass(hanako, 14)
    await service.call_off(hanako.actor)
    assert await carrying_out.go_round() == 0
    with pytest.raises(NotClosing):
        await service.call_off(hanako.actor)
    assert (await hanako.ask("/me/records")).json()["total"] == 5


async def test_at_the_end_nothing_of_hers_is_readable_anywhere(
    hanako: Visitor, clinic: Place, admin: asyncpg.Connection, days_pass, database: Deployment
) -> None:
    await scene.wrote(clinic, hanako.actor, "condition", "本態性高血圧症")
    await taking.wrote_own(hanako.actor, CANARY)
    await taking.wrote_own(hanako.actor, f"{CANARY} {NUMBER}")
    job = await taking.made(hanako.actor)
    code = await closed(hanako, days_pass)

    for table, text in (await everything(admin)).items():
        assert CANARY not in text, table
        assert NUMBER not in text, table
        escaped = CANARY.encode().hex()
        assert escaped not in text, table
    keys = await admin.fetch(
        "SELECT purpose FROM keystore.participant_key WHERE participant_id = $1",
        hanako.actor.participant_id,
    )
    assert [row["purpose"] for row in keys] == ["log"]
    await taking_out.sweep()
    assert not files.folder_of(job.export_id).exists()

    assert (await hanako.ask("/me/records")).status_code == 401
    assert (await identity.actor_of(hanako.token)).account_id is None
    with pytest.raises(NotFound):
        await exports.one(hanako.actor, job.export_id)
    rows = await admin.fetch(
        "SELECT category FROM record WHERE participant_id = $1", hanako.actor.participant_id
    )
    assert [row["category"] for row in rows] == ["condition"], "the clinic keeps what it wrote"

    certificate = said(await service.certificate(code))
    destroyed = certificate["destroyed"]
    assert isinstance(destroyed, dict)
    assert destroyed["own_records"] == {"child": 6, "vitals": 4}
    assert destroyed["own_record_versions"] == 10
    assert len(destroyed["own_key"]) == 64
    assert destroyed["sessions"] >= 1
    assert certificate["log"]["erased"] is False  # type: ignore[index]
    assert "花子" not in str(certificate)
    assert str(hanako.actor.participant_id) not in str(certificate)


async def test_the_certificate_is_signed_and_anybody_can_check_it(
    hanako: Visitor, yumi: Visitor, days_pass
) -> None:
    code = await closed(hanako, days_pass)
    await yumi.get("/closing-certificate")
    fields = {"_csrf_token": yumi.browser.cookies["tsunagu_csrf"], "code": code.lower()}
    page = await yumi.browser.post("/closing-certificate", data=fields)
    assert page.headers["cache-control"] == "no-store"
    for part in ("を証明します", "消したもの", "残っているもの", code):
        assert part in page.text
    (form,) = [each for each in forms(page.text) if 'name="file"' in each]
    action, hidden = sent(form)
    answer = await yumi.browser.post(action, data=fields | hidden)
    assert answer.headers["content-type"].startswith("application/jose")
    header = jwt.get_unverified_header(answer.text)
    assert header["typ"] == "closing-certificate+jws"
    keys = (await yumi.browser.get("/.well-known/jwks.json")).json()["keys"]
    (key,) = [each for each in keys if each["kid"] == header["kid"]]
    public = jwt.PyJWK({**key, "alg": "EdDSA"}).key
    checked = PyJWS().decode(answer.text, public, algorithms=["EdDSA"])
    assert msgspec.json.decode(checked)["network"]
    with pytest.raises(jwt.InvalidSignatureError):
        PyJWS().decode(f"{answer.text[:-6]}AAAAAA", public, algorithms=["EdDSA"])
    fields["code"] = "0000-0000-0000-0000"
    refused = await yumi.browser.post("/closing-certificate", data=fields)
    assert refused.status_code == 422
    assert "この番号の証明書はありません" in refused.text


async def test_an_app_has_the_certificate_by_its_code(
    hanako: Visitor, open_browser, days_pass
) -> None:
    code = await closed(hanako, days_pass)
    app = await open_browser()
    answer = await app.post("/closing-certificates", json={"code": code.lower()})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    assert found["said"] == said(found["certificate"])
    assert found["said"]["network"]
    headers = {"accept-language": "ja"}
    for wrong in ("0000-0000-0000-0000", "no code at all", ""):
        refused = await app.post("/closing-certificates", json={"code": wrong}, headers=headers)
        assert refused.status_code == 422
        assert "この番号の証明書はありません" in refused.text


async def test_nobody_sees_the_clinic_s_records_any_more_but_the_clinic(
    hanako: Visitor,
    sato: Visitor,
    clinic: Place,
    pharmacy: Place,
    admin: asyncpg.Connection,
    days_pass,
) -> None:
    await scene.wrote(pharmacy, hanako.actor, "prescription", "アムロジピン錠5mg", status="active")
    await scene.wrote(clinic, hanako.actor, "condition", "本態性高血圧症")
    await allow(hanako, clinic)
    path = f"/clinic/participants/{hanako.actor.participant_id}"
    assert "アムロジピン" in await find(sato, hanako)
    await closed(hanako, days_pass)
    state = await consent.settings(hanako.actor)
    assert state.participation.state == "withdrawn"
    assert "アムロジピン" not in (await sato.get(path)).text
    kept = await admin.fetch(
        "SELECT title FROM record WHERE participant_id = $1 AND source_facility_id = $2",
        hanako.actor.participant_id,
        clinic.facility_id,
    )
    assert [row["title"] for row in kept] == ["本態性高血圧症"], "its own it keeps"


async def test_who_acts_for_somebody_is_over_on_both_sides(pair: Pair, days_pass) -> None:
    """Yumi acts for Tarō: she closes hers."""
    code = await closed(pair.yumi, days_pass)
    assert (await proxies.mine(pair.taro.actor)).mine == []
    assert said(await service.certificate(code))["destroyed"]["proxies"] == 1  # type: ignore[index]


async def test_whose_account_is_closed_is_acted_for_by_nobody(pair: Pair, days_pass) -> None:
    await closed(pair.taro, days_pass)
    assert (await proxies.mine(pair.yumi.actor)).for_others == []


async def test_the_log_stays_whole_and_others_prove_theirs(
    hanako: Visitor, yumi: Visitor, database: Deployment, days_pass
) -> None:
    before = await checked(database)
    await closed(hanako, days_pass, erases_log=True)
    await seal(database)
    after = await checked(database)
    assert set(after.findings) <= set(before.findings), "no fault came with it"
    verdict = await verified(yumi)
    assert verdict.findings == []


async def checked(database: Deployment) -> fsck.Report:
    await seal(database)
    connection = await sealing.connect(database.app_dsn, database.keys)
    keys = LogKeys(database.keys.log, database.keys.log_blind, database.keys.log_master)
    try:
        return await fsck.check(connection, keys, lambda *_: None)
    finally:
        await connection.close()


async def test_the_log_is_made_unreadable_only_if_she_chose_it(
    hanako: Visitor, yumi: Visitor, admin: asyncpg.Connection, days_pass
) -> None:
    kept = await closed(hanako, days_pass)
    assert said(await service.certificate(kept))["log"]["erased"] is False  # type: ignore[index]
    count = "SELECT count(*) FROM access_event WHERE participant_id = $1 AND sealed IS NOT NULL"
    assert await admin.fetchval(count, hanako.actor.participant_id) > 0
    erased = await closed(yumi, days_pass, erases_log=True)
    log = said(await service.certificate(erased))["log"]
    assert log["erased"] is True  # type: ignore[index]
    assert await admin.fetchval(count, yumi.actor.participant_id) == 0
    value = await admin.fetchval(
        "SELECT encode(value, 'hex') FROM erasure_certificate WHERE participant_id = $1",
        yumi.actor.participant_id,
    )
    assert log["certificate"] == value  # type: ignore[index]


async def test_an_open_case_keeps_the_log_until_it_is_closed(
    hanako: Visitor, admin: asyncpg.Connection, days_pass
) -> None:
    begun = await service.begin(hanako.actor, erases_log=True)
    case_id = await admin.fetchval(
        "INSERT INTO support_case (participant_id, kind, params, due_on)"
        " VALUES ($1, 'call_back', '{}', current_date) RETURNING case_id",
        hanako.actor.participant_id,
    )
    await days_pass(hanako, 14)
    assert await carrying_out.go_round() == 0
    assert (await hanako.ask("/me/records")).status_code == 401
    with pytest.raises(UnknownClaim):
        await service.certificate(begun.code.printed)
    await admin.execute("UPDATE support_case SET closed_at = now() WHERE case_id = $1", case_id)
    await carried_out(hanako.actor.participant_id)
    assert said(await service.certificate(begun.code.printed))["type"]


async def test_broken_off_half_way_it_goes_on_and_counts_stay(
    hanako: Visitor, days_pass, monkeypatch: pytest.MonkeyPatch
) -> None:
    await taking.wrote_own(hanako.actor)
    begun = await service.begin(hanako.actor, erases_log=False)
    await days_pass(hanako, 14)

    async def away(*_: object) -> bool:
        raise NotFound

    with monkeypatch.context() as broken:
        broken.setattr(carrying_out, "_finish", away)
        assert await carrying_out.go_round() == 0
    await carried_out(hanako.actor.participant_id)
    destroyed = said(await service.certificate(begun.code.printed))["destroyed"]
    assert destroyed["own_record_versions"] == 5  # type: ignore[index]
    assert await carrying_out.go_round() == 0


# What still says something of somebody whose account is closed, and why it may.
STAYS = {
    "keystore.participant_key": "the log's key, unless she chose that it goes too",
    "public.account": "the log's events name it",
    "public.account_closing": "that it was closed, and when",
    "public.access_event": "the log is not hers to change",
    "public.access_log_head": "the log",
    "public.card": "the number is never given to anybody else",
    "public.directive": "what decided about past accesses, told by the log",
    "public.look_alike": "that officers took two registrations for one, or not",
    "public.participant": "whose records facilities keep by law",
    "public.participation": "that she takes no part any more",
    "public.record": "what facilities wrote",
    "public.residence": "what decided about past accesses",
    "public.settings_receipt": "the same, signed",
}


async def test_no_table_but_those_named_here_still_knows_of_her(
    hanako: Visitor, clinic: Place, admin: asyncpg.Connection, days_pass
) -> None:
    await scene.wrote(clinic, hanako.actor, "condition", "本態性高血圧症")
    await taking.wrote_own(hanako.actor, CANARY)
    for table, extra in (
        ("own_due", "kind, book, due_on, why) VALUES ($1, 'visit', 'a', '2026-05-01', 'ends')"),
        ("vital_sample", "entry_id, edited_at) VALUES ($1, gen_random_uuid(), now())"),
    ):
        await admin.execute(
            f"INSERT INTO {table} (participant_id, {extra}", hanako.actor.participant_id
        )
    await closed(hanako, days_pass)
    tables = await admin.fetch(
        "SELECT n.nspname || '.' || c.relname AS name FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relkind = 'r' AND a.attname = 'participant_id' AND NOT c.relispartition"
        " AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
    )
    left = set()
    for (name,) in tables:
        if await admin.fetchval(
            f"SELECT EXISTS (SELECT FROM {name} WHERE participant_id = $1)",
            hanako.actor.participant_id,
        ):
            left.add(name)
    assert left <= STAYS.keys()


async def test_what_is_still_being_written_is_gone_with_the_rest(
    hanako: Visitor, days_pass, admin: asyncpg.Connection
) -> None:
    """Also of somebody who never said that they take part, and with the first key of all."""
    actor, _ = await scene.participant("山本 花子", "ヤマモト ハナコ")
    her = actor.participant_id
    await service.begin(actor, erases_log=False)
    await days_pass(SimpleNamespace(actor=actor), 14)
    async with unit_of_work(actor) as tx:
        await entries.write_all_in(tx, actor, [Wish(WEIGHT, WRITTEN)])
        closing = asyncio.create_task(carrying_out.go_round(), context=Context())
        await asyncio.sleep(0.5)
        assert not closing.done(), "whoever writes ends first"
    await closing
    await carried_out(her)
    left = (
        "SELECT (SELECT count(*) FROM record WHERE participant_id = $1) + (SELECT count(*)"
        " FROM keystore.participant_key WHERE purpose = 'phr' AND participant_id = $1)"
    )
    assert await admin.fetchval(left, her) == 0
    with pytest.raises(NotFound):
        await entries.write(actor, Wish(WEIGHT, WRITTEN))
    assert await admin.fetchval(left, her) == 0
