"""Decisions and summaries in the reader's words: codes and ids become names here."""

from collections.abc import Mapping
from datetime import date

from api.consent.explain import Sentence
from api.core import i18n
from api.directory.profile import NetworkProfile

_KINDS = {
    "profession": "profession",
    "professions": "profession",
    "category": "category",
    "categories": "category",
    "facility_type": "facility_type",
    "region": "region",
}
_IDS = {
    "facility": "facility",
    "source": "facility",
    "professional": "professional",
    "delegated_by": "professional",
    "team": "team",
}


def spoken(
    sentence: Sentence, locale: str, profile: NetworkProfile, names: Mapping[str, str]
) -> str:
    """`names` maps the ids of facilities, people and care teams in the sentence to their names;
    who is not among them is spoken of in general words."""
    params: dict[str, object] = {}
    for name, value in sentence.params.items():
        kind = _KINDS.get(name)
        if isinstance(value, tuple):
            joint = "、" if locale == "ja" else ", "
            params[name] = joint.join(_name(profile, kind, code, locale) for code in value)
        elif kind is not None:
            params[name] = _name(profile, kind, str(value), locale)
        elif name in _IDS:
            params[name] = names.get(str(value)) or i18n.text(
                locale, f"consent.unnamed.{_IDS[name]}"
            )
        elif name == "date":
            params[name] = i18n.day(locale, date.fromisoformat(str(value)))
        else:
            params[name] = value
    return i18n.text(locale, sentence.key, **params)


def _name(profile: NetworkProfile, kind: str | None, code: str, locale: str) -> str:
    try:
        return profile.name_of(kind, code, locale)  # type: ignore[arg-type]
    except LookupError:
        return code
