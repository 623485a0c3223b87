"""One file of the national checkup form (HL7 CDA R2) read into values.

XML from outside: the parser is defusedxml's over the standard library's expat, with document types,
entities and external references refused, so nothing is expanded or fetched. It was taken rather
than lxml because it adds no compiled code and its parser is fed by our own builder, which stops at
a depth and a number of elements.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final, Literal
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

import msgspec
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from api.identity.my_number import contains_my_number
from api.records.checkup_xml import items
from api.records.parse import Fault

MAX_BYTES: Final = 3 * 1024 * 1024  # a checkup is some 60 KB
MAX_DEPTH: Final = 60
MAX_ELEMENTS: Final = 50_000
MAX_ITEMS: Final = 1_000
LONGEST_TEXT: Final = 5_000
EARLIEST: Final = date(1900, 1, 1)

_CDA: Final = "{urn:hl7-org:v3}"
_XSI_TYPE: Final = "{http://www.w3.org/2001/XMLSchema-instance}type"
_DECLARED: Final = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_TIME: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2,6}(\.\d+)?)?([+-]\d{4})?", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?", re.ASCII)
_SPACES: Final = re.compile(r"[ \t\r\n\u3000]+")
_SEXES: Final = {"1": "male", "2": "female", "M": "male", "F": "female"}
_NOT_TYPED: Final = frozenset({"code", "codeSystem", "root", "value"})
_LEVELS: Final = frozenset({"H", "L", "N", "HH", "LL", "A"})

Form = Literal["quantity", "choice", "text", "none"]


class Coded(msgspec.Struct, frozen=True):
    """An answer out of a list: `system` is an OID."""

    system: str
    code: str
    text: str


class Item(msgspec.Struct, frozen=True):
    """One finding as the file says it; `number` keeps its digits, `unit` its spelling.

    `absent` is the file's null flavour, or `not-performed`. `is_known`: the code is in the table.
    """

    code: str
    system: str
    name: str
    section: str
    form: Form
    number: str = ""
    unit: str = ""
    text: str = ""
    choice: Coded | None = None
    absent: str = ""
    level: str = ""
    method: Coded | None = None
    low: str = ""
    high: str = ""

    @property
    def is_known(self) -> bool:
        return self.code in items.NAMES

    @property
    def is_unit_known(self) -> bool:
        return self.form != "quantity" or items.unit_code(self.unit) is not None


class Person(msgspec.Struct, frozen=True):
    """Whom the file says it is about. The national form writes the name in kana."""

    name: str
    birth_on: date
    sex: str | None
    insurer: str
    symbol: str
    number: str
    branch: str


class Checkup(msgspec.Struct, frozen=True):
    """What one file says. `institution` has ten digits; `report` and `program` are codes."""

    on: date
    person: Person
    report: str
    program: str
    institution: str
    institution_name: str
    items: tuple[Item, ...]

    @property
    def notes(self) -> tuple[Fault, ...]:
        """What was kept as it was written, though its meaning is not known here."""
        found = []
        for position, item in enumerate(self.items):
            where = f"item[{position + 1}]"
            if not item.is_known:
                found.append(Fault("checkup_item", where))
            elif not item.is_unit_known:
                found.append(Fault("checkup_unit", where))
        return tuple(found)


class Unreadable(Exception):
    """`is_kept` is false for what may not be kept anywhere: a 個人番号 (番号法 art. 20)."""

    def __init__(self, fault: Fault, *, may_keep: bool = True) -> None:
        super().__init__(fault.reason)
        self.fault = fault
        self.may_keep = may_keep


class _Bounded(TreeBuilder):
    """Builds the tree and stops where no honest checkup goes."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = self.count = 0

    def start(self, tag: str, attrs: dict[str, str]) -> Element:
        self.depth += 1
        self.count += 1
        if self.depth > MAX_DEPTH or self.count > MAX_ELEMENTS:
            raise Unreadable(Fault("checkup_too_much"))
        return super().start(tag, attrs)

    def end(self, tag: str) -> Element:
        self.depth -= 1
        return super().end(tag)

    def comment(self, text: str | None) -> Element:
        """It is no part of the tree, but of the file that is kept."""
        _refuse_my_number([text or ""])
        return super().comment(text)

    def pi(self, target: str, text: str | None = None) -> Element:
        _refuse_my_number([text or ""])
        return super().pi(target, text)


def read(body: bytes, today: date) -> Checkup:
    """Raises `Unreadable` for what is no checkup; single unknown items and units are kept."""
    root = parsed(body)
    if root.tag != f"{_CDA}ClinicalDocument":
        raise Unreadable(Fault("checkup_root"))
    for element in root.iter():
        _refuse_my_number(_typed(element))
    person = _person(root, today)
    service = _first(root, "documentationOf", "serviceEvent")
    if service is None:
        raise Unreadable(Fault("checkup_no_date", "documentationOf/serviceEvent"))
    on = _day(_period(service), "documentationOf/serviceEvent/effectiveTime", today)
    if on < person.birth_on:
        raise Unreadable(Fault("checkup_date", "documentationOf/serviceEvent/effectiveTime"))
    performer = _first(service, "performer", "assignedEntity", "representedOrganization")
    if performer is None:
        performer = _first(root, "author", "assignedAuthor", "representedOrganization")
    found = tuple(_items(root))
    if not found:
        raise Unreadable(Fault("checkup_empty"))
    if len(found) > MAX_ITEMS:
        raise Unreadable(Fault("checkup_too_much"))
    return Checkup(
        on=on,
        person=person,
        report=_code(root.find(f"{_CDA}code")),
        program=_code(service.find(f"{_CDA}code")),
        institution=_extension(performer, items.INSTITUTION),
        institution_name=_text(None if performer is None else performer.find(f"{_CDA}name")),
        items=found,
    )


def parsed(body: bytes) -> Element:
    """Any XML of the national forms. Raises `Unreadable`."""
    if len(body) > MAX_BYTES:
        limit = str(MAX_BYTES // (1024 * 1024))
        raise Unreadable(Fault("too_large", params={"limit": limit}))
    declared = _DECLARED.match(body.removeprefix(b"\xef\xbb\xbf"))
    if declared and declared[1].lower() not in (b"utf-8", b"utf8"):
        raise Unreadable(Fault("checkup_encoding"))
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(Fault("checkup_encoding")) from None
    parser = DefusedXMLParser(target=_Bounded(), forbid_dtd=True)
    try:
        parser.feed(text)
        root: Element = parser.close()
    except DefusedXmlException:
        raise Unreadable(Fault("checkup_dtd")) from None
    except (ParseError, AssertionError, ValueError):
        raise Unreadable(Fault("checkup_broken")) from None
    return root


def _typed(element: Element) -> Iterator[str]:
    """Wherever somebody may have typed one: identifiers and text. Times and codes are neither."""
    yield element.text or ""
    yield element.tail or ""
    is_telecom = element.tag == f"{_CDA}telecom"
    for name, value in element.attrib.items():
        if name not in _NOT_TYPED or (is_telecom and name == "value"):
            yield value


def _refuse_my_number(typed: Iterable[str]) -> None:
    if any(contains_my_number(each) for each in typed if len(each) >= 12):
        raise Unreadable(Fault("checkup_my_number"), may_keep=False)


def _person(root: Element, today: date) -> Person:
    role = _first(root, "recordTarget", "patientRole")
    patient = None if role is None else role.find(f"{_CDA}patient")
    if role is None or patient is None:
        raise Unreadable(Fault("checkup_no_person", "recordTarget/patientRole"))
    name = _text(patient.find(f"{_CDA}name"))
    if not name:
        raise Unreadable(Fault("checkup_no_person", "recordTarget/patientRole/patient/name"))
    birth = patient.find(f"{_CDA}birthTime")
    where = "recordTarget/patientRole/patient/birthTime"
    written = "" if birth is None else birth.get("value", "")
    return Person(
        name=name,
        birth_on=_day(written, where, today),
        sex=_SEXES.get(_code(patient.find(f"{_CDA}administrativeGenderCode"))),
        insurer=_extension(role, items.INSURER),
        symbol=_extension(role, items.SYMBOL),
        number=_extension(role, items.NUMBER),
        branch=_extension(role, items.BRANCH),
    )


def _items(root: Element) -> Iterator[Item]:
    for section in root.iterfind(
        f"{_CDA}component/{_CDA}structuredBody/{_CDA}component/{_CDA}section"
    ):
        code = _code(section.find(f"{_CDA}code"))
        for observation in section.iter(f"{_CDA}observation"):
            found = _item(observation, code)
            if found is not None:
                yield found


def _item(observation: Element, section: str) -> Item | None:
    """None for what only groups others: it has no code or says nothing itself."""
    coded = observation.find(f"{_CDA}code")
    code, written = _code(coded), observation.find(f"{_CDA}value")
    is_left_out = observation.get("negationInd") in ("true", "1")
    if not code or coded is None or (written is None and not is_left_out):
        return None
    system = coded.get("codeSystem", "")
    name = items.NAMES.get(code) or _short(coded.get("displayName", "")) or code
    value = _value(written)
    if is_left_out:
        value = {"form": "none", "absent": "not-performed"}
    level = _code(observation.find(f"{_CDA}interpretationCode"))
    low, high = _range(observation)
    return msgspec.convert(
        {
            "code": code[:64],
            "system": system,
            "name": name,
            "section": section,
            "level": level if level in _LEVELS else "",
            "method": _coded(observation.find(f"{_CDA}methodCode")),
            "low": low,
            "high": high,
            **value,
        },
        Item,
    )


def _value(value: Element | None) -> dict[str, object]:
    if value is None:
        return {"form": "none", "absent": "NI"}
    number, text = value.get("value", "").strip(), _text(value)
    kind = value.get(_XSI_TYPE, "").rpartition(":")[2]
    if value.get("nullFlavor") and not number and not text and not value.get("code"):
        return {"form": "none", "absent": value.get("nullFlavor", "")}
    if kind in ("CD", "CO", "CE", "CV") or (not kind and value.get("code")):
        return {"form": "choice", "choice": _coded(value)} if _code(value) else _said(text)
    if kind in ("PQ", "INT", "REAL") or (not kind and number):
        if _NUMBER.fullmatch(number):
            unit = _short(value.get("unit", ""))
            return {"form": "quantity", "number": _plain(number), "unit": unit}
        return _said(f"{number} {_short(value.get('unit', ''))}".strip() or text)
    return _said(text or number)


def _said(text: str) -> dict[str, object]:
    return {"form": "text", "text": text} if text else {"form": "none", "absent": "NI"}


def _range(observation: Element) -> tuple[str, str]:
    span = _first(observation, "referenceRange", "observationRange", "value")
    if span is None:
        return "", ""
    ends = (span.find(f"{_CDA}{end}") for end in ("low", "high"))
    written = ("" if end is None else end.get("value", "").strip() for end in ends)
    low, high = (_plain(each) if _NUMBER.fullmatch(each) else "" for each in written)
    return low, high


def _plain(number: str) -> str:
    """As JSON takes it: no plus sign and no leading zeros; the digits after the point stay."""
    sign = "-" if number.startswith("-") else ""
    whole, point, rest = number.lstrip("+-").partition(".")
    return f"{sign}{whole.lstrip('0') or '0'}{point}{rest}"


def _coded(element: Element | None) -> Coded | None:
    code = _code(element)
    if element is None or not code:
        return None
    system = element.get("codeSystem", "")
    text = items.CHOICES.get((system, code)) or element.get("displayName") or _text(element) or code
    return Coded(system, code, _short(text))


def _code(element: Element | None) -> str:
    return "" if element is None else _short(element.get("code", ""))


def _first(element: Element, *names: str) -> Element | None:
    return element.find("/".join(f"{_CDA}{name}" for name in names))


def _extension(holder: Element | None, root: str) -> str:
    for each in () if holder is None else holder.iterfind(f"{_CDA}id"):
        if each.get("root") == root:
            return _short(each.get("extension", ""))
    return ""


def _period(service: Element) -> str:
    at = service.find(f"{_CDA}effectiveTime")
    if at is None:
        return ""
    low = at.find(f"{_CDA}low")
    return at.get("value", "") or ("" if low is None else low.get("value", ""))


def _day(written: str, where: str, today: date) -> date:
    matched = _TIME.fullmatch(written.strip())
    try:
        if matched is None:
            raise ValueError("no day")
        found = date(*(int(part) for part in matched.groups()[:3]))
    except ValueError:
        raise Unreadable(Fault("checkup_date", where)) from None
    if not EARLIEST <= found <= today:
        raise Unreadable(Fault("checkup_date", where))
    return found


def _text(element: Element | None) -> str:
    return "" if element is None else _short("".join(element.itertext()))


def _short(text: str) -> str:
    return _SPACES.sub(" ", text).strip()[:LONGEST_TEXT]
