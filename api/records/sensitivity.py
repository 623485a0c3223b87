"""Which codes mark a record as restricted, and its class: the rules are the two tables below.

Infection tests: JLAC10 analyte prefixes of the infection list of the national record-sharing
master (MHLW, October 2024). Classes follow the sensitivity classes of the disclosure settings.
"""

import unicodedata
from functools import lru_cache
from typing import Final

import msgspec

RESTRICTED: Final = 1


class Mark(msgspec.Struct, frozen=True):
    """A sensitivity level with its class ("" for none)."""

    level: int
    of_class: str


_NONE: Final = Mark(0, "")
_HIV: Final = Mark(RESTRICTED, "HIV")
_SEX: Final = Mark(RESTRICTED, "SEX")
_PSY: Final = Mark(RESTRICTED, "PSY")
_SUD: Final = Mark(RESTRICTED, "SUD")

# First five characters of a JLAC10 code. HBV and HCV are on the list but not restricted.
INFECTION_TESTS: Final = {
    "5E071": _SEX,  # syphilis, STS and TP together
    "5E074": _SEX,  # syphilis STS
    "5E075": _SEX,  # syphilis TP
    "5F016": _NONE,  # hepatitis B
    "5F360": _NONE,  # hepatitis C
    "5F500": _HIV,  # HIV-1
    "5F550": _HIV,  # HIV-2
    "5F560": _HIV,  # HIV-1+2
}

# ICD-10; the longest prefix wins.
_DISEASES: Final = {
    "F": _PSY,
    "F1": _SUD,
    "F17": _NONE,  # tobacco
    **dict.fromkeys(("A50", "A51", "A52", "A53", "A54", "A55", "A56"), _SEX),
    **dict.fromkeys(("A57", "A58", "A59", "A60", "A63", "A64"), _SEX),
    **dict.fromkeys(("B20", "B21", "B22", "B23", "B24", "Z21"), _HIV),
    "O": Mark(0, "OBS"),
    "O0": Mark(RESTRICTED, "OBS"),  # pregnancy with abortive outcome
}

# Japanese disease masters carry no hierarchy, so a name speaks where no ICD-10 code is sent.
_WORDS: Final = {
    "HIV": _HIV,
    "後天性免疫不全": _HIV,
    "エイズ": _HIV,
    "梅毒": _SEX,
    "淋菌": _SEX,
    "淋病": _SEX,
    "性器クラミジア": _SEX,
    "性器ヘルペス": _SEX,
    "尖圭コンジローマ": _SEX,
    "統合失調": _PSY,
    "うつ病": _PSY,
    "双極性": _PSY,
    "抑うつ": _PSY,
    "アルコール依存": _SUD,
    "薬物依存": _SUD,
    "覚醒剤": _SUD,
    "人工妊娠中絶": Mark(RESTRICTED, "OBS"),
}


def of_test(jlac10: str) -> Mark | None:
    """Give the mark of an infection test; None for any other test."""
    return INFECTION_TESTS.get(jlac10[:5])


def of_disease(icd10: str) -> Mark:
    """By the longest beginning of the code that is known, of three characters at most."""
    code = unicodedata.normalize("NFKC", icd10).upper().replace(".", "")
    for length in range(min(3, len(code)), 0, -1):
        if code[:length] in _DISEASES:
            return _DISEASES[code[:length]]
    return _NONE


@lru_cache(maxsize=4096)  # what tests, drugs and diseases are called, of nobody in particular
def of_words(name: str) -> frozenset[Mark]:
    """Every mark a name gives by a word in it."""
    folded = unicodedata.normalize("NFKC", name).upper()
    return frozenset(mark for word, mark in _WORDS.items() if word in folded)
