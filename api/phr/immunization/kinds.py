"""A dose as it is written down: of a child in the keeper's book, or of oneself as FHIR's own
Immunization.
"""

from typing import Final

from api.phr.child.kinds import Pair
from api.phr.entries.fields import OURS, Choice, Coded, Json, Values, Words
from api.phr.entries.kinds import Base, Kind, Shape, when_of
from api.phr.immunization.vaccines import BY_CODE, CVX, VACCINES

CATEGORY: Final = "immunization"
VACCINE: Final = f"{OURS}:vaccine"
SITE: Final = f"{OURS}:vaccine-site"
ACT_SITE: Final = "http://terminology.hl7.org/CodeSystem/v3-ActSite"
ROUTE: Final = "http://terminology.hl7.org/CodeSystem/v3-RouteOfAdministration"
ANOTHER: Final = "another"
NAMED: Final = f"{OURS}:vaccine-named"

_SITES: Final = {
    "left-arm": Coded(ACT_SITE, "LA", "左腕"),
    "right-arm": Coded(ACT_SITE, "RA", "右腕"),
    "left-thigh": Coded(ACT_SITE, "LT", "左太もも"),
    "right-thigh": Coded(ACT_SITE, "RT", "右太もも"),
}
_BY_MOUTH: Final = Coded(ROUTE, "PO", "飲む")
_MOUTH: Final = "by-mouth"

_FIELDS: Final = (
    Choice(
        name="vaccine",
        code=Coded(OURS, "vaccination-vaccine", "予防接種の種類"),
        options=tuple(Coded(VACCINE, each.code, each.name) for each in VACCINES),
        is_required=True,
    ),
    Words(name="named", code=Coded(OURS, "vaccination-named", "予防接種の名前"), longest=60),
    Words(name="lot", code=Coded(OURS, "vaccination-lot", "製造番号（ロット）"), longest=40),
    Words(name="maker", code=Coded(OURS, "vaccination-maker", "メーカー"), longest=60),
    Choice(
        name="site",
        code=Coded(OURS, "vaccination-site", "接種した部位"),
        options=(
            *(Coded(SITE, code, each.display) for code, each in _SITES.items()),
            Coded(SITE, _MOUTH, _BY_MOUTH.display),
        ),
    ),
    Words(name="given_at", code=Coded(OURS, "vaccination-place", "接種した所"), longest=100),
    Words(
        name="remark",
        code=Coded(OURS, "vaccination-remark", "メモ"),
        longest=500,
        has_lines=True,
    ),
)


def _build(values: Values, base: Base) -> Json:
    vaccine = BY_CODE[values["vaccine"]]
    cvx = [{"system": CVX, "code": vaccine.cvx}] if vaccine.cvx else []
    ours = {"system": VACCINE, "code": vaccine.code, "display": vaccine.name}
    named = values.get("named", "")
    found: Json = {
        "resourceType": "Immunization",
        "identifier": [base.identifier],
        "status": "completed",
        "vaccineCode": {"coding": [*cvx, ours], "text": vaccine.name},
        "patient": base.subject,
        "occurrenceDateTime": base.at,
        "primarySource": False,
        "reportOrigin": {"text": base.performer["display"]},
    }
    if vaccine.code == ANOTHER:
        # Words alone: what somebody typed lies sealed, a code is searched by.
        found["vaccineCode"] = {"text": named}
    elif named:
        found["extension"] = [{"url": NAMED, "valueString": named}]
    if values.get("lot"):
        found["lotNumber"] = values["lot"]
    if values.get("maker"):
        found["manufacturer"] = {"display": values["maker"]}
    if values.get("site") in _SITES:
        found["site"] = _SITES[values["site"]].concept()
    if values.get("site") == _MOUTH:
        found["route"] = _BY_MOUTH.concept()
    if values.get("given_at"):
        found["location"] = {"display": values["given_at"]}
    if values.get("remark"):
        found["note"] = [{"text": values["remark"]}]
    return found


def vaccine_of(values: Values) -> str:
    """What was brought from elsewhere may name a vaccine this place does not know."""
    code = values.get("vaccine", "")
    return code if code in BY_CODE else ANOTHER


def _values(resource: Json) -> dict[str, str]:
    code = resource.get("vaccineCode", {})
    codes = [each["code"] for each in code.get("coding", ()) if each.get("system") == VACCINE]
    more = [each["valueString"] for each in resource.get("extension", ()) if each["url"] == NAMED]
    site = next((each["code"] for each in resource.get("site", {}).get("coding", ())), "")
    notes = resource.get("note", ())
    found = {
        "vaccine": codes[0] if codes else ANOTHER,
        "named": "".join(more) if codes else code.get("text", ""),
        "lot": resource.get("lotNumber", ""),
        "maker": resource.get("manufacturer", {}).get("display", ""),
        "site": next((name for name, each in _SITES.items() if each.code == site), "")
        or (_MOUTH if "route" in resource else ""),
        "given_at": resource.get("location", {}).get("display", ""),
        "remark": notes[0]["text"] if notes else "",
    }
    said = {name: text for name, text in found.items() if text}
    return when_of(str(resource.get("occurrenceDateTime", ""))) | said


OF_CHILD: Final = Kind(
    name="vaccination",
    category=CATEGORY,
    code=Coded(OURS, "vaccination", "子の予防接種"),
    title="子の予防接種",
    fields=_FIELDS,
    is_of_somebody_else=True,
)
OWN: Final = Kind(
    name="own-vaccination",
    category=CATEGORY,
    code=Coded(OURS, "own-vaccination", "予防接種"),
    title="予防接種",
    fields=_FIELDS,
    shape=Shape("Immunization", _build, _values),
)
PAIR: Final = Pair(OF_CHILD, OWN)
KINDS: Final = (OF_CHILD, OWN)
