"""Who a sender says somebody is, and that brought to the form it is compared in."""

import re
import unicodedata
from datetime import date
from typing import Final

import msgspec

from api.identity.enrolling.names import SAME_CHARACTER, folded_name

# 国民健康保険 is written with six digits or with eight.
_INSURER_DIGITS: Final = 8
_HYPHENS: Final = re.compile(r"[‐‑‒–—―−ｰ－]")
_NUMERALS: Final = {each: at for at, each in enumerate("〇一二三四五六七八九")}
_COUNTED: Final = re.compile(r"([一二三四五六七八九十]{1,3})(?=丁目|番|号|条|線)")
_UNITS: Final = re.compile(r"丁目|番地の?|番|号(?=$|[^0-9])|(?<=[0-9])の(?=[0-9])")
_HAMLET: Final = re.compile(r"大字|字(?=.)")
_PREFECTURE: Final = re.compile(r"^(東京都|北海道|京都府|大阪府|.{2,3}?県)")
_PLACE: Final = re.compile(r"([^0-9]*)((?:[0-9]+-)*[0-9]+)?")
# Vowels by the last sound of a kana: what makes it long is written in several ways.
_ROWS: Final = {
    "ア": "アカガサザタダナハバパマヤラワ",
    "イ": "イキギシジチヂニヒビピミリ",
    "ウ": "ウクグスズツヅヌフブプムユルヴ",
    "エ": "エケゲセゼテデネヘベペメレ",
    "オ": "オコゴソゾトドノホボポモヨロヲ",
}
_SOUND: Final = {kana: vowel for vowel, row in _ROWS.items() for kana in row}
_LONG: Final = {"ア": "ア", "イ": "イ", "ウ": "ウ", "エ": "エイ", "オ": "オウ"}


class Insured(msgspec.Struct, frozen=True):
    """As on the certificate: insurer number, 記号, 番号, 枝番."""

    insurer: str
    symbol: str
    number: str
    branch: str = ""


class Demographics(msgspec.Struct, frozen=True):
    """Anything may be empty. `card` has sixteen digits; a 個人番号 never stands here."""

    name: str = ""
    name_kana: str = ""
    sex: str = ""
    birth_on: date | None = None
    address: str = ""
    insured: Insured | None = None
    card: str = ""


class Folded(msgspec.Struct, frozen=True):
    """`family` and `given` are empty where nothing divides the name."""

    name: str
    family: str
    given: str
    kana: str
    family_kana: str
    given_kana: str
    sex: str
    birth_on: date | None
    town: str
    place: str
    insured: Insured | None
    card: str


def folded(person: Demographics) -> Folded:
    """Everything in the form it is compared in."""
    family, given = _divided(person.name)
    family_kana, given_kana = _divided(person.name_kana)
    town, place = folded_address(person.address)
    return Folded(
        name=folded_name(person.name),
        family=folded_name(family),
        given=folded_name(given),
        kana=folded_kana(person.name_kana),
        family_kana=folded_kana(family_kana),
        given_kana=folded_kana(given_kana),
        sex=person.sex if person.sex in ("female", "male") else "",
        birth_on=person.birth_on,
        town=town,
        place=place,
        insured=_folded_insured(person.insured),
        card=person.card,
    )


def folded_kana(text: str) -> str:
    """Every way of writing a long vowel becomes ー: オオノ, オウノ and オーノ are one."""
    out: list[str] = []
    sound = ""
    for kana in folded_name(text):
        if sound and kana in _LONG[sound]:
            out.append("ー")
            continue
        out.append(kana)
        sound = "" if kana == "ン" else _SOUND.get(kana, sound if kana == "ー" else "")
    return "".join(out)


def folded_address(text: str) -> tuple[str, str]:
    """(town, town with house number); buildings and rooms are left away, one writes them and
    another does not."""
    plain = _HYPHENS.sub("-", unicodedata.normalize("NFKC", text))
    plain = "".join(plain.split()).translate(SAME_CHARACTER)
    plain = _COUNTED.sub(lambda found: str(_counted(found[1])), plain)
    plain = _HAMLET.sub("", _UNITS.sub("-", plain)).replace("ヶ", "ケ").replace("ガ", "ケ")
    plain = _PREFECTURE.sub("", re.sub("-+", "-", plain))
    found = _PLACE.match(plain)
    if found is None or not found[1]:
        return "", ""
    town = found[1].strip("-")
    return town, f"{town}{found[2]}" if found[2] else ""


def near_dates(day: date) -> list[date]:
    """Days that one wrong digit, or day and month exchanged, make of this one."""
    digits = f"{day:%Y%m%d}"
    texts = {digits[:4] + digits[6:] + digits[4:6]}
    for at in range(2, 8):
        texts |= {f"{digits[:at]}{other}{digits[at + 1 :]}" for other in "0123456789"}
    found = {_day(text) for text in texts} - {None, day}
    return sorted(each for each in found if each is not None)


def is_near(one: date, other: date) -> bool:
    """Whether one digit is wrong, or day and month are exchanged."""
    mine, theirs = f"{one:%Y%m%d}", f"{other:%Y%m%d}"
    wrong = sum(mine[at] != theirs[at] for at in range(8))
    return wrong == 1 or mine[:4] + mine[6:] + mine[4:6] == theirs != mine


def one_edit_apart(one: str, other: str) -> bool:
    """One sound wrong, left out, added, or two exchanged."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    at = 0
    while at < min(len(one), len(other)) and one[at] == other[at]:
        at += 1
    rest, left = one[at:], other[at:]
    if len(rest) == len(left):
        swapped = len(rest) > 1 and rest[:2] == left[1::-1] and rest[2:] == left[2:]
        return rest[1:] == left[1:] or swapped
    return rest[1:] == left if len(rest) > len(left) else rest == left[1:]


def _divided(name: str) -> tuple[str, str]:
    family, _, given = " ".join(unicodedata.normalize("NFKC", name).split()).partition(" ")
    return (family, given) if given else ("", "")


def _folded_insured(insured: Insured | None) -> Insured | None:
    if insured is None or not insured.insurer or not insured.number:
        return None
    symbol, number = (folded_name(each) for each in (insured.symbol, insured.number))
    insurer = unicodedata.normalize("NFKC", insured.insurer).zfill(_INSURER_DIGITS)
    branch = unicodedata.normalize("NFKC", insured.branch)
    return Insured(insurer, symbol, number, branch.zfill(2) if branch else "")


def _counted(numeral: str) -> int:
    tens, ten, ones = numeral.rpartition("十")
    if not ten:
        return int("".join(str(_NUMERALS[each]) for each in numeral))
    return (_NUMERALS[tens] if tens else 1) * 10 + (_NUMERALS[ones] if ones else 0)


def _day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
