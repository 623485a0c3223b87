"""At the desk: Hanako shows a QR code, the clinic asks for its number, she says yes or no."""

import re

import asyncpg
import pytest
import pytest_asyncio
import zxingcpp

from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.records.linking import service as linking
from tests.portal import scene
from tests.portal.scene import Place, Visitor


@pytest_asyncio.fixture
async def code(hanako: Visitor) -> str:
    page = (await hanako.post("/disclosure/desk-code")).text
    return scanned(page)


def scanned(page: str) -> str:
    """What a reader at the desk makes of the picture on the phone."""
    picture = re.search(r'<svg role="img".*?viewBox="0 0 (\d+) \d+".*?d="([^"]+)"', page, re.DOTALL)
    assert picture
    scale = 4
    side = int(picture[1]) * scale
    pixels = bytearray(b"\xff" * side * side)
    for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", picture[2]):
        for row in range(int(y) * scale, int(y) * scale + scale):
            at = row * side + int(x) * scale
            pixels[at : at + scale] = bytes(scale)
    (found,) = zxingcpp.read_barcodes(memoryview(pixels).cast("B", shape=(side, side)))
    return found.text


async def read_by(sato: Visitor, hanako: Visitor, code: str) -> str:
    answer = await sato.post("/clinic/desk-code", code=code)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def test_the_picture_holds_the_eight_digits_and_nothing_else(code: str):
    assert re.fullmatch(r"\d{8}", code)


async def test_scanned_once_it_lets_the_clinic_in_and_never_again(
    hanako: Visitor, sato: Visitor, ito: Visitor, code: str
):
    where = await read_by(sato, hanako, code)
    assert (await sato.get(where)).status_code == 200
    assert (await ito.post("/clinic/desk-code", code=code)).status_code == 422


async def test_both_sides_say_yes_and_the_number_names_hanako(
    hanako: Visitor, sato: Visitor, clinic: Place, code: str
):
    where = await read_by(sato, hanako, code)
    assert "当施設の患者番号を結びつける" in (await sato.get(where)).text
    answer = await sato.post(f"{where}/number", number="００１２３")
    assert "ご本人の画面に確認を送りました" in answer.text
    find = {"by": "local_id", "local_id": "００１２３"}
    assert (await sato.find(**find)).status_code == 404
    page = (await hanako.get("/disclosure/desk-code")).text
    assert "れんげ内科クリニックからの確認" in page
    assert "佐藤 健一" in page
    link = re.search(r"/disclosure/desk-code/numbers/[0-9a-f-]+", page)
    assert link
    await hanako.follow(await hanako.post(link[0], answer="linked"))
    assert (await sato.find(**find)).status_code == 200
    assert (await hanako.post(link[0], answer="linked")).status_code == 404
    sentences = [each["sentence"] for each in await hanako.log()]
    assert "れんげ内科クリニックの患者番号 ００１２３ を、ご本人に結びつけました。" in sentences
    assert (
        "れんげ内科クリニックが、患者番号 ００１２３ をご本人に結びつけてよいか尋ねました。"
        in sentences
    )


async def test_no_is_no_and_by_the_app_too(hanako: Visitor, sato: Visitor, code: str):
    where = await read_by(sato, hanako, code)
    await sato.post(f"{where}/number", number="77")
    (asked,) = (await hanako.ask("/me/patient-numbers", language="en")).json()["asked"]
    assert (asked["facility"], asked["number"]) == ("Renge Clinic", "77")
    answer = await hanako.tell(f"/me/patient-numbers/{asked['id']}/answer", {"answer": "refused"})
    assert answer.status_code == 204
    assert (await hanako.ask("/me/patient-numbers")).json() == {"asked": []}
    find = {"by": "local_id", "local_id": "77"}
    assert (await sato.find(**find)).status_code == 404


async def test_without_a_code_told_today_nobody_asks(
    hanako: Visitor, sato: Visitor, ito: Visitor, code: str, clinic: Place
):
    subject = hanako.actor.participant_id
    assert subject
    with pytest.raises(NotFound):
        await linking.ask(sato.actor, subject, "1")
    await read_by(sato, hanako, code)
    with pytest.raises(NotFound):  # the code was told to the clinic
        await linking.ask(ito.actor, subject, "1")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(ito.actor, subject=subject) as tx:
            await tx.execute(
                "INSERT INTO link_request (participant_id, facility_id, local_id, asked_by_name,"
                " expires_at) VALUES (app.subject(), app.facility(), '1', 'x', now() + '1h')"
            )


async def test_a_number_nobody_asked_for_is_not_linked_by_the_phone_alone(
    hanako: Visitor, clinic: Place
):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with unit_of_work(hanako.actor) as tx:
            await tx.execute(
                "INSERT INTO facility_patient (participant_id, facility_id, local_id)"
                " VALUES (app.subject(), $1, '5')",
                clinic.facility_id,
            )


async def test_a_number_of_another_patient_is_refused(
    hanako: Visitor, yumi: Visitor, sato: Visitor, clinic: Place, code: str
):
    await scene.knows_as(clinic, yumi.actor, "900")
    where = await read_by(sato, hanako, code)
    answer = await sato.post(f"{where}/number", number="900")
    assert answer.status_code == 422 or answer.status_code == 409
    assert "別の患者さんのものです" in answer.text
    assert (await sato.post(f"{where}/number", number="123456789018")).status_code == 422
    assert (await hanako.ask("/me/patient-numbers")).json() == {"asked": []}
