"""A network's own facts and defaults, read from one TOML file: whole and right, or not at all."""

import difflib
import re
import tomllib
import types
import typing
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from api.directory.toml_lines import KeyPath, key_lines
from api.identity.card import CARD_DIGITS, CardScheme

# The record categories every network has; a profile may add its own with `new = true`.
KNOWN_CATEGORIES: Final = (
    "basic",
    "condition",
    "allergy",
    "contraindication",
    "infection",
    "prescription",
    "dispensing",
    "injection",
    "lab",
    "imaging",
    "procedure",
    "encounter",
    "document",
    "checkup",
    "maternal",
    "child",
    "immunization",
    "dental",
    "care",
    "vitals",
    "directive",
    "insurance",
)
EVERY_CATEGORY: Final = "*"

Kind = Literal["facility_type", "region", "profession", "category", "purpose"]
Code = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_]*$", max_length=40)]
Words = Annotated[str, Meta(pattern=r"\S")]
TermsVersion = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=40)]


class RecipientDefault(StrEnum):
    """Who may read before the participant has chosen anything."""

    NAMED_FACILITIES = "named_facilities"  # nobody, until facilities are named
    HOME_AREA = "home_area"
    ALL_FACILITIES = "all_facilities"

    @property
    def outcome(self) -> Literal["permit", "deny", "home_area"]:
        """As the decision has it, where no row of the settings decides."""
        match self:
            case RecipientDefault.NAMED_FACILITIES:
                return "deny"
            case RecipientDefault.HOME_AREA:
                return "home_area"
            case RecipientDefault.ALL_FACILITIES:
                return "permit"


class DataFrom(StrEnum):
    PARTICIPATION_DATE = "participation_date"
    NONE = "none"


class SchemeCode(StrEnum):
    """Who may read at the participant's word: what they pick when they join."""

    NAMED = "named"  # facilities named one by one
    ALL_FACILITIES = "all_facilities"
    HOME_AREA = "home_area"  # the facilities of the area the participant lives in
    CARE_TEAM = "care_team"


class NewFacilities(StrEnum):
    """What a facility that joins later meets where a permit is wide enough to cover it."""

    AFTER_NOTICE = "after_notice"
    ASK_FIRST = "ask_first"


class Withdrawal(StrEnum):
    """`document`: a paper follows, and access is closed at once all the same."""

    ONLINE = "online"
    DOCUMENT = "document"


BEFORE_CHOOSING: Final = {
    RecipientDefault.NAMED_FACILITIES: SchemeCode.NAMED,
    RecipientDefault.HOME_AREA: SchemeCode.HOME_AREA,
    RecipientDefault.ALL_FACILITIES: SchemeCode.ALL_FACILITIES,
}


class Names(Struct, frozen=True, kw_only=True):
    ja: Words
    en: Words

    def said(self, locale: str) -> str:
        return (self.en if locale == "en" else self.ja).strip()


class FacilityType(Struct, frozen=True, kw_only=True):
    code: Code
    name: Names


class Region(Struct, frozen=True, kw_only=True):
    code: Code
    name: Names
    parent: Code | None = None


class Profession(Struct, frozen=True, kw_only=True):
    """`hpki_role`: the hcRole string of its certificate; none where the network must vouch."""

    code: Code
    name: Names
    hpki_role: Words | None = None


class Category(Struct, frozen=True, kw_only=True):
    code: Code
    name: Names
    new: bool = False


class Scheme(Struct, frozen=True, kw_only=True):
    """A way of letting people in that participants may pick; `explanation` is one sentence."""

    code: SchemeCode
    name: Names
    explanation: Names


class SecondaryPurpose(Struct, frozen=True, kw_only=True):
    """A purpose beside treatment, by its code in HL7 v3 ActReason; closed until chosen."""

    code: Annotated[str, Meta(pattern=r"^[A-Z]+$", max_length=20)]
    name: Names


class ConsentScheme(Struct, frozen=True, kw_only=True):
    """Without `schemes` nobody picks: what `recipient_default` says holds for all.

    `notice`: what participants are told of the network's way, in a sentence of its own.
    """

    recipient_default: RecipientDefault
    data_from: DataFrom
    schemes: tuple[Scheme, ...] = ()
    new_facilities: NewFacilities = NewFacilities.AFTER_NOTICE
    withdrawal: Withdrawal = Withdrawal.ONLINE
    notice: Names | None = None
    secondary_purposes: tuple[SecondaryPurpose, ...] = ()

    @property
    def default_scheme(self) -> SchemeCode:
        """The scheme in force before anybody has picked one."""
        return BEFORE_CHOOSING[self.recipient_default]


class Terms(Struct, frozen=True, kw_only=True):
    """One version of what participants agree to; `changes` says what is new in it."""

    version: TermsVersion
    text: Names
    changes: Names | None = None


class EmergencyViewers(Struct, frozen=True, kw_only=True):
    facility_type: Code
    professions: tuple[Code, ...]


class Retention(Struct, frozen=True, kw_only=True):
    """Whole years; 5 is the least 医師法 art. 24 and the length of an access log allow.

    `categories`: after so many years, records of a kind are withdrawn here; their facilities keep
    their own. A kind that is not named is kept.
    """

    records_years: Annotated[int, Meta(ge=5)]
    access_log_years: Annotated[int, Meta(ge=5)]
    categories: dict[str, Annotated[int, Meta(ge=1)]] = {}


class SupportCentre(Struct, frozen=True, kw_only=True):
    """`question_days`: within so many days a question about the access log is answered."""

    question_days: Annotated[int, Meta(ge=1)] = 14


class ProxyLimits(Struct, frozen=True, kw_only=True):
    """Of those who act for others; PostgreSQL holds the defaults, and a network may be stricter.

    `cooling_off_days`: to think again, after what was witnessed at the counter. `most_months`: an
    adult's proxy ends at the latest. `own_say_age`: from then on a minor sees, and says, for
    themselves too; coming of age is the law's (Civil Code art. 4).
    """

    cooling_off_days: Annotated[int, Meta(ge=7, le=60)] = 7
    most_months: Annotated[int, Meta(ge=1, le=12)] = 12
    own_say_age: Annotated[int, Meta(ge=12, le=15)] = 15


class Wording(Struct, frozen=True, kw_only=True):
    """Message key → this network's own text, in place of the catalogue's."""

    ja: dict[str, Words] = {}
    en: dict[str, Words] = {}


class NetworkProfile(Struct, frozen=True, kw_only=True):
    """A value: the same id and version always mean the same content."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=40)]
    version: Annotated[int, Meta(ge=1)]
    name: Names
    card_scheme: CardScheme
    card_digits: Annotated[int, Meta(ge=CARD_DIGITS, le=CARD_DIGITS)] = CARD_DIGITS
    consent: ConsentScheme
    terms: tuple[Terms, ...]
    retention: Retention
    facility_types: tuple[FacilityType, ...]
    regions: tuple[Region, ...]
    professions: tuple[Profession, ...]
    categories: tuple[Category, ...]
    default_matrix: dict[str, tuple[str, ...]]
    emergency_viewers: tuple[EmergencyViewers, ...]
    support: SupportCentre = SupportCentre()
    proxies: ProxyLimits = ProxyLimits()
    wording: Wording = Wording()

    @property
    def purposes(self) -> tuple[SecondaryPurpose, ...]:
        return self.consent.secondary_purposes

    def name_of(self, kind: Kind, code: str, locale: str) -> str:
        """Raises LookupError for a code or locale this profile does not have."""
        for entry in self._entries(kind):
            if entry.code == code and locale in ("ja", "en"):
                return entry.name.said(locale)
        raise LookupError(f"no {kind} {code!r} in {locale!r}")

    @property
    def terms_in_force(self) -> Terms:
        """What whoever joins now agrees to: the last of the list."""
        return self.terms[-1]

    def default_categories(self, profession: str) -> frozenset[str]:
        """What this profession sees by default; nothing for one the matrix does not name."""
        allowed = frozenset(self.default_matrix.get(profession, ()))
        if EVERY_CATEGORY in allowed:
            return frozenset(category.code for category in self.categories)
        return allowed

    def may_open_emergency(self, facility_type: str, profession: str) -> bool:
        return any(
            viewers.facility_type == facility_type and profession in viewers.professions
            for viewers in self.emergency_viewers
        )

    def regions_around(self, code: str) -> tuple[str, ...]:
        """The region itself, then those it lies in, from the inside out.

        Of a region this version no longer has, itself alone.
        """
        parents = {region.code: region.parent for region in self.regions}
        found: list[str] = []
        at: str | None = code
        while at is not None:
            found.append(at)
            at = parents.get(at)
        return tuple(found)

    def regions_within(self, code: str) -> tuple[str, ...]:
        """The region itself and those that lie in it."""
        return tuple(
            region.code for region in self.regions if code in self.regions_around(region.code)
        )

    def _entries(
        self, kind: Kind
    ) -> tuple[FacilityType | Region | Profession | Category | SecondaryPurpose, ...]:
        match kind:
            case "facility_type":
                return self.facility_types
            case "region":
                return self.regions
            case "profession":
                return self.professions
            case "category":
                return self.categories
            case "purpose":
                return self.purposes


class Fault(Struct, frozen=True, kw_only=True):
    """`line`: 1-based; `path`: dotted; `key`, `params`: the message; `text`: the line itself."""

    line: int
    path: str
    key: str
    params: dict[str, str | int]
    text: str


class ProfileFaults(ValueError):
    """Everything wrong with a profile, in the order of its lines."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__(
            "\n".join(f"{fault.line}: {fault.key} {fault.path} {fault.params}" for fault in faults)
        )


def load_profile(text: str) -> NetworkProfile:
    """Raises ProfileFaults naming every fault; a TOML syntax error hides those behind it."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileFaults([_syntax_fault(text, error)]) from None
    reading = _Reading(text)
    reading.struct(NetworkProfile, document, ())
    reading.codes(document)
    reading.references(document)
    if reading.faults:
        raise ProfileFaults(sorted(reading.faults, key=lambda fault: (fault.line, fault.path)))
    return msgspec.convert(document, NetworkProfile)


def _syntax_fault(text: str, error: tomllib.TOMLDecodeError) -> Fault:
    lines = text.split("\n")
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
    line = int(place[1]) if place and place[1] else len(lines)
    reason = str(error)[: place.start()] if place else str(error)
    return Fault(
        line=line,
        path="",
        key="error.profile.syntax",
        params={"reason": reason},
        text=lines[line - 1].strip(),
    )


class _Reading:
    """Walks the parsed document beside the types and collects faults; it never stops at one."""

    def __init__(self, text: str) -> None:
        self.source = text.split("\n")
        self.lines = key_lines(text)
        self.faults: list[Fault] = []

    def fault(self, path: KeyPath, what: str, /, **params: str | int) -> None:
        line = self.line(path)
        self.faults.append(
            Fault(
                line=line,
                path=".".join(map(str, path)),
                key=f"error.profile.{what}",
                params=params,
                text=self.source[line - 1].strip(),
            )
        )

    def line(self, path: KeyPath) -> int:
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    def unknown(self, path: KeyPath, what: str, value: str, known: typing.Iterable[str]) -> None:
        """A name outside `known`; the nearest one is offered where it is near."""
        nearest = difflib.get_close_matches(value, sorted(known), n=1)
        if nearest:
            self.fault(path, f"{what}_near", value=value, nearest=nearest[0])
        else:
            self.fault(path, what, value=value)

    # Shape: keys and types.

    def struct(self, of: type[Struct], value: object, path: KeyPath) -> None:
        if not isinstance(value, dict):
            self.fault(path, "type.table", value=_shown(value))
            return
        fields = {field.name: field for field in msgspec.structs.fields(of)}
        for key in value.keys() - fields.keys():
            self.unknown((*path, key), "unknown_key", key, fields.keys() - value.keys())
        for name, field in fields.items():
            if name in value:
                self.value(field.type, value[name], (*path, name))
            elif field.required:
                kind = "missing_name" if of is Names else "missing_key"
                self.fault(path, kind, name=name)

    def value(self, of: Any, value: object, path: KeyPath) -> None:
        of = _without_none(of)
        origin = typing.get_origin(of)
        if isinstance(of, type) and issubclass(of, Struct):
            self.struct(of, value, path)
        elif origin is tuple:
            self.array(typing.get_args(of)[0], value, path)
        elif origin is dict:
            self.mapping(typing.get_args(of)[1], value, path)
        elif isinstance(of, type) and issubclass(of, StrEnum):
            if not isinstance(value, str):
                self.fault(path, "type.text", value=_shown(value))
            elif value not in list(of):
                allowed = ", ".join(of)
                self.fault(path, "not_one_of", value=value, allowed=allowed)
        else:
            self.scalar(of, value, path)

    def array(self, of: Any, value: object, path: KeyPath) -> None:
        if not isinstance(value, list):
            self.fault(path, "type.list", value=_shown(value))
        else:
            for position, item in enumerate(value):
                self.value(of, item, (*path, position))

    def mapping(self, of: Any, value: object, path: KeyPath) -> None:
        if not isinstance(value, dict):
            self.fault(path, "type.table", value=_shown(value))
            return
        for key, item in value.items():
            self.value(of, item, (*path, key))

    def scalar(self, of: Any, value: object, path: KeyPath) -> None:
        plain = typing.get_args(of)[0] if typing.get_origin(of) is Annotated else of
        if type(value) is not plain:  # a TOML true is no number
            expected = {str: "text", int: "number", bool: "yes_no"}[plain]
            self.fault(path, f"type.{expected}", value=_shown(value))
            return
        try:
            msgspec.convert(value, of)
        except msgspec.ValidationError:
            if of is Words:
                self.fault(path, "empty")
            elif plain is int:
                self.number_out_of_range(typing.get_args(of)[1], value, path)
            else:
                self.fault(path, "bad_code", value=_shown(value))

    def number_out_of_range(self, meta: Meta, value: object, path: KeyPath) -> None:
        if meta.le == meta.ge:
            self.fault(path, "must_be", value=_shown(value), only=int(meta.ge or 0))
        else:
            self.fault(path, "too_small", value=_shown(value), least=int(meta.ge or 0))

    # Meaning: codes and what refers to them.

    def codes(self, document: dict[str, Any]) -> None:
        for table in ("facility_types", "regions", "professions", "categories", "terms"):
            if document.get(table) == []:
                self.fault((table,), "empty")
            first: dict[str, int] = {}
            for path, code in _codes(document, table):
                if code in first:
                    self.fault(path, "duplicate_code", value=code, first_line=first[code])
                first.setdefault(code, self.line(path))
        self.schemes(document)
        for path, code in _codes(document, "categories"):
            is_new = document["categories"][path[1]].get("new")
            if code not in KNOWN_CATEGORIES and not is_new:
                self.unknown(path, "unknown_category", code, KNOWN_CATEGORIES)

    def schemes(self, document: dict[str, Any]) -> None:
        """What holds before anyone has picked must be among what can be picked."""
        consent = document.get("consent")
        offered = _inner_codes(consent)
        if not isinstance(consent, dict) or not offered:
            return
        first: set[str] = set()
        for position, code in offered:
            if code in first:
                self.fault(("consent", "schemes", position, "code"), "duplicate_scheme", value=code)
            first.add(code)
        default = consent.get("recipient_default")
        if default in list(RecipientDefault):
            scheme = BEFORE_CHOOSING[RecipientDefault(default)]
            if scheme not in first:
                path = ("consent", "recipient_default")
                self.fault(path, "default_not_offered", value=default, scheme=scheme.value)

    def references(self, document: dict[str, Any]) -> None:
        for path, table, code in _references(document):
            # Where the list itself is missing that is the fault, not each name that needs it.
            known = {code for _, code in _codes(document, table)}
            if known and code not in known:
                self.unknown(path, f"undeclared.{table}", code, known)
        self.region_circles(document)

    def region_circles(self, document: dict[str, Any]) -> None:
        parents = {
            code: document["regions"][path[1]].get("parent")
            for path, code in _codes(document, "regions")
        }
        for path, code in _codes(document, "regions"):
            seen: set[str] = set()
            at = parents[code]
            while isinstance(at, str) and at not in seen:
                seen.add(at)
                at = parents.get(at)
            if code in seen:
                self.fault((*path[:-1], "parent"), "region_circle", value=code)


def _tables(document: dict[str, Any], table: str) -> Iterator[tuple[int, dict[str, Any]]]:
    entries = document.get(table)
    if isinstance(entries, list):
        yield from (
            (position, entry) for position, entry in enumerate(entries) if isinstance(entry, dict)
        )


def _codes(document: dict[str, Any], table: str) -> Iterator[tuple[KeyPath, str]]:
    key = "version" if table == "terms" else "code"
    for position, entry in _tables(document, table):
        if isinstance(entry.get(key), str):
            yield (table, position, key), entry[key]


def _inner_codes(consent: object) -> list[tuple[int, str]]:
    if not isinstance(consent, dict):
        return []
    return [
        (position, entry["code"])
        for position, entry in _tables(consent, "schemes")
        if isinstance(entry.get("code"), str)
    ]


def _references(document: dict[str, Any]) -> Iterator[tuple[KeyPath, str, str]]:
    """Where a code is used, the table that must declare it, the code."""
    for position, region in _tables(document, "regions"):
        if isinstance(region.get("parent"), str):
            yield ("regions", position, "parent"), "regions", region["parent"]
    matrix = document.get("default_matrix")
    if isinstance(matrix, dict):
        for profession, allowed in matrix.items():
            yield ("default_matrix", profession), "professions", profession
            for path, category in _strings(allowed, ("default_matrix", profession)):
                if category != EVERY_CATEGORY:
                    yield path, "categories", category
    retention = document.get("retention")
    kept = retention.get("categories") if isinstance(retention, dict) else None
    if isinstance(kept, dict):
        for category in kept:
            yield ("retention", "categories", category), "categories", category
    for position, viewers in _tables(document, "emergency_viewers"):
        path = ("emergency_viewers", position)
        if isinstance(viewers.get("facility_type"), str):
            yield (*path, "facility_type"), "facility_types", viewers["facility_type"]
        for at, profession in _strings(viewers.get("professions"), (*path, "professions")):
            yield at, "professions", profession


def _strings(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, list):
        for position, item in enumerate(value):
            if isinstance(item, str):
                yield (*path, position), item


def _without_none(of: Any) -> Any:
    if isinstance(of, types.UnionType) or typing.get_origin(of) is typing.Union:
        (of,) = (part for part in typing.get_args(of) if part is not types.NoneType)
    return of


def _shown(value: object) -> str:
    """As the file may have it, short: a profile holds no personal data."""
    match value:
        case bool():
            return "true" if value else "false"
        case dict():
            return "{…}"
        case list():
            return "[…]"
        case _:
            return str(value)[:60]
