"""Names as family registers, keyboards and clerks write them, folded to one form."""

import unicodedata

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.identity.enrolling.names import SAME_CHARACTER, are_alike, folded_name

NAMES = st.text(
    st.one_of(
        st.sampled_from("髙高﨑崎渡邉邊辺澤沢山本太郎 　・-ＡｂＣ"),
        st.sampled_from("".join(map(chr, SAME_CHARACTER))),
        st.characters(min_codepoint=0x3041, max_codepoint=0x3096),
        st.characters(min_codepoint=0x30A1, max_codepoint=0x30FA),
        st.characters(min_codepoint=0xFF66, max_codepoint=0xFF9F),
        st.characters(min_codepoint=0xF900, max_codepoint=0xFAD9),
    ),
    max_size=12,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("髙橋", "高橋"),
        ("山﨑 太郎", "山崎太郎"),
        ("渡邉", "渡辺"),
        ("渡邊", "渡邉"),
        ("齋藤", "斉藤"),
        ("國澤　壽子", "国沢 寿子"),
        ("𠮷田", "吉田"),
        ("\ufa19谷", "神谷"),
        ("やまもと はなこ", "ヤマモト　ハナコ"),
        ("ﾔﾏﾓﾄ ﾊﾅｺ", "ヤマモトハナコ"),
        ("ｷｮｳｺ", "キヨウコ"),
        ("三ヶ島", "三ケ島"),
        ("ミヅキ", "みずき"),
        ("ジョン・ＳＭＩＴＨ", "じよんsmith"),
    ],
)
def test_one_name_written_two_ways_is_alike(one: str, other: str):
    assert are_alike(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("高橋", "高島"), ("ハナコ", "ハナエ"), ("パパ", "ハハ"), ("", ""), (" ", "　")],
    ids=["other_character", "other_kana", "voiced", "nothing", "blanks"],
)
def test_other_names_and_no_names_are_not(one: str, other: str):
    assert not are_alike(one, other)


@given(NAMES)
def test_folding_twice_changes_nothing(name: str):
    assert folded_name(folded_name(name)) == folded_name(name)


@given(NAMES, st.integers(0, 12))
def test_spaces_and_old_forms_never_matter(name: str, at: int):
    assert folded_name(name[:at] + "　" + name[at:]) == folded_name(name)
    assert folded_name(name.translate(SAME_CHARACTER)) == folded_name(name)


@given(NAMES)
def test_what_unicode_calls_the_same_folds_to_the_same(name: str):
    assert folded_name(unicodedata.normalize("NFKD", name)) == folded_name(name)


def test_no_new_form_is_an_old_one():
    assert not set(SAME_CHARACTER) & set(SAME_CHARACTER.values())


async def test_postgresql_folds_as_python_does(admin: asyncpg.Connection):
    kana = "".join(map(chr, [*range(0x3041, 0x3097), *range(0x30A1, 0x30FB)]))
    half = "".join(map(chr, range(0xFF65, 0xFFA0)))
    olds = "".join(map(chr, SAME_CHARACTER))
    compatible = "".join(map(chr, range(0xF900, 0xFADA)))
    names = [kana, half, olds, compatible, "ジョン・O'Neil-SMITH Ｊｒ．", "　山 本\t太郎 "]
    for name in names:
        assert await admin.fetchval("SELECT app.folded_name($1)", name) == folded_name(name)
