"""Who a FHIR Patient says it is, as far as people are compared by it."""

from collections.abc import Iterator
from typing import Final

from api.fhir import codes
from api.identity.my_number import contains_my_number
from api.records.matching.persons import Demographics, Insured
from api.records.parse import Json, as_objects, as_text, read_day

_REPRESENTATION: Final = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
_LONGEST: Final = 200
_CARD_DIGITS: Final = 16


def demographics_of(patient: Json) -> Demographics:
    """What a FHIR Patient says in the JP Core shape; what it does not say whole is left empty."""
    name, kana = _names(patient)
    card, insured = "", None
    for each in as_objects(patient.get("identifier")):
        system, value = as_text(each.get("system")), as_text(each.get("value"))
        if system == codes.CARD:
            digits = value.replace("-", "").replace(" ", "")
            card = digits if len(digits) == _CARD_DIGITS and digits.isdecimal() else card
        elif system == codes.INSURANCE_MEMBER:
            insured = _insured(value) or insured
    birth_on = read_day(patient.get("birthDate"))
    is_whole = len(as_text(patient.get("birthDate"))) == len("2000-01-01")
    return Demographics(
        name=_line(name),
        name_kana=_line(kana),
        sex=as_text(patient.get("gender")),
        birth_on=birth_on if is_whole else None,
        address=_line(_address(patient)),
        insured=insured,
        card=card,
    )


def _names(patient: Json) -> tuple[str, str]:
    """(in characters, in kana): by what each says of itself, or else by how it is written."""
    characters = kana = ""
    for name in as_objects(patient.get("name")):
        text = _written(name)
        if _representation(name) == "SYL" or (not _representation(name) and _is_kana(text)):
            kana = kana or text
        elif _representation(name) != "ABC":
            characters = characters or text
    return characters, kana


def _written(name: Json) -> str:
    family, given = as_text(name.get("family")), " ".join(_texts(name.get("given")))
    return f"{family} {given}" if family and given else as_text(name.get("text")) or family


def _representation(name: Json) -> str:
    for extension in as_objects(name.get("extension")):
        if extension.get("url") == _REPRESENTATION:
            return as_text(extension.get("valueCode"))
    return ""


def _is_kana(text: str) -> bool:
    letters = [each for each in text if not each.isspace() and each not in "・ー"]
    return bool(letters) and all("ぁ" <= each <= "ヿ" or "ｦ" <= each <= "ﾟ" for each in letters)


def _address(patient: Json) -> str:
    for address in as_objects(patient.get("address")):
        parts = (as_text(address.get("state")), as_text(address.get("city")))
        joined = "".join((*parts, *_texts(address.get("line"))))
        text = as_text(address.get("text")) or joined
        if text:
            return text
    return ""


def _texts(values: object) -> Iterator[str]:
    yield from filter(None, map(as_text, values if isinstance(values, list) else ()))


def _insured(value: str) -> Insured | None:
    """`insurer:symbol:number:branch`, as JP-CLINS writes it."""
    parts = value.split(":")
    if len(parts) != 4 or not parts[0] or not parts[2] or len(value) > _LONGEST:
        return None
    return Insured(*parts)


def _line(text: str) -> str:
    """One line of what may be kept; what holds a 個人番号 is not."""
    line = " ".join(text.split())
    if len(line) > _LONGEST or not line.isprintable() or contains_my_number(line):
        return ""
    return line
