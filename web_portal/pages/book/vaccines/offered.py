"""In words: what municipalities offer at an age, and what there is after a long illness."""

from datetime import date
from typing import Any

from api.core import i18n
from api.phr import law_age
from api.phr.immunization import adults, long_illness
from api.phr.immunization.adults import Offer
from api.phr.immunization.service import Vaccinations
from web_portal.page import PortalRequest, preferences, say

Shown = dict[str, Any]


def context(request: PortalRequest, found: Vaccinations) -> Shown:
    """For whoever is older also what may come before 65, for anybody younger nothing of it."""
    birth_on = found.whose.person.birth_on
    is_older = found.today >= law_age.first_day_of(birth_on, years=adults.SHOWN_FROM)
    return {
        "offers": [_offer(request, each, found.today) for each in found.offers],
        "notice_on": found.next_notice,
        "is_early": is_older and found.today < law_age.first_day_of(birth_on, years=adults.OLD),
        "after_illness": {
            "is_older": is_older,
            "years": long_illness.YEARS_OF_OLDER if is_older else long_illness.YEARS,
            "last": []
            if is_older
            else [
                {"title": say(request, f"vaccine.target.{name}"), "years": years, "day": last}
                for name, years, last in long_illness.last_days(birth_on, found.today)
            ],
        },
    }


def title(request: PortalRequest, name: str) -> str:
    if name == "rubella5":
        return say(request, "vaccine.offer.rubella5")
    return say(request, f"own.vaccination.vaccine.{name}")


def _offer(request: PortalRequest, offer: Offer, today: date) -> Shown:
    key = f"vaccine.offer.note.{offer.name}"
    has_note = i18n.has_text(preferences(request).locale, key)
    return {
        "title": title(request, offer.name),
        "is_now": offer.first <= today,
        "first": offer.first,
        "last": offer.last,
        "had_on": offer.had_on,
        "is_unsure": offer.is_unsure,
        "note": say(request, key) if has_note else "",
        "vaccine": "mr" if offer.name == "rubella5" else offer.name,
    }
