"""Settings in the participant's own words: who can see what now, and what one change did."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from api.consent.facts import NORMAL, ParticipationState, Provision
from api.consent.residences import JAPAN
from api.consent.settings.summary import Summary, Switch
from api.consent.settings.switches import (
    ChooseScheme,
    Command,
    Exclude,
    Extend,
    HidePeriod,
    HideRecords,
    MarkRecord,
    RefuseSource,
    Remove,
    SetAskFirst,
    SetCategory,
    SetCell,
    SetEveryone,
    SetFacility,
    SetFacilityType,
    SetIncomingLevel,
    SetLived,
    SetProfession,
    SetProfessional,
    SetRegion,
    SetSecondaryUse,
    SetTeam,
    Share,
)
from api.core import i18n
from api.directory.profile import Kind, NetworkProfile

NAMED_IN_A_SENTENCE = 3

Names = Mapping[UUID, str]


def who_sees_now(
    participation: ParticipationState,
    summary: Summary,
    locale: str,
    profile: NetworkProfile,
    names: Names,
) -> str:
    """One sentence. `names` holds the facilities and people who are on by name."""
    if participation != "participating":
        return i18n.text(locale, f"now.{participation}")
    professions = [each for each in summary.professions if each.is_on]
    categories = [each for each in summary.categories if each.is_on]
    places = _places(summary, locale, profile, names)
    people = [names.get(each, "") for each in summary.professional_ids]
    people += [each.team.name for each in summary.teams if each.row is not None]
    if not (places or people) or not professions or not categories:
        return i18n.text(locale, "now.nobody")
    shown = _share(categories, summary.categories, "category", locale, profile)
    if not places:
        who = _some(people, "people", locale)
        return i18n.text(locale, "now.people", people=who, categories=shown)
    return i18n.text(
        locale,
        "now.somebody_and" if people else "now.somebody",
        facilities=places,
        people=_some(people, "people", locale),
        professions=_share(professions, summary.professions, "profession", locale, profile),
        categories=shown,
    )


def change_said(command: Command, locale: str, profile: NetworkProfile, names: Names) -> str:
    """What this command did, as a whole sentence; the end of a grant as one more."""
    return _Telling(locale, profile, names, is_done=True).said(command)


def wish_said(command: Command, locale: str, profile: NetworkProfile, names: Names) -> str:
    """What this command would do: the same sentence, before it is saved."""
    return _Telling(locale, profile, names, is_done=False).said(command)


def label(profile: NetworkProfile, kind: Kind, code: str, locale: str) -> str:
    """The profile's name; of a code it no longer has, the code."""
    try:
        return profile.name_of(kind, code, locale)
    except LookupError:
        return code


def end_said(locale: str, until: datetime) -> str:
    """The last day an end leaves, or the moment where it ends within a day."""
    if until.astimezone(JAPAN).time().replace(tzinfo=None) == datetime.min.time():
        return i18n.day(locale, (until - timedelta(seconds=1)).astimezone(JAPAN).date())
    return i18n.moment(locale, until)


class _Telling:
    """The sentences of commands, in one language."""

    def __init__(
        self, locale: str, profile: NetworkProfile, names: Names, *, is_done: bool
    ) -> None:
        self._locale, self._profile, self._names = locale, profile, names
        self._is_done = is_done

    def said(self, command: Command) -> str:
        match command:
            case SetFacility(facility_id, on):
                return self._grant("facility", on, self._name(facility_id), command)
            case SetProfessional(professional_id, on):
                return self._grant("professional", on, self._name(professional_id), command)
            case SetTeam(team, on):
                return self._grant("team", on, team.name, command)
            case SetRegion(code, on):
                return self._turned("region", on, self._label("region", code))
            case SetLived(lived, on):
                return self._turned("region", on, self._text(f"change.lived.{lived}"))
            case SetFacilityType(code, on, region):
                name = self._label("facility_type", code)
                if region is not None:
                    place = self._label("region", region)
                    name = self._text("change.type_in_region", name=name, region=place)
                return self._turned("facility_type", on, name)
            case SetEveryone(on):
                return self._turned("everyone", on)
            case ChooseScheme(scheme):
                return self._sentence(f"scheme.{scheme}")
            case SetSecondaryUse(purpose, on):
                return self._turned("secondary_use", on, self._label("purpose", purpose))
            case SetProfession(code, on):
                return self._turned("profession", on, self._label("profession", code))
            case SetCategory(code, on):
                return self._turned("category", on, self._label("category", code))
            case Exclude(on, professional_id, facility_id):
                return self._turned("exclude", on, self._name(professional_id or facility_id))
            case RefuseSource(facility_id, on):
                return self._turned("refuse_source", on, self._name(facility_id))
            case SetAskFirst(on):
                return self._turned("ask_first", on)
            case Share():
                name = self._name(command.professional_id or command.facility_id)
                said = self._sentence("share", name=name, what=self._shared(command))
                return said + self._end(command.until)
            case Remove(_, row) | Extend(_, _, row):
                return self._row(command, row)
            case _:
                return self._of_records(command)

    def _of_records(self, command: Command) -> str:
        match command:
            case SetCell(outcome):
                who, what = self._who(command), self._what(command)
                return self._sentence(f"cell.{outcome}", who=who, what=what)
            case HideRecords(record_ids, on):
                way = "on" if on else "off"
                return self._sentence(f"hide_records.{way}", count=len(record_ids))
            case HidePeriod(on):
                return self._period(command)
            case MarkRecord(_, level):
                return self._sentence(f"mark.{'none' if level is None else level}")
            case SetIncomingLevel(level):
                return self._sentence(f"incoming_level.{level}")
            case _:
                return self._sentence("other")

    def _grant(
        self, kind: str, on: bool, name: str, command: SetFacility | SetProfessional | SetTeam
    ) -> str:
        said = self._turned(kind, on, name)
        if not on:
            return said
        if command.level > NORMAL:
            said += self._sentence("with_restricted")
        return said + (self._end(command.until) if command.until else "")

    def _turned(self, kind: str, on: bool, name: str = "") -> str:
        return self._sentence(f"{kind}.{'on' if on else 'off'}", name=name)

    def _end(self, until: datetime) -> str:
        return self._text("change.until", end=end_said(self._locale, until))

    def _row(self, command: Remove | Extend, row: Provision | None) -> str:
        if row is None:
            return self._sentence("other")
        name = self._recipient(row)
        if isinstance(command, Extend):
            end = end_said(self._locale, command.until) if command.until else ""
            return self._sentence("extend", name=name, end=end)
        kind = row.axis if row.axis != "recipient" else row.kind
        return self._sentence(f"remove.{kind}", name=name)

    def _recipient(self, row: Provision) -> str:
        if row.professional_id or row.facility_id:
            return self._name(row.professional_id or row.facility_id)
        if row.team_id is not None:
            return self._text("change.care_team")
        if row.facility_type is not None:
            return self._label("facility_type", row.facility_type)
        if row.region is not None:
            return self._label("region", row.region)
        if row.lived is not None:
            return self._text(f"change.lived.{row.lived}")
        return self._text("now.facilities.all")

    def _shared(self, command: Share) -> str:
        if command.category is not None:
            return self._text("now.quoted", name=self._label("category", command.category))
        return self._text("change.records", count=len(command.record_ids))

    def _who(self, command: SetCell) -> str:
        named = [self._name(command.professional_id or command.facility_id)]
        if command.profession is not None:
            named.append(self._label("profession", command.profession))
        return self._text("change.of").join(filter(None, named)) or self._text("change.anyone")

    def _what(self, command: SetCell | HidePeriod) -> str:
        named = []
        if command.source_facility_id is not None:
            named.append(self._text("change.by", name=self._name(command.source_facility_id)))
        if command.category is not None:
            category = self._label("category", command.category)
            named.append(self._text("now.quoted", name=category))
        else:
            named.append(self._text("now.categories.all"))
        return self._text("change.of_what").join(named)

    def _period(self, command: HidePeriod) -> str:
        start, end = command.data_from, command.data_to
        ends = "both" if start and end else "from" if start else "to"
        period = self._text(
            f"change.period.{ends}",
            start=i18n.day(self._locale, start) if start else "",
            end=i18n.day(self._locale, end - timedelta(days=1)) if end else "",
        )
        way = "on" if command.on else "off"
        return self._sentence(f"hide_period.{way}", what=self._what(command), period=period)

    def _name(self, of: UUID | None) -> str:
        return self._names.get(of, "") if of is not None else ""

    def _label(self, kind: Kind, code: str) -> str:
        return label(self._profile, kind, code, self._locale)

    def _sentence(self, key: str, **params: object) -> str:
        return self._text(f"change.{key}" if self._is_done else f"wish.{key}", **params)

    def _text(self, key: str, **params: object) -> str:
        return i18n.text(self._locale, key, **params)


def _places(summary: Summary, locale: str, profile: NetworkProfile, names: Names) -> str:
    """Where those who see are; the facilities named, or how many."""
    if summary.everyone.is_on:
        return i18n.text(locale, "now.facilities.all")
    areas = [i18n.text(locale, f"change.lived.{s.code}") for s in summary.lived if s.is_on]
    areas += [label(profile, "region", s.code, locale) for s in summary.regions if s.is_on]
    areas += [
        label(profile, "facility_type", s.code, locale)
        for s in summary.facility_types
        if s.is_on and s.row is not None
    ]
    areas += [
        i18n.text(
            locale,
            "change.type_in_region",
            name=label(profile, "facility_type", row.facility_type or "", locale),
            region=label(profile, "region", row.region or "", locale),
        )
        for row in summary.types_in_regions
        if row.kind == "permit" and row.region is not None
    ]
    named = [names.get(each, "") for each in summary.facility_ids]
    if not areas:
        return _some(named, "facilities", locale) if named else ""
    if len(areas) + len(named) > NAMED_IN_A_SENTENCE and named:
        count = i18n.text(locale, "now.facilities.many", count=len(named))
        return i18n.text(locale, "now.joint").join([_some(areas, "areas", locale), count])
    return _some([*areas, *named], "areas", locale)


def _share(
    on: Sequence[Switch],
    of: Sequence[Switch],
    kind: Kind,
    locale: str,
    profile: NetworkProfile,
) -> str:
    plural = {"profession": "professions", "category": "categories"}[kind]
    if len(on) == len(of):
        return i18n.text(locale, f"now.{plural}.all")
    return _some([label(profile, kind, each.code, locale) for each in on], plural, locale)


def _some(labels: Sequence[str], plural: str, locale: str) -> str:
    if len(labels) > NAMED_IN_A_SENTENCE:
        return i18n.text(locale, f"now.{plural}.many", count=len(labels))
    quoted = [i18n.text(locale, "now.quoted", name=each) for each in labels]
    return i18n.text(locale, "now.joint").join(quoted)
