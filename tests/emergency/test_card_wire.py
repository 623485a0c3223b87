"""An emergency card as texts of QR codes: what goes in comes out, and nothing else is believed."""

import json
import zlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jwt.api_jws import PyJWS
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from api.core.client_keys import LastingKeys
from api.core.crypto import base64url
from api.emergency.cards import wire
from api.emergency.cards.content import Contact, Content, Line, in_order, shortened
from api.emergency.cards.rules import GOOD_FOR
from api.emergency.cards.wire import Seal, Unreadable

MADE = datetime(2026, 6, 1, 3, 0, tzinfo=UTC)
PAGE = "https://phr.example.jp/card"
CODE = "q7m2kQJ0S0yq1l4bW0aJfA"
LINES = (
    Line("allergy", "ペニシリン", "high"),
    Line("implant", "心臓のペースメーカー", "own"),
    Line("medicine", "ワーファリン錠１ｍｇ"),
)
HANAKO = Content(
    name="山本 花子",
    name_kana="ヤマモト ハナコ",
    birth_on=date(1958, 4, 3),
    sex="female",
    card="1000000000000150",
    lines=LINES,
    blood="A Rh+",
    pregnancy="no",
    directive="yes",
    contacts=(Contact("child", "山本 由美", "090-1234-5678"),),
    note="耳が遠いです",
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> LastingKeys:
    return LastingKeys(tmp_path_factory.mktemp("keys"), GOOD_FOR)


def sealed(content: Content, keys: LastingKeys, page: str = PAGE) -> wire.Sealed:
    seal = Seal("https://phr.example.jp", MADE, MADE + GOOD_FOR, CODE, keys.current())
    return wire.seal(content, seal, page)


def read(sealed: wire.Sealed, keys: LastingKeys) -> Content:
    return wire.content_of(wire.opened(wire.read(" ".join(sealed.parts)), keys.published()))


def many(count: int) -> Content:
    """Lines of the longest, alike in nothing, so that deflating them gains little."""
    words = (chr(0x4E00 + at * 97 % 20_000) for at in range(count * 40))
    lines = [Line("medicine", "".join(next(words) for _ in range(40))) for _ in range(count)]
    return Content(
        name="山本 花子",
        name_kana="ヤマモト ハナコ",
        birth_on=date(1958, 4, 3),
        sex="female",
        card="1000000000000150",
        lines=(Line("allergy", "ペニシリン", "high"), *lines),
    )


def version_of(text: str) -> int:
    code: QRCode = QRCode(error_correction=ERROR_CORRECT_M)
    code.add_data(text)
    code.make()
    return int(code.version)


def test_hanakos_card_comes_out_as_it_went_in(keys: LastingKeys) -> None:
    made = sealed(HANAKO, keys)
    assert read(made, keys) == HANAKO
    assert (len(made.parts), made.left_out) == (1, ())
    assert made.parts[0].startswith(f"{PAGE}#")
    assert version_of(made.parts[0]) <= 20


def test_another_library_verifies_it_and_reads_the_same(keys: LastingKeys) -> None:
    """Written from docs/reference/emergency-card.md alone, with nothing of ours."""
    (part,) = sealed(HANAKO, keys).parts
    digits = part.partition("#")[2]
    jws = "".join(chr(int(digits[at : at + 2]) + 45) for at in range(0, len(digits), 2))
    (key,) = [k for k in keys.published() if k["kid"] == jwt.get_unverified_header(jws)["kid"]]
    packed = PyJWS().decode(jws, jwt.PyJWK(key).key, algorithms=["ES256"])
    said = json.loads(zlib.decompress(packed, -15))
    assert said["tsu"] == 1
    assert said["l"] == [
        ["a!", "ペニシリン"],
        ["i*", "心臓のペースメーカー"],
        ["m", "ワーファリン錠１ｍｇ"],
    ]
    assert (said["iss"], said["jti"]) == ("https://phr.example.jp", CODE)
    assert said["exp"] - said["iat"] == GOOD_FOR.total_seconds()


texts = st.text(min_size=1, max_size=40).map(shortened).filter(bool)
lines = st.builds(
    Line,
    kind=st.sampled_from(list(wire.KINDS)),
    text=texts,
    mark=st.sampled_from(list(wire.MARKS)),
)
contents = st.builds(
    Content,
    name=texts,
    name_kana=texts,
    birth_on=st.dates(date(1900, 1, 1), date(2026, 1, 1)),
    sex=st.sampled_from(list(wire.SEXES)),
    card=st.from_regex(r"[0-9]{16}", fullmatch=True),
    lines=st.lists(lines, max_size=40).map(tuple).map(in_order),
    pregnancy=st.sampled_from(["", "yes", "no"]),
    note=st.text(max_size=100),
)


@given(contents)
def test_whatever_is_carried_every_part_is_for_a_printed_code(
    keys: LastingKeys, content: Content
) -> None:
    made = sealed(content, keys)
    kept = content.lines[: len(content.lines) - len(made.left_out)]
    assert read(made, keys).lines == kept
    assert kept + made.left_out == content.lines
    assert all(version_of(part) <= 25 for part in made.parts)


def test_what_fits_one_code_no_more_goes_into_two(keys: LastingKeys) -> None:
    made = sealed(many(6), keys)
    assert (len(made.parts), made.left_out) == (2, ())
    assert [part.partition("#")[2][:4] for part in made.parts] == ["1/2/", "2/2/"]
    assert read(made, keys) == many(6)
    assert wire.read("\n".join(reversed(made.parts))) == made.jws


def test_what_does_not_fit_two_is_counted_and_never_what_kills_first(keys: LastingKeys) -> None:
    made = sealed(many(30), keys)
    payload = wire.opened(made.jws, keys.published())
    assert len(made.left_out) == payload.o > 0
    assert {line.kind for line in made.left_out} == {"medicine"}
    assert payload.l[0] == ("a!", "ペニシリン")


@pytest.mark.parametrize("at", range(3), ids=["header", "body", "signature"])
def test_a_card_with_one_letter_changed_is_not_believed(keys: LastingKeys, at: int) -> None:
    parts = sealed(HANAKO, keys).jws.split(".")
    letter = parts[at][10]
    parts[at] = parts[at][:10] + ("A" if letter != "A" else "B") + parts[at][11:]
    with pytest.raises(Unreadable):
        wire.opened(".".join(parts), keys.published())


def test_a_card_of_another_network_is_not_believed(keys: LastingKeys, tmp_path: Path) -> None:
    theirs = LastingKeys(tmp_path, GOOD_FOR)
    with pytest.raises(Unreadable):
        wire.opened(sealed(HANAKO, theirs).jws, keys.published())


def test_a_card_that_says_it_needs_no_signature_is_not_believed(keys: LastingKeys) -> None:
    _, body, _ = sealed(HANAKO, keys).jws.split(".")
    kid = keys.current().kid
    for algorithm in ("none", "HS256"):
        head = json.dumps({"alg": algorithm, "kid": kid, "zip": "DEF"}).encode()
        with pytest.raises(Unreadable):
            wire.opened(f"{base64url(head)}.{body}.", keys.published())


def test_halves_of_two_prints_are_no_card(keys: LastingKeys) -> None:
    one, other = sealed(many(6), keys), sealed(many(7), keys)
    with pytest.raises(Unreadable):
        wire.opened(wire.read(f"{one.parts[0]} {other.parts[1]}"), keys.published())


@pytest.mark.parametrize(
    "text",
    ["", "1000000000000150", f"{PAGE}#1/2/{'1' * 200}", f"{PAGE}#{'9' * 201}", "#" + "1" * 60_000],
    ids=["nothing", "a card number", "half", "an odd digit", "endless"],
)
def test_what_is_no_card_is_none(keys: LastingKeys, text: str) -> None:
    with pytest.raises(Unreadable):
        wire.opened(wire.read(text), keys.published())


def test_a_signed_card_that_unpacks_without_end_is_not_unpacked(keys: LastingKeys) -> None:
    packing = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packing.compress(b'{"tsu":1,"iss":"' + b"a" * 50_000_000) + packing.flush()
    key = keys.current()
    jws = PyJWS().encode(bomb, key.private, algorithm="ES256", headers={"kid": key.kid})
    with pytest.raises(Unreadable):
        wire.opened(jws, keys.published())


def test_a_card_stays_checkable_after_its_key_is_retired_and_not_for_ever(tmp_path: Path) -> None:
    keys = LastingKeys(tmp_path / "lasting", timedelta(days=1))
    made = sealed(HANAKO, keys)
    before = {key["kid"] for key in keys.published()}
    keys.rotate()
    assert before <= {key["kid"] for key in keys.published()}
    assert read(made, keys) == HANAKO
    brief = LastingKeys(tmp_path / "brief", timedelta(0))
    made = sealed(HANAKO, brief)
    brief.rotate()
    with pytest.raises(Unreadable):
        wire.opened(made.jws, brief.published())
