"""Whom the demo's records tell of: diagnoses, drugs, tests and letters of a made-up cast."""

from typing import Final

import msgspec

from api.fhir.codes import GENERAL_NAME, YJ


class Drug(msgspec.Struct, frozen=True):
    system: str
    code: str
    name: str
    usage: str
    daily: int


class Test(msgspec.Struct, frozen=True):
    """One laboratory item: the range its values are drawn from, their last digit, and the reference
    range it comes with ("" for none on that side)."""

    jlac10: str
    name: str
    unit: str
    low: str
    high: str
    step: str
    normal: tuple[str, str]


class Letter(msgspec.Struct, frozen=True):
    """A document, by the family doctor or else by the hospital. Sections are title and XHTML."""

    is_home: bool
    loinc: str
    title: str
    days: int
    sections: tuple[tuple[str, str], ...]


class Care(msgspec.Struct, frozen=True):
    """What nurses and carers noted: days ago, title, and what about what."""

    days: int
    title: str
    answers: tuple[tuple[str, str], ...]


class Story(msgspec.Struct, frozen=True):
    """What the generator tells about one person of the cast."""

    conditions: tuple[tuple[str, str, int], ...]  # ICD-10, name, years ago
    drugs: tuple[Drug, ...]
    tests: tuple[Test, ...]
    visits: int
    days_between: int
    allergies: tuple[tuple[str, str, str], ...]  # name, category, criticality
    vaccines: tuple[tuple[str, str, int], ...]  # CVX, name, days ago
    untold: tuple[str, str] | None
    supply: int  # days that each prescription lasts
    elsewhere: tuple[Drug, ...]  # what the hospital prescribes beside the family doctor
    elsewhere_visits: int
    imaging: tuple[str, str, str, str, int]  # modality, title, site, finding, images
    letters: tuple[Letter, ...]
    care: tuple[Care, ...]


_METFORMIN: Final = Drug(YJ, "3962002F2027", "メトグルコ錠２５０ｍｇ", "１日２回 朝夕食後", 2)
_AMLODIPINE: Final = Drug(
    GENERAL_NAME, "2171022F2ZZZ", "【般】アムロジピン錠５ｍｇ", "１日１回 朝食後", 1
)
_ROSUVASTATIN: Final = Drug(
    GENERAL_NAME, "2189017F1ZZZ", "【般】ロスバスタチン錠２．５ｍｇ", "１日１回 夕食後", 1
)
_FUROSEMIDE: Final = Drug(
    GENERAL_NAME, "2139005F2ZZZ", "【般】フロセミド錠２０ｍｇ", "１日１回 朝食後", 1
)
_CLOPIDOGREL: Final = Drug(
    GENERAL_NAME, "3399008F2ZZZ", "【般】クロピドグレル錠７５ｍｇ", "１日１回 朝食後", 1
)
_MAGNESIA: Final = Drug(
    GENERAL_NAME, "2344009F2ZZZ", "【般】酸化マグネシウム錠３３０ｍｇ", "１日３回 毎食後", 3
)
_FEXOFENADINE: Final = Drug(
    GENERAL_NAME, "4490023F2ZZZ", "【般】フェキソフェナジン錠６０ｍｇ", "１日２回 朝夕食後", 2
)
_AMLODIPINE_ELSEWHERE: Final = Drug(
    YJ, "2171022F2230", "アムロジピン錠５ｍｇ", "１日１回 朝食後", 1
)
_NIFEDIPINE: Final = Drug(YJ, "2171014G4021", "ニフェジピンＣＲ錠２０ｍｇ", "１日１回 朝食後", 1)
_ASPIRIN: Final = Drug(YJ, "3399007H1021", "アスピリン腸溶錠１００ｍｇ", "１日１回 朝食後", 1)

_HBA1C: Final = Test("3D046000001906202", "HbA1c(NGSP)", "%", "6.6", "7.8", "0.1", ("4.9", "6.0"))
_CREATININE: Final = Test(
    "3C015000002327101", "クレアチニン", "mg/dL", "0.62", "0.84", "0.01", ("0.46", "0.79")
)
_POTASSIUM: Final = Test(
    "3H015000002326101", "カリウム", "mEq/L", "3.8", "4.9", "0.1", ("3.6", "4.8")
)
_LDL: Final = Test(
    "3F077000002327101", "LDL-コレステロール", "mg/dL", "96", "148", "1", ("65", "139")
)
_HDL: Final = Test("3F070000002327101", "HDL-コレステロール", "mg/dL", "46", "63", "1", ("40", ""))
_ALT: Final = Test("3B045000002327201", "ALT(GPT)", "U/L", "18", "39", "1", ("7", "23"))
_GGT: Final = Test("3B090000002327101", "γ-GTP", "U/L", "22", "51", "1", ("", "47"))
_OLD_CREATININE: Final = msgspec.structs.replace(
    _CREATININE, low="1.05", high="1.38", normal=("0.65", "1.07")
)
_HEMOGLOBIN: Final = Test(
    "2A030000001930101", "ヘモグロビン", "g/dL", "10.8", "12.4", "0.1", ("11.6", "14.8")
)
HBS: Final = ("5F016141002399831", "HBs抗原")

STORIES: Final = {
    "hanako": Story(
        conditions=(
            ("E119", "２型糖尿病", 9),
            ("I10", "本態性高血圧症", 6),
            ("E785", "脂質異常症", 4),
        ),
        drugs=(_METFORMIN, _AMLODIPINE, _ROSUVASTATIN),
        tests=(_HBA1C, _CREATININE, _POTASSIUM, _LDL, _HDL, _ALT, _GGT),
        visits=6,
        days_between=61,
        allergies=(("そば", "food", "low"), ("ペニシリン系抗菌薬", "medication", "high")),
        vaccines=(("88", "インフルエンザワクチン", 120),),
        untold=("D377", "膵のう胞性腫瘍の疑い"),
        supply=56,
        elsewhere=(_AMLODIPINE_ELSEWHERE,),
        elsewhere_visits=4,
        imaging=("CT", "腹部CT", "腹部", "肝臓・腎臓に異常を認めません。", 186),
        letters=(
            Letter(
                True,
                "57133-1",
                "診療情報提供書",
                20,
                (
                    ("紹介目的", "<p>年に一度の眼底検査をお願いいたします。</p>"),
                    ("現病歴", "<p>糖尿病で通院中の方です。血糖は安定しています。</p>"),
                ),
            ),
            Letter(
                False,
                "18842-5",
                "退院時サマリー",
                310,
                (
                    ("入院理由", "<p>糖尿病の教育入院（７日間）。</p>"),
                    ("入院経過", "<p>食事と運動の指導を受け、血糖は改善しました。</p>"),
                    (
                        "退院時処方",
                        "<table><tbody><tr><th>薬</th><th>使い方</th></tr><tr>"
                        "<td>メトグルコ錠２５０ｍｇ</td><td>１日２回 朝夕食後</td></tr>"
                        "</tbody></table>",
                    ),
                ),
            ),
        ),
        care=(
            Care(
                40,
                "療養の相談",
                (
                    ("食事", "夕食が遅くなりがち。間食は減った。"),
                    ("運動", "週に３日、３０分歩く。"),
                ),
            ),
        ),
    ),
    "taro": Story(
        conditions=(
            ("I500", "うっ血性心不全", 3),
            ("I251", "陳旧性心筋梗塞", 7),
            ("K590", "便秘症", 5),
        ),
        drugs=(_FUROSEMIDE, _CLOPIDOGREL, _AMLODIPINE, _MAGNESIA),
        tests=(_OLD_CREATININE, _POTASSIUM, _HEMOGLOBIN, _LDL),
        visits=5,
        days_between=45,
        allergies=(("造影剤（ヨード）", "medication", "high"),),
        vaccines=(("33", "肺炎球菌ワクチン", 900), ("88", "インフルエンザワクチン", 95)),
        untold=("D400", "前立腺腫瘍の疑い"),
        supply=42,
        elsewhere=(_ASPIRIN, _NIFEDIPINE),
        elsewhere_visits=3,
        imaging=("CR", "胸部X線", "胸部", "心胸郭比55%。胸水は認めません。", 2),
        letters=(
            Letter(
                True,
                "18842-5",
                "退院時サマリー",
                20,
                (
                    (
                        "入院経過",
                        "<p>心不全の悪化で入院し、利尿薬の調整で軽快して退院しました。</p>",
                    ),
                    (
                        "退院後の方針",
                        "<ul><li>塩分は１日６ｇまで</li><li>体重を毎朝はかる</li></ul>",
                    ),
                ),
            ),
        ),
        care=(
            Care(
                12,
                "介護・生活情報",
                (("歩く", "家の中はつえで歩く。"), ("食事", "ひとりで食べる。汁物は残す。")),
            ),
            Care(
                70, "訪問看護の記録", (("むくみ", "すねに軽いむくみ。"), ("体重", "５８．４ｋｇ"))
            ),
        ),
    ),
    "yumi": Story(
        conditions=(("J301", "花粉症", 8), ("D509", "鉄欠乏性貧血", 1)),
        drugs=(_FEXOFENADINE,),
        tests=(_HEMOGLOBIN, _ALT),
        visits=3,
        days_between=90,
        allergies=(("キウイフルーツ", "food", "low"),),
        vaccines=(("03", "麻しん風しん混合ワクチン", 1500),),
        untold=None,
        supply=28,
        elsewhere=(),
        elsewhere_visits=1,
        imaging=("US", "腹部超音波", "腹部", "異常を認めません。", 24),
        letters=(
            Letter(
                True,
                "57133-1",
                "診療情報提供書",
                20,
                (("紹介目的", "<p>貧血の精査のため、婦人科での診察をお願いいたします。</p>"),),
            ),
        ),
        care=(),
    ),
}
