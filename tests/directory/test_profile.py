"""A network profile is read whole and right, or every fault is told with its line."""

from pathlib import Path

import pytest

from api.directory.profile import (
    KNOWN_CATEGORIES,
    DataFrom,
    Fault,
    NetworkProfile,
    ProfileFaults,
    ProxyLimits,
    RecipientDefault,
    load_profile,
)
from api.identity.card import CardScheme
from tests.messages import LOCALES, message

DEMO = Path(__file__).parents[2] / "api/directory/profiles/kumamoto_demo.toml"

SMALL = """\
id = "small"
version = 1
name = { ja = "小さな網", en = "Small" }
card_scheme = "luhn"
emergency_viewers = [{ facility_type = "hospital", professions = ["physician"] }]
[consent]
recipient_default = "all_facilities"
data_from = "none"
[retention]
records_years = 5
access_log_years = 10
[[facility_types]]
code = "hospital"
name = { ja = "病院", en = "Hospital" }
[[regions]]
code = "aso"
name = { ja = "阿蘇", en = "Aso" }
[[professions]]
code = "physician"
name = { ja = "医師", en = "Physician" }
[[categories]]
code = "lab"
name = { ja = "検査", en = "Laboratory" }
[[categories]]
code = "onsen"
name = { ja = "温泉", en = "Hot springs" }
new = true
[default_matrix]
physician = ["lab"]
[[terms]]
version = "1"
text = { ja = "きまり", en = "Terms" }
"""


def faults_of(text: str) -> list[Fault]:
    with pytest.raises(ProfileFaults) as refusal:
        load_profile(text)
    for fault in refusal.value.faults:
        for locale in LOCALES:
            for key in (fault.key, f"{fault.key}.next"):
                assert message(locale, key, fault.params)
    return refusal.value.faults


def one_fault(text: str) -> Fault:
    (fault,) = faults_of(text)
    return fault


@pytest.fixture(scope="module")
def demo() -> NetworkProfile:
    return load_profile(DEMO.read_text(encoding="utf-8"))


def test_the_demo_follows_kumamoto(demo: NetworkProfile) -> None:
    assert [entry.name.ja for entry in demo.facility_types] == [
        "病院",
        "診療所",
        "歯科診療所",
        "薬局",
        "訪問看護ステーション",
        "介護施設・事業所",
        "地域包括支援センター",
    ]
    assert (demo.card_scheme, demo.card_digits) == (CardScheme.MOD97, 16)
    assert demo.consent.recipient_default is RecipientDefault.NAMED_FACILITIES
    assert demo.consent.data_from is DataFrom.PARTICIPATION_DATE
    assert tuple(entry.code for entry in demo.categories) == KNOWN_CATEGORIES
    assert demo.regions_around("aso") == ("aso", "kumamoto_prefecture")
    assert len([region for region in demo.regions if region.parent]) == 10


def test_in_the_demo_each_profession_sees_what_its_work_needs(demo: NetworkProfile) -> None:
    assert demo.default_categories("physician") == set(KNOWN_CATEGORIES)
    assert demo.default_categories("clerk") == {"basic", "insurance"}
    pharmacist = demo.default_categories("pharmacist")
    assert {"prescription", "dispensing", "allergy", "contraindication", "lab"} <= pharmacist
    assert not pharmacist & {"maternal", "child", "dental", "care", "directive", "imaging"}
    assert demo.default_categories("astrologer") == frozenset()
    assert demo.default_matrix.keys() == {entry.code for entry in demo.professions}


def test_in_the_demo_only_hospitals_open_the_emergency_view(demo: NetworkProfile) -> None:
    assert demo.may_open_emergency("hospital", "physician")
    assert not demo.may_open_emergency("clinic", "physician")
    assert not demo.may_open_emergency("hospital", "clerk")


PROFILES = sorted(DEMO.parent.glob("*.toml"))


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_every_profile_of_the_house_loads_and_says_that_it_is_a_demo(path: Path) -> None:
    profile = load_profile(path.read_text(encoding="utf-8"))
    assert profile.id == f"{path.stem.removesuffix('_demo')}-demo"
    assert "デモ" in profile.name.ja
    assert "demo" in profile.name.en
    offered = [each.code for each in profile.consent.schemes]
    assert not offered or profile.consent.default_scheme in offered


def test_the_three_ways_of_consenting_are_data() -> None:
    found = {path.stem: load_profile(path.read_text("utf-8")).consent for path in PROFILES}
    assert [each.code for each in found["tottori_demo"].schemes] == [
        "named",
        "all_facilities",
        "care_team",
    ]
    assert found["tottori_demo"].withdrawal == "document"
    assert found["tottori_demo"].new_facilities == "ask_first"
    assert found["kumamoto_demo"].default_scheme == "named"
    assert found["national_demo"].default_scheme == "home_area"


def test_a_code_is_explained_in_both_languages(demo: NetworkProfile) -> None:
    assert demo.name_of("category", "lab", "ja") == "検査結果"
    assert demo.name_of("category", "lab", "en") == "Laboratory results"
    assert demo.name_of("profession", "pharmacist", "ja") == "薬剤師"
    assert demo.name_of("facility_type", "pharmacy", "en") == "Pharmacy"
    assert demo.name_of("region", "aso", "ja") == "阿蘇"
    with pytest.raises(LookupError):
        demo.name_of("category", "onsen", "ja")
    with pytest.raises(LookupError):
        demo.name_of("category", "lab", "fr")


def test_a_small_network_may_add_a_category_and_leave_out_what_has_a_default() -> None:
    small = load_profile(SMALL)
    assert small.card_digits == 16
    assert small.default_categories("physician") == {"lab"}
    assert small.name_of("category", "onsen", "ja") == "温泉"


P = "error.profile."
NAMED = """\
[[consent.schemes]]
code = "named"
name = { ja = "選ぶ", en = "Choose" }
explanation = { ja = "選んだ施設だけです。", en = "Only those you choose." }
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "path", "key"),
    [
        ("version = 1", "version = 0", 2, "version", "too_small"),
        ("version = 1", 'version = "1"', 2, "version", "type.number"),
        ("version = 1", "version = true", 2, "version", "type.number"),
        ("version = 1", "", 1, "", "missing_key"),
        ("version = 1", "version = 1\ncard_digits = 12", 3, "card_digits", "must_be"),
        ("version = 1", "version = 1\ncolour = 1", 3, "colour", "unknown_key"),
        ('id = "small"', 'id = "Small Net"', 1, "id", "bad_code"),
        ('"luhn"', '"luhm"', 4, "card_scheme", "not_one_of"),
        ('"luhn"', "97", 4, "card_scheme", "type.text"),
        (', en = "Small"', "", 3, "name", "missing_name"),
        ('en = "Small"', 'en = " "', 3, "name.en", "empty"),
        ('name = { ja = "阿蘇", en = "Aso" }', 'name = "Aso"', 17, "regions.0.name", "type.table"),
        ('name = { ja = "阿蘇", en = "Aso" }', "", 15, "regions.0", "missing_key"),
        ('ja = "病院", ', "", 14, "facility_types.0.name", "missing_name"),
        ("data_from =", "data_form =", 6, "consent", "missing_key"),
        ('"none"', '"birth"', 8, "consent.data_from", "not_one_of"),
        ("records_years = 5", "records_years = 4", 10, "retention.records_years", "too_small"),
        (
            "records_years = 5",
            "records_years = 5\ncategories = { lab = 0 }",
            11,
            "retention.categories.lab",
            "too_small",
        ),
        (
            "records_years = 5",
            "records_years = 5\ncategories = { lap = 5 }",
            11,
            "retention.categories.lap",
            None,
        ),
        ("new = true", 'new = "yes"', 27, "categories.1.new", "type.yes_no"),
        ("new = true", "new = false", 25, "categories.1.code", "unknown_category"),
        ('code = "lab"', 'code = "labs"\nnew = false', 22, "categories.0.code", None),
        ('["lab"]', '["lab", "*", "bal"]', 29, "default_matrix.physician.2", None),
        ('["lab"]', '["lab",\n\n"dental"]', 31, "default_matrix.physician.1", None),
        ('["lab"]', '["lab", 7]', 29, "default_matrix.physician.1", "type.text"),
        ('["lab"]', '"lab"', 29, "default_matrix.physician", "type.list"),
        ("physician = [", "astrologer = [", 29, "default_matrix.astrologer", None),
        ('"hospital", prof', '"clinic", prof', 5, "emergency_viewers.0.facility_type", None),
        ('["physician"] }', '["er"] }', 5, "emergency_viewers.0.professions.0", None),
        ('= "aso"', '= "aso"\nparent = "kyushu"', 17, "regions.0.parent", None),
        ('= "aso"', '= "aso"\nparent = "aso"', 17, "regions.0.parent", "region_circle"),
        ('version = "1"', 'version = "v 1"', 31, "terms.0.version", "bad_code"),
        ('en = "Terms"', 'en = ""', 32, "terms.0.text.en", "empty"),
        ('"none"', '"none"\nwithdrawal = "post"', 9, "consent.withdrawal", "not_one_of"),
        ('"none"', '"none"\nnew_facilities = "never"', 9, "consent.new_facilities", "not_one_of"),
        ('"none"', '"none"\nschemes = [{ code = "some" }]', 9, "consent.schemes.0.code", None),
        (
            "[retention]",
            NAMED + "[retention]",
            7,
            "consent.recipient_default",
            "default_not_offered",
        ),
        (
            "[retention]",
            NAMED * 2 + "[retention]",
            14,
            "consent.schemes.1.code",
            "duplicate_scheme",
        ),
        ("[default_matrix]", "[wording.fr]\n[default_matrix]", 28, "wording.fr", "unknown_key"),
        ("[default_matrix]", "[wording.ja]\nk = 1\n[default_matrix]", 29, "wording.ja.k", None),
    ],
)
def test_a_fault_is_told_with_its_line(
    old: str, new: str, line: int, path: str, key: str | None
) -> None:
    assert old in SMALL
    found = faults_of(SMALL.replace(old, new, 1))
    assert (line, path) in [(fault.line, fault.path) for fault in found]
    if key:
        assert P + key in [fault.key for fault in found]


@pytest.mark.parametrize(
    ("old", "new", "key", "params"),
    [
        (
            "card_scheme =",
            "card_schem =",
            "unknown_key_near",
            {"value": "card_schem", "nearest": "card_scheme"},
        ),
        (
            'code = "onsen"',
            'code = "lab"',
            "duplicate_code",
            {"value": "lab", "first_line": 22},
        ),
        (
            '["lab"]',
            '["onse"]',
            "undeclared.categories_near",
            {"value": "onse", "nearest": "onsen"},
        ),
        (
            "physician = [",
            "fysician = [",
            "undeclared.professions_near",
            {"value": "fysician", "nearest": "physician"},
        ),
        (
            '"luhn"',
            '"crc"',
            "not_one_of",
            {"value": "crc", "allowed": "none, luhn, verhoeff, damm, mod97"},
        ),
        ('ja = "病院", ', "", "missing_name", {"name": "ja"}),
        ("version = 1", "version = -3", "too_small", {"value": "-3", "least": 1}),
    ],
)
def test_a_fault_says_what_would_be_right(
    old: str, new: str, key: str, params: dict[str, str | int]
) -> None:
    assert (P + key, params) in [
        (fault.key, fault.params) for fault in faults_of(SMALL.replace(old, new, 1))
    ]


def test_a_fault_shows_the_line_it_speaks_of() -> None:
    fault = one_fault(SMALL.replace('"luhn"', '"luhm"'))
    assert fault.text == 'card_scheme = "luhm"'


def test_regions_that_lie_in_one_another_are_told_and_do_not_hang() -> None:
    ring = 'code = "aso"\nparent = "uki"\nname = { ja = "阿蘇", en = "Aso" }\n[[regions]]\n'
    ring += 'code = "uki"\nparent = "aso"'
    found = faults_of(SMALL.replace('code = "aso"', ring))
    assert [(fault.line, fault.key) for fault in found if "circle" in fault.key] == [
        (17, P + "region_circle"),
        (21, P + "region_circle"),
    ]


def test_a_missing_list_is_one_fault_and_not_one_for_each_name_that_needs_it() -> None:
    without = SMALL.replace(
        '[[professions]]\ncode = "physician"\nname = { ja = "医師", en = "Physician" }\n', ""
    )
    fault = one_fault(without)
    assert (fault.key, fault.params, fault.line) == (P + "missing_key", {"name": "professions"}, 1)
    assert one_fault("professions = []\n" + without).key == P + "empty"


def test_all_faults_come_at_once_in_the_order_of_the_lines() -> None:
    text = (
        SMALL.replace("version = 1", "version = 0")
        .replace('"luhn"', '"luhm"')
        .replace(', en = "Aso"', "")
        .replace('["lab"]', '["lba", 3]')
        .replace('["physician"] }', '["physicist"], hours = 6 }')
    )
    assert [(fault.line, fault.key) for fault in faults_of(text)] == [
        (2, P + "too_small"),
        (4, P + "not_one_of"),
        (5, P + "unknown_key"),
        (5, P + "undeclared.professions_near"),
        (17, P + "missing_name"),
        (29, P + "undeclared.categories_near"),
        (29, P + "type.text"),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('id = "a"\nversion = \n', 2),
        ('id = "a"\nid = "b"\n', 2),
        ('id = "a"\n\n[consent\n', 3),
        ("id = [\n1,\n", 3),
    ],
)
def test_broken_toml_is_told_with_its_line(text: str, line: int) -> None:
    fault = one_fault(text)
    assert (fault.key, fault.line) == (P + "syntax", line)
    assert fault.params["reason"]


def test_an_empty_file_lacks_everything_and_crashes_nothing() -> None:
    names = {fault.params["name"] for fault in faults_of("")}
    assert {"id", "version", "name", "card_scheme", "consent", "professions"} <= names


@pytest.mark.parametrize("value", ["1", '"x"', "[]", "[1]", "[[]]", "{}", "true", "1.5", "[{}]"])
@pytest.mark.parametrize("line", [n for n, line in enumerate(SMALL.splitlines()) if "=" in line])
def test_any_value_in_any_place_is_read_or_told_on_its_line(line: int, value: str) -> None:
    lines = SMALL.splitlines()
    key = lines[line].split(" =")[0]
    lines[line] = f"{key} = {value}"
    try:
        load_profile("\n".join(lines))
    except ProfileFaults as refusal:
        # A code of the right shape is at fault only where others still use the old one.
        renamed = (key, value) == ("code", '"x"')
        assert renamed or line + 1 in {fault.line for fault in refusal.faults}  # noqa: PT017


@pytest.mark.parametrize(
    "line", ["cooling_off_days = 6", "most_months = 13", "own_say_age = 16", "own_say_age = 11"]
)
def test_a_network_may_be_stricter_with_proxies_and_never_laxer(line: str) -> None:
    assert load_profile(SMALL).proxies == ProxyLimits()
    found = load_profile(SMALL + "[proxies]\ncooling_off_days = 14\nmost_months = 6\n")
    assert found.proxies == ProxyLimits(cooling_off_days=14, most_months=6)
    (fault,) = faults_of(f"{SMALL}[proxies]\n{line}\n")
    assert fault.path == f"proxies.{line.partition(' ')[0]}"
