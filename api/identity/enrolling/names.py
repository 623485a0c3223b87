"""Names brought to one form for comparing: old and new characters, kana and widths alike.

What is equal when folded may be the same person and may not: folding offers, it never decides.
"""

import unicodedata
from typing import Final

import jaconv

# The forms in brackets in 常用漢字表 (Cabinet Notice 2 of 2010) and in list 2 of the 人名用漢字
# (Family Register Act Enforcement Regulations, appended table 2), as far as names use them; what
# Unicode's NFKC brings together by itself is left out.
_OLD_AND_NEW: Final = (
    "亞亜惡悪壓圧圍囲爲為醫医壹壱稻稲飮飲隱隠榮栄營営衞衛驛駅圓円緣縁艷艶應応歐欧櫻桜奧奥橫横溫温"
    "穩穏假仮價価畫画會会懷懐繪絵壞壊學学嶽岳樂楽卷巻勸勧寬寛關関歡歓觀観氣気歸帰龜亀犧犠舊旧據拠"
    "擧挙虛虚峽峡狹狭鄕郷曉暁區区驅駆勳勲薰薫徑径惠恵揭掲溪渓經経繼継莖茎螢蛍輕軽鷄鶏藝芸儉倹劍剣"
    "圈圏檢検權権獻献縣県險険顯顕驗験嚴厳廣広效効恆恒黃黄鑛鉱號号國国黑黒濟済劑剤册冊雜雑參参棧桟"
    "蠶蚕贊賛絲糸齒歯兒児辭辞濕湿實実舍舎寫写釋釈壽寿收収從従澁渋獸獣縱縦肅粛處処緖緒敍叙將将稱称"
    "燒焼證証奬奨條条狀状乘乗淨浄剩剰疊畳孃嬢讓譲觸触囑嘱眞真愼慎晉晋寢寝盡尽圖図粹粋醉酔穗穂隨随"
    "樞枢數数瀨瀬聲声靜静攝摂專専淺浅戰戦踐践錢銭潛潜禪禅雙双壯壮搜捜插挿巢巣爭争總総聰聡莊荘裝装"
    "增増藏蔵卽即帶帯臺台瀧滝擇択澤沢單単擔担團団彈弾斷断遲遅晝昼蟲虫鑄鋳廳庁聽聴鎭鎮遞逓鐵鉄轉転"
    "點点傳伝黨党燈灯當当德徳獨独讀読屆届繩縄貳弐惱悩腦脳霸覇拜拝賣売麥麦發発髮髪拔抜祕秘濱浜甁瓶"
    "拂払佛仏餠餅邊辺變変辨弁瓣弁辯弁舖舗步歩寶宝豐豊萠萌飜翻每毎萬万滿満默黙彌弥譯訳藥薬與与豫予"
    "餘余譽誉搖揺樣様謠謡遙遥來来賴頼亂乱覽覧龍竜兩両獵猟綠緑淚涙壘塁禮礼隸隷靈霊齡齢曆暦歷歴戀恋"
    "鍊錬爐炉勞労郞郎樓楼祿禄灣湾彥彦槇槙凉涼堯尭巖巌晄晃檜桧穰穣萊莱"
)
# Ways of writing the same surname in family registers that no official list pairs.
_SURNAMES: Final = (
    "髙高﨑崎嵜崎濵浜邉辺齋斉齊斉斎斉栁柳桺柳𠮷吉冨富嶋島嶌島舘館曻昇桒桑埜野峯峰渕淵渊淵靏鶴靍鶴"
    "籔薮藪薮圀国夘卯"
)
_KANA: Final = "ヰイヱエヂジヅズヮワ"
_ASCII: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
DROPPED: Final = "・.,'’‐-"


def _pairs(text: str) -> dict[int, int]:
    return {ord(text[at]): ord(text[at + 1]) for at in range(0, len(text), 2)}


SAME_CHARACTER: Final = _pairs(_OLD_AND_NEW) | _pairs(_SURNAMES) | _pairs(_KANA)


def to_katakana(text: str) -> str:
    """Kana of any kind and width as full-width katakana; everything else by NFKC."""
    return jaconv.hira2kata(unicodedata.normalize("NFKC", text))


def folded_name(name: str) -> str:
    """The form names are compared in; PostgreSQL's `app.folded_name` gives the same."""
    kana = jaconv.enlarge_smallkana(to_katakana(name))
    kept = (each for each in kana if not each.isspace() and each not in DROPPED)
    return "".join(kept).translate(SAME_CHARACTER).translate(_ASCII)


def are_alike(one: str, other: str) -> bool:
    """Nothing is like an empty name."""
    return folded_name(one) == folded_name(other) != ""
