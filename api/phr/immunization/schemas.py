"""Doses and what the rules say of them, as apps read and write them."""

from datetime import date
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from api.phr.entries.service import Entry
from api.phr.immunization import adults
from api.phr.immunization.editions import EDITIONS
from api.phr.immunization.kinds import vaccine_of
from api.phr.immunization.plans import Given, Plan
from api.phr.immunization.schedule import edition_on
from api.phr.immunization.service import Vaccinations

Text = Annotated[str, Meta(max_length=2000)]


class DoseWish(Struct, forbid_unknown_fields=True):
    """`vaccine`: a code of the list; `named` where it is `another`. `version` with a correction.
    `key`: a name of the app's own; the same again adds nothing."""

    vaccine: Text
    on: Text
    named: Text = ""
    lot: Text = ""
    maker: Text = ""
    site: Text = ""
    given_at: Text = ""
    remark: Text = ""
    sure: Text = ""
    version: int = 0
    key: Annotated[str, Meta(max_length=100)] = ""

    def fields(self) -> dict[str, str]:
        names = ("vaccine", "on", "named", "lot", "maker", "site", "given_at", "remark")
        return {each: getattr(self, each) for each in names}


class DoseView(Struct):
    id: UUID
    version: int
    vaccine: str
    on: date
    named: str
    lot: str
    maker: str
    site: str
    given_at: str
    remark: str
    by: str


class GivenView(Struct):
    """`number` is 0 where the rules do not count the dose; `why` then says the reason. `id` is null
    for a dose that a facility recorded."""

    id: UUID | None
    vaccine: str
    on: date
    number: int
    why: str


class NextView(Struct):
    """Both ends of each period are days inside it; the usual one may be absent."""

    number: int
    earliest: date
    latest: date
    usual_from: date | None
    usual_until: date | None
    is_booster: bool


class PlanView(Struct):
    """`of`: doses in all, 0 where it is open. `changes_on`: rules of that day change this.
    `extended_by`: why `next` is in a period not everybody of the age has (`mr_short`: for want of
    vaccine, as the municipality finds; `je_missed`, `hpv_missed`: missed years); "" for others."""

    vaccine: str
    status: str
    given: list[GivenView]
    next: NextView | None
    of: int
    changes_on: date | None
    extended_by: str


class OfferedVaccineView(Struct):
    """What municipalities offer, as far as age alone says it. `last` is null: every fiscal year.
    `had_on`: the latest dose written, of a yearly one that of this fiscal year. `is_unsure`: the
    rule is expected, and not read so far."""

    vaccine: str
    first: date
    last: date | None
    had_on: date | None
    is_unsure: bool


class VaccinationsView(Struct):
    """`edition`: which rules, in force since `rules_since`. `offers`: for older people, by the
    rules of `offers_edition`. `next_notice`: when a notice is sent; null where none is ahead, and
    of oneself until a dose is written. `plans` is empty while the child's book is quiet."""

    edition: str
    rules_since: date
    doses: list[DoseView]
    plans: list[PlanView]
    offers: list[OfferedVaccineView]
    offers_edition: str
    next_notice: date | None


def dose_view(entry: Entry) -> DoseView:
    values = entry.values
    return DoseView(
        id=entry.entry_id,
        version=entry.version,
        vaccine=vaccine_of(values),
        on=entry.on,
        named=values.get("named", ""),
        lot=values.get("lot", ""),
        maker=values.get("maker", ""),
        site=values.get("site", ""),
        given_at=values.get("given_at", ""),
        remark=values.get("remark", ""),
        by=entry.by,
    )


def vaccinations_view(found: Vaccinations) -> VaccinationsView:
    edition = edition_on(EDITIONS, found.today)
    return VaccinationsView(
        edition.name,
        edition.valid_from,
        [dose_view(each) for each in found.entries],
        [_plan_view(each) for each in found.plans if not found.whose.is_quiet],
        [OfferedVaccineView(*each) for each in found.offers],
        adults.edition_on(found.today).name,
        found.next_notice,
    )


def _plan_view(plan: Plan) -> PlanView:
    return PlanView(
        vaccine=plan.target,
        status=plan.status.value,
        given=[_given_view(each) for each in plan.given],
        next=NextView(*plan.next) if plan.next else None,
        of=plan.of,
        changes_on=plan.changes_on,
        extended_by=plan.extended_by,
    )


def _given_view(given: Given) -> GivenView:
    dose = given.dose
    return GivenView(
        UUID(dose.of) if dose.of else None,
        dose.vaccine,
        dose.on,
        given.number,
        given.why.value if given.why else "",
    )
