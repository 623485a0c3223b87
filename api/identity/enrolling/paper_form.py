"""The enrolment form on paper, as an officer typed it: read into values, or what is wrong beside
each field."""

import re
from datetime import date
from typing import Final, Literal

from msgspec import Struct

from api.identity.card import CardFault, CardNumber, CardScheme
from api.identity.enrolling.birth_date import BirthDateFault
from api.identity.enrolling.insurance import Insurance, parse_insurance
from api.identity.enrolling.names import folded_name, to_katakana
from api.identity.my_number import contains_my_number
from api.identity.typed import is_digits, normalise_digits

Sex = Literal["female", "male", "other", "unknown"]
SEXES: Final[tuple[Sex, ...]] = ("female", "male", "other", "unknown")
LONGEST: Final = {"name": 100, "address": 200, "email": 254, "family_doctor": 100}
_KANA: Final = re.compile(r"[ァ-ヺー・ ]{1,100}")
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")


class Typed(Struct, frozen=True):
    """As it stands in the fields; the birth date is read by its caller, who knows the day."""

    name: str = ""
    name_kana: str = ""
    sex: str = ""
    card: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    family_doctor: str = ""
    insurer: str = ""
    insurance_symbol: str = ""
    insurance_number: str = ""
    insurance_branch: str = ""


class Form(Struct, frozen=True):
    """A form without faults; `card` has sixteen digits and is an identifier, no secret."""

    name: str
    name_kana: str
    sex: Sex
    birth_on: date
    card: str
    address: str = ""
    phone: str = ""
    email: str = ""
    family_doctor: str = ""
    insurance: Insurance | None = None


def read_form(
    typed: Typed, birth_on: date | BirthDateFault, scheme: CardScheme
) -> Form | dict[str, str]:
    """The form, or the message key of each refused field."""
    name = " ".join(typed.name.split())
    kana = kana_of(typed.name_kana)
    card = CardNumber.parse(typed.card, scheme)
    phone = normalise_digits(typed.phone)
    insurance = parse_insurance(
        typed.insurer, typed.insurance_symbol, typed.insurance_number, typed.insurance_branch
    )
    address, email, doctor = (
        " ".join(each.split()) for each in (typed.address, typed.email, typed.family_doctor)
    )
    faults: dict[str, str] = {}
    if not 1 <= len(name) <= LONGEST["name"]:
        faults["name"] = "error.form.name"
    if kana is None:
        faults["name_kana"] = "error.form.kana"
    if typed.sex not in SEXES:
        faults["sex"] = "error.form.sex"
    if isinstance(birth_on, BirthDateFault):
        faults["birth"] = birth_on.value
    if isinstance(card, CardFault):
        faults["card"] = card.value
    if not 1 <= len(address) <= LONGEST["address"]:
        faults["address"] = "error.form.address"
    if phone and not (phone[0] == "0" and (is_digits(phone, 10) or is_digits(phone, 11))):
        faults["phone"] = "error.support.telephone"
    if email and (len(email) > LONGEST["email"] or not _EMAIL.fullmatch(email)):
        faults["email"] = "error.form.email"
    if len(doctor) > LONGEST["family_doctor"]:
        faults["family_doctor"] = "error.form.family_doctor"
    if isinstance(insurance, dict):
        faults |= {field: fault.value for field, fault in insurance.items()}
    faults |= dict.fromkeys(_holding_my_number(typed), CardFault.MY_NUMBER.value)
    if (
        faults
        or kana is None
        or isinstance(birth_on, BirthDateFault)
        or isinstance(card, CardFault)
        or isinstance(insurance, dict)
    ):
        return faults
    sex: Sex = typed.sex  # type: ignore[assignment]
    return Form(name, kana, sex, birth_on, card.digits, address, phone, email, doctor, insurance)


def kana_of(text: str) -> str | None:
    """Full-width katakana with single spaces, from kana of any kind; None for anything else."""
    wide = " ".join(to_katakana(text).split())
    return wide if _KANA.fullmatch(wide) and folded_name(wide) else None


def shown_again(text: str) -> str:
    """What was typed, to be corrected; never what is or may be a 個人番号."""
    return "" if contains_my_number(text) or len(normalise_digits(text)) == 12 else text[:254]


def _holding_my_number(typed: Typed) -> list[str]:
    fields = {name: getattr(typed, name) for name in typed.__struct_fields__}
    return [name for name, text in fields.items() if contains_my_number(text)]
