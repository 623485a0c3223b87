"""Hanako acts for Yumi and adds the file of a checkup: everywhere it is said who did."""

from datetime import date

from api.consent.lifecycle import leaving
from api.core import clock
from api.phr.entries.kinds import PROVENANCE
from api.records.taking_out.resources import decoded, normal_bundle
from tests.phr.maternal.test_pregnancy_by_proxy import acts
from tests.portal import conftest as portal
from tests.portal.scene import Place, Visitor
from tests.portal.test_checkup_file import HERE, keep
from tests.portal.test_clinic import allow, find
from tests.records import checkup_files
from tests.records.checkup_files import Examined, checkup
from tests.records.taking_out import taking

ueda = portal.ueda
HERS = Examined("ヤマモト　ユミ", date(1940, 4, 9))
BY_HER = "ご本人の登録"
BY_PROXY = "代わりの方の記入・登録"


async def added(yumi: Visitor, hanako: Visitor, ueda: Visitor, on: str = "20260512") -> None:
    await leaving.take_part(yumi.actor, "participating")
    await acts(yumi, hanako, ueda, "view", "upload")
    page = await keep(hanako, checkup(HERS, on=on))
    assert "健診の結果を保存しました。" in page


async def test_on_her_own_pages_and_to_apps(yumi: Visitor, hanako: Visitor, ueda: Visitor) -> None:
    await added(yumi, hanako, ueda)
    for page in ((await yumi.get("/records")).text, (await hanako.get("/records")).text):
        assert BY_PROXY in page
        assert f'<span class="soft">{BY_HER}</span>' not in page
    listed = (await yumi.ask("/me/records")).json()["records"]
    assert {(each["by"], each["facility"]["name"]) for each in listed} == {("proxy", BY_PROXY)}
    one = listed[0]["id"]
    assert BY_PROXY in (await yumi.get(f"/records/{one}")).text
    said = (await yumi.ask(f"/me/records/{one}")).json()["record"]
    assert (said["by"], said["facility"]["name"]) == ("proxy", BY_PROXY)
    assert BY_PROXY in (await yumi.get(HERE)).text
    (file,) = (await yumi.ask("/me/checkup-files")).json()
    assert file["by"] == "proxy"
    (shelved,) = (await yumi.ask("/me/checkups")).json()["checkups"]
    assert (shelved["source"], shelved["by"]) == ("file", "proxy")
    for path in ("/book/checkups", f"/book/checkups/{shelved['id']}"):
        assert "代わりの方がファイルから入れたもの" in (await yumi.get(path)).text


async def test_to_a_clinician_and_over_fhir(
    yumi: Visitor, hanako: Visitor, ueda: Visitor, sato: Visitor, clinic: Place
) -> None:
    await added(yumi, hanako, ueda, f"{clock.today_in_japan():%Y%m%d}")
    await allow(yumi, clinic)
    page = await find(sato, yumi)
    path = f"/clinic/participants/{yumi.actor.participant_id}"
    pages = page + (await sato.get(f"{path}/timeline")).text + (await sato.get(f"{path}/labs")).text
    assert BY_PROXY in pages
    assert f"{BY_HER}<" not in pages.replace(f"{BY_HER}</option>", "")
    file = await taking.bundle(yumi.actor)
    tags = [
        [tag["code"] for tag in each["meta"]["tag"] if tag["system"] == PROVENANCE]
        for each in taking.resources(file)
        if each["resourceType"] in ("Observation", "DocumentReference")
    ]
    assert tags
    assert all(each == ["proxy"] for each in tags)


async def test_what_was_added_once_stays_the_same_whoever_adds_it_again(
    yumi: Visitor, hanako: Visitor, ueda: Visitor
) -> None:
    await added(yumi, hanako, ueda)
    first = normal_bundle(decoded(await taking.bundle(yumi.actor)))
    await keep(yumi, checkup(HERS))
    assert (await yumi.ask("/me/checkup-files")).json()[0]["by"] == "proxy"
    assert normal_bundle(decoded(await taking.bundle(yumi.actor))) == first
    weighed = [checkup_files.quantity(checkup_files.WEIGHT, "53.0", "kg")]
    await keep(yumi, checkup(HERS, weighed))
    found = (await yumi.ask("/me/records")).json()["records"]
    assert {each["by"] for each in found if each["title"] == "体重"} == {"brought"}
