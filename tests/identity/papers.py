"""Forms on paper as officers type them, and scans of them."""

import secrets
from uuid import UUID

from api.core.actor import Actor
from api.directory import service as directory
from api.identity.card import CardNumber
from api.identity.enrolling import paper_enrolment
from api.identity.enrolling.enrolment import Birth
from api.identity.enrolling.paper_enrolment import Choice, Confirmed
from api.identity.enrolling.paper_form import Typed
from tests.identity.conftest import some_card

PDF = b"%PDF-1.7\n a form signed by hand\n%%EOF"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
NEW = Choice(None, "電話でご本人に確かめました")


def card() -> CardNumber:
    return some_card(directory.profile().card_scheme)


def some_kana() -> str:
    """Of nobody else, so that nobody looks alike by chance."""
    return "やまもと " + "".join(secrets.choice("あいうえおかきくけこ") for _ in range(8))


def typed(of: CardNumber, **changes: str) -> Typed:
    fields = {
        "name": "山本　太郎",
        "name_kana": some_kana(),
        "sex": "male",
        "card": of.grouped,
        "address": "熊本県阿蘇市1-2-3",
        "phone": "０９６７-１２-３４５６",
        "insurer": "33120015",
        "insurance_symbol": "あそ",
        "insurance_number": of.digits[-8:],
        "insurance_branch": "01",
    }
    return Typed(**(fields | changes))


async def put_down(officer: Actor, form: Typed, born: Birth, scan: bytes | None = PDF) -> UUID:
    enrolment_id = await paper_enrolment.put_down(
        officer, form, born, scheme=directory.profile().card_scheme
    )
    if scan is not None:
        await paper_enrolment.attach(officer, enrolment_id, scan)
    return enrolment_id


async def confirm(officer: Actor, enrolment_id: UUID, choice: Choice = NEW) -> Confirmed:
    """After a look at the scan."""
    await paper_enrolment.scan(officer, enrolment_id)
    return await paper_enrolment.confirm(officer, enrolment_id, choice)
