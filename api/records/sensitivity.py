"""Which codes and words mark a record as restricted: the rules are the tables below.

Infection tests: JLAC10 analyte prefixes of the infection list of the national record-sharing
master (MHLW, October 2024).
"""

import unicodedata
from functools import lru_cache
from typing import Final

RESTRICTED: Final = 1

# First five characters of a JLAC10 code. HBV and HCV are on the list but not restricted.
INFECTION_TESTS: Final = {
    "5E071": RESTRICTED,  # syphilis, STS and TP together
    "5E074": RESTRICTED,  # syphilis STS
    "5E075": RESTRICTED,  # syphilis TP
    "5F016": 0,  # hepatitis B
    "5F360": 0,  # hepatitis C
    "5F500": RESTRICTED,  # HIV-1
    "5F550": RESTRICTED,  # HIV-2
    "5F560": RESTRICTED,  # HIV-1+2
}

# ICD-10; the longest prefix wins.
_DISEASES: Final = {
    "F": RESTRICTED,  # mental disorders, and those by substances
    "F17": 0,  # tobacco
    # Sexually transmitted diseases, then HIV
    **dict.fromkeys(("A50", "A51", "A52", "A53", "A54", "A55", "A56"), RESTRICTED),
    **dict.fromkeys(("A57", "A58", "A59", "A60", "A63", "A64"), RESTRICTED),
    **dict.fromkeys(("B20", "B21", "B22", "B23", "B24", "Z21"), RESTRICTED),
    "O0": RESTRICTED,  # pregnancy with abortive outcome
}

# Japanese disease masters carry no hierarchy, so a name speaks where no ICD-10 code is sent.
_WORDS: Final = (
    "HIV",
    "後天性免疫不全",
    "エイズ",
    "梅毒",
    "淋菌",
    "淋病",
    "性器クラミジア",
    "性器ヘルペス",
    "尖圭コンジローマ",
    "統合失調",
    "うつ病",
    "双極性",
    "抑うつ",
    "アルコール依存",
    "薬物依存",
    "覚醒剤",
    "人工妊娠中絶",
)


def of_test(jlac10: str) -> int | None:
    """The level of an infection test; None for any other test."""
    return INFECTION_TESTS.get(jlac10[:5])


def of_disease(icd10: str) -> int:
    """By the longest beginning of the code that is known, of three characters at most."""
    code = unicodedata.normalize("NFKC", icd10).upper().replace(".", "")
    for length in range(min(3, len(code)), 0, -1):
        if code[:length] in _DISEASES:
            return _DISEASES[code[:length]]
    return 0


@lru_cache(maxsize=4096)  # what tests, drugs and diseases are called, of nobody in particular
def of_words(name: str) -> int:
    """By the words in a name."""
    folded = unicodedata.normalize("NFKC", name).upper()
    return RESTRICTED if any(word in folded for word in _WORDS) else 0
