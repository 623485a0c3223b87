"""People as they are registered, and as a facility writes them down, with errors at set rates.

Nobody here is real: names are put together from tables of common ones, and tails of rarer ones.
"""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from msgspec.structs import replace

from api.records.matching.persons import Demographics, Insured, near_dates

# How many of a hundred are written down so.
MOVED: Final = 0.02
KANA_TYPO: Final = 0.01
NEW_FAMILY_NAME: Final = 0.005
TWINS: Final = 0.003
BIRTH_WRONG: Final = 0.01
NO_INSURANCE: Final = 0.05
OTHER_CHARACTERS: Final = 0.03
# Facilities know people too who take no part in the network.
TAKING_PART: Final = 0.7

# Thousands of bearers, roughly, of surnames nearly everybody knows one of.
_FAMILIES: Final = (
    "佐藤サトウ185 鈴木スズキ177 高橋タカハシ139 田中タナカ132 伊藤イトウ105 渡辺ワタナベ104 "
    "山本ヤマモト103 "
    "中村ナカムラ103 小林コバヤシ101 加藤カトウ87 吉田ヨシダ82 山田ヤマダ80 佐々木ササキ66 "
    "山口ヤマグチ63 "
    "松本マツモト62 井上イノウエ60 木村キムラ57 林ハヤシ54 斎藤サイトウ53 清水シミズ52 "
    "山崎ヤマザキ47 森モリ46 "
    "池田イケダ44 橋本ハシモト44 阿部アベ44 石川イシカワ41 山下ヤマシタ41 中島ナカジマ39 "
    "石井イシイ38 小川オガワ38 "
    "前田マエダ37 岡田オカダ37 長谷川ハセガワ37 藤田フジタ37 後藤ゴトウ36 近藤コンドウ36 "
    "村上ムラカミ35 遠藤エンドウ33 "
    "青木アオキ33 坂本サカモト32 福田フクダ31 太田オオタ31 西村ニシムラ31 藤井フジイ31 "
    "金子カネコ30 岡本オカモト30 "
    "藤原フジワラ29 三浦ミウラ29 中野ナカノ28 中川ナカガワ28 原田ハラダ28 松田マツダ28 "
    "竹内タケウチ27 小野オノ27 "
    "田村タムラ27 中山ナカヤマ26 和田ワダ26 石田イシダ25 森田モリタ25 上田ウエダ24 原ハラ24 "
    "内田ウチダ24 柴田シバタ24 "
    "酒井サカイ23 宮崎ミヤザキ23 横山ヨコヤマ23 高木タカギ23 安藤アンドウ23 宮本ミヤモト22 "
    "大野オオノ22 小島コジマ22 "
    "工藤クドウ21 谷口タニグチ21 今井イマイ21 高田タカダ20 増田マスダ20 丸山マルヤマ20 "
    "杉山スギヤマ20 村田ムラタ20 "
    "大塚オオツカ20 新井アライ19 小山コヤマ19 平野ヒラノ19 藤本フジモト19 河野コウノ19 "
    "上野ウエノ19 野口ノグチ19 "
    "武田タケダ18 松井マツイ18 千葉チバ18 菅原スガワラ18 岩崎イワサキ18 久保クボ18 "
    "木下キノシタ18 佐野サノ18 "
    "野村ノムラ18 松尾マツオ18 市川イチカワ17 菊地キクチ17 杉本スギモト17 古川フルカワ17 "
    "大西オオニシ17 島田シマダ17 "
    "水野ミズノ17 桜井サクライ17 高野タカノ17 渡部ワタナベ16 吉川ヨシカワ16 山内ヤマウチ16 "
    "西田ニシダ16 飯田イイダ16 "
)
_GIVEN: Final = {
    "female": (
        "幸子サチコ25 和子カズコ25 洋子ヨウコ22 恵子ケイコ22 裕子ユウコ14 美咲ミサキ13 "
        "陽子ヨウコ12 久美子クミコ12 "
        "由美子ユミコ11 明美アケミ11 京子キョウコ11 節子セツコ11 直美ナオミ10 真由美マユミ10 "
        "智子トモコ10 "
        "葵アオイ9 愛アイ9 彩アヤ8 優子ユウコ8 花子ハナコ3 千代チヨ4 さくらサクラ8 結衣ユイ8 "
        "陽菜ヒナ8 美穂ミホ7 "
        "典子ノリコ9 敏子トシコ8 弘子ヒロコ8 順子ジュンコ8 香織カオリ7 恵エミ4 舞マイ6 千尋チヒロ4 "
    ),
    "male": (
        "茂シゲル16 清キヨシ15 実ミノル15 博ヒロシ14 隆タカシ13 誠マコト13 健一ケンイチ12 "
        "和夫カズオ12 正マサ7 "
        "翔太ショウタ11 大輔ダイスケ11 健太ケンタ11 勇ユウ7 浩ヒロシ10 修オサム10 進ススム9 "
        "剛ツヨシ9 "
        "拓也タクヤ9 達也タツヤ9 直樹ナオキ9 蓮レン8 大翔ヒロト7 陽太ヨウタ7 悠斗ユウト7 "
        "雄太ユウタ7 太郎タロウ4 "
        "昭アキラ8 明アキラ8 豊ユタカ8 学マナブ6 亮リョウ6 大樹ダイキ6 和也カズヤ7 裕之ヒロユキ5 "
    ),
}
_FAMILY_PARTS: Final = (
    "山ヤマ 川カワ 田タ 本モト 村ムラ 中ナカ 野ノ 松マツ 竹タケ 梅ウメ 石イシ 岩イワ 高タカ "
    "大オオ 小コ 上ウエ 下シタ "
    "西ニシ 東ヒガシ 北キタ 南ミナミ 谷タニ 森モリ 木キ 原ハラ 沢サワ 島シマ 崎サキ 浜ハマ "
    "宮ミヤ 寺テラ 坂サカ 橋ハシ 塚ツカ "
)
_GIVEN_FIRST: Final = {
    "female": (
        "美ミ 由ユ 恵エ 真マ 千チ 奈ナ 亜ア 佳カ 沙サ 詩シ 知トモ 紀ノリ 優ユウ 綾アヤ 春ハル "
        "夏ナツ 秋アキ 文フミ 雅マサ 静シズ "
    ),
    "male": (
        "健ケン 和カズ 正マサ 義ヨシ 秀ヒデ 英ヒデ 浩ヒロ 広ヒロ 隆タカ 孝タカ 敏トシ 俊トシ "
        "信ノブ 康ヤス 勝カツ 直ナオ 光ミツ 哲テツ "
        "幸ユキ 雅マサ"
    ),
}
_GIVEN_LAST: Final = {
    "female": "子コ 美ミ 恵エ 香カ 代ヨ 江エ 奈ナ 菜ナ 里リ 穂ホ 乃ノ 花カ 音ネ 希キ",
    "male": (
        "一イチ 二ジ 郎ロウ 夫オ 雄オ 男オ 之ユキ 彦ヒコ 樹キ 也ヤ 人ト 太タ 介スケ 志シ "
        "明アキ 弘ヒロ"
    ),
}
_OTHER: Final = str.maketrans(
    "高崎浜辺斎吉島沢桜広真恵静国斉富",
    "髙﨑濱邊齋𠮷嶋澤櫻廣眞惠靜國齊冨",
)
_CITIES: Final = "熊本市中央区 熊本市東区 八代市 天草市 玉名市 人吉市 荒尾市 宇土市"
_QUARTERS: Final = (
    "水前寺 大江 本荘 新町 古町 春日 上通 下通 出水 帯山 健軍 花畑 城山 松江 本町 栄町 旭町 緑町 "
    "桜木 西原"
)
_TOWNS: Final = tuple(
    f"{city}{quarter}" for city in _CITIES.split() for quarter in _QUARTERS.split()
)
_KANA: Final = "アイウエカキクケサシスセソタテトナニノハヒフマミムメモヤユヨラリルレロワン"
_VOICED: Final = dict(
    zip("カキクケコサシスセソタテトハヒフヘホ", "ガギグゲゴザジズゼゾダデドバビブベボ", strict=True)
)
_TODAY: Final = date(2026, 4, 1)


class Name(NamedTuple):
    characters: str
    kana: str


class Written(NamedTuple):
    """One person as a facility has them; `registered` is None for who takes no part."""

    written: Demographics
    registered: Demographics | None
    is_twin: bool


def population(size: int, seed: int) -> list[Written]:
    """`size` people in households, each at most once registered and once written down.

    Each kind of error meets exactly its share of them, drawn anew for each kind.
    """
    chance = random.Random(seed)
    people, twins = _people(size, chance)
    written = list(people)
    for rate, change in (
        (MOVED, _moved),
        (KANA_TYPO, _with_kana_typo),
        (NEW_FAMILY_NAME, _with_new_family_name),
        (BIRTH_WRONG, _with_wrong_birth),
        (NO_INSURANCE, _without_insurance),
        (OTHER_CHARACTERS, _in_other_characters),
    ):
        for at in chance.sample(range(size), round(size * rate)):
            written[at] = change(written[at], chance)
    taking_part = set(chance.sample(range(size), round(size * TAKING_PART)))
    return [
        Written(written[at], people[at] if at in taking_part else None, at in twins)
        for at in range(size)
    ]


def _people(size: int, chance: random.Random) -> tuple[list[Demographics], set[int]]:
    names = _Names(chance)
    people: list[Demographics] = []
    twins: set[int] = set()
    wanted = round(size * TWINS)
    while len(people) < size:
        room = size - len(people)
        count = min(room, chance.choice((1, 1, 1, 2, 2, 2, 3, 3, 4, 5)))
        has_twins = len(twins) < wanted and room >= 2 and chance.random() < TWINS * 2
        has_twins = has_twins or wanted - len(twins) >= room - 1 > 0
        family, address = names.family(), _address(chance)
        insurer = f"{chance.choice((6, 33, 39, 1))}{chance.randrange(430_000, 430_400)}".zfill(8)
        number = str(chance.randrange(10_000_000))
        symbol = str(chance.randrange(1, 9_999))
        for at in range(max(count, 2) if has_twins else count):
            sex = chance.choice(("female", "male"))
            born = _TODAY - timedelta(days=int(chance.triangular(0, 36_000, 18_000)))
            if has_twins and at == 1:
                born = people[-1].birth_on or born
                sex = people[-1].sex if chance.random() < 0.65 else sex
                twins |= {len(people) - 1, len(people)}
            given = names.given(sex)
            while has_twins and at == 1 and people[-1].name.endswith(f" {given.characters}"):
                given = names.given(sex)
            people.append(
                Demographics(
                    name=f"{family.characters} {given.characters}",
                    name_kana=f"{family.kana} {given.kana}",
                    sex=sex,
                    birth_on=born,
                    address=address,
                    insured=Insured(insurer, symbol, number, f"{at + 1:02}"),
                )
            )
    return people, twins


class _Names:
    """Common names by their weights, and one in three or four out of a long tail."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.families = _weighted(_FAMILIES)
        self.givens = {sex: _weighted(text) for sex, text in _GIVEN.items()}
        self.parts = _named(_FAMILY_PARTS)
        self.firsts = {sex: _named(text) for sex, text in _GIVEN_FIRST.items()}
        self.lasts = {sex: _named(text) for sex, text in _GIVEN_LAST.items()}

    def family(self) -> Name:
        if self.chance.random() < 0.6:
            one, two = self.chance.sample(self.parts, 2)
            return Name(one.characters + two.characters, one.kana + two.kana)
        return self.chance.choices(*self.families)[0]

    def given(self, sex: str) -> Name:
        if self.chance.random() < 0.6:
            first = self.chance.choice(self.firsts[sex])
            last = self.chance.choice(self.lasts[sex])
            return Name(first.characters + last.characters, first.kana + last.kana)
        return self.chance.choices(*self.givens[sex])[0]


def _weighted(text: str) -> tuple[list[Name], list[int]]:
    names, weights = [], []
    for word in text.split():
        letters = word.rstrip("0123456789")
        names.append(_name(letters))
        weights.append(int(word[len(letters) :]))
    return names, weights


def _named(text: str) -> Sequence[Name]:
    return [_name(word) for word in text.split()]


def _name(letters: str) -> Name:
    at = len(letters)
    while at and "ァ" <= letters[at - 1] <= "ー":
        at -= 1
    return Name(letters[:at], letters[at:])


def _address(chance: random.Random) -> str:
    block, house = chance.randrange(1, 30), chance.randrange(1, 30)
    return f"熊本県{chance.choice(_TOWNS)}{chance.randrange(1, 7)}丁目{block}番{house}号"


def _moved(person: Demographics, chance: random.Random) -> Demographics:
    return replace(person, address=_address(chance))


def _with_kana_typo(person: Demographics, chance: random.Random) -> Demographics:
    kana = person.name_kana
    at = chance.choice([place for place, each in enumerate(kana) if each != " "])
    match chance.randrange(4):
        case 0:
            kana = kana[:at] + chance.choice(_KANA) + kana[at + 1 :]
        case 1 if len(kana.split()[0]) > 1 and len(kana.split()[-1]) > 1:
            kana = kana[:at] + kana[at + 1 :]
        case 2:
            kana = kana[:at] + _VOICED.get(kana[at], "ン") + kana[at + 1 :]
        case _:
            kana = kana[:at] + chance.choice(_KANA) + kana[at:]
    return replace(person, name_kana=kana)


def _with_new_family_name(person: Demographics, chance: random.Random) -> Demographics:
    family = _Names(chance).family()
    _, given = person.name.split()
    _, given_kana = person.name_kana.split()
    return replace(
        person, name=f"{family.characters} {given}", name_kana=f"{family.kana} {given_kana}"
    )


def _with_wrong_birth(person: Demographics, chance: random.Random) -> Demographics:
    if person.birth_on is None:
        return person
    near = [each for each in near_dates(person.birth_on) if each <= _TODAY]
    return replace(person, birth_on=chance.choice(near))


def _without_insurance(person: Demographics, chance: random.Random) -> Demographics:
    return replace(person, insured=None)


def _in_other_characters(person: Demographics, chance: random.Random) -> Demographics:
    """Old characters where there are any, and otherwise another width and another space."""
    name = person.name.translate(_OTHER)
    if name == person.name:
        name = name.replace(" ", "　")
    return replace(person, name=name)
