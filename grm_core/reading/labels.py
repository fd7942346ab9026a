r"""Labels in front of the scores on a line: `**Scores:**`, `Final score -`, `最终得分：`, `Оценки:`."""

import re

_WORDS = r"(?:the|my|final|overall|total|pointwise|individual|respective|integer|response|responses)"
_SCALE = r"(?:[ \t]*+\((?:out of 10|1[ ]?(?:-|–|to)[ ]?10|in order)\))?"
LABEL_NAME = rf"(?:{_WORDS}[ \t]++){{0,4}}+(?:scores?|ratings?){_SCALE}"
RESPONSE_NOUN = (
    r"(?:response|answer|assistant|candidate|reply|output|completion|回答|回复|回覆|响应|応答|答え|응답|답변|ответ)"
)
MARK = r"[\s\ufeff*_\#|~$•·+–—-]|\\[(\[]|\d{1, 2}[.)](?=\s)"
TAG = r"</?(?:final_)?(?:scores?|ratings?)>"
_PREFIX = re.compile(rf"(?:{MARK})*+(?P<label>(?:{TAG}|{LABEL_NAME})(?:{MARK}|{TAG}|[:：=`])*+)?", re.IGNORECASE)
_ALONE = re.compile(rf"(?:{MARK})*+{LABEL_NAME}(?:{MARK}|[:：=])*+", re.IGNORECASE)

# Vowel signs are no letters to Python, and a label of Hindi or Thai is full of them.
_LETTER = r"(?:[^\W\d_]|[\u0300-\u036f\u0591-\u05c7\u0610-\u065f\u0900-\u0dff\u0e00-\u0fff])"
_ELSEWHERE = re.compile(
    rf"(?:{MARK}|[【《])*+(?P<label>{_LETTER}(?:{_LETTER}|[ \t\u3000'’/&]){{0,39}}+)"
    rf"(?:[(（][^()（）\n]{{1,20}}[)）])?(?:{MARK}|[】》:：=])*+(?P<tick>`)?(?:{MARK})*+",
    re.IGNORECASE,
)
_SCORE_WORD = re.compile(
    "评分|得分|分数|打分|总分|评级|评价|評分|分數|總分|評價|評級|スコア|点数|得点|採点|評点|評価|점수|평점|평가|채점|스코어"
    "|оценк|оценок|балл|рейтинг|очк[иа]|оцін|бали|балів|βαθμολογ|σκορ|النتيج|النتائج|درج[اة]|الدرج|تقييم|نقاط|النقاط|امتیاز|نمر"
    "|ציון|ציונ|ניקוד|अंक|स्कोर|रेटिंग|স্কোর|নম্বর|คะแนน|điểm|puntuaci|puntaje|calificaci|notas|pontuaç|avaliaç"
    "|bewertung|punkt|wertung|punteggi|valutazion|oceny|ocena|hodnocen|skóre|skor|nilai|puan|poäng|betyg|piste|arvosan"
    "|pontszám|punctaj|notes? (?:final|global|obtenu|attribu)|notation|évaluation|beoordeling"
    "|(?:eind|totaal|slut)score|vurdering",
    re.IGNORECASE,
)
_NOT_THE_SCORES = re.compile(
    "[一二三四五六七八九十甲乙丙例]|自己|自[评評我]|예시|예를|пример|приклад|مثال|उदाहरण|ตัวอย่าง"
    "|ejemplo|exempl|beispiel|esempio|selbst|eigen|propi",
    re.IGNORECASE,
)
"""An example, or what one response says of itself."""


def label_before(text: str, start: int, end: int) -> str | None:
    """The label of a line whose scores begin at `end`; '' without a label, None where other words stand there."""
    own = _PREFIX.fullmatch(text, start, end)
    if own is not None:
        return own["label"] or ""
    foreign = _ELSEWHERE.fullmatch(text, start, end)
    return None if foreign is None or not _means_scores(foreign["label"]) else foreign["label"]


def is_label(text: str, start: int, end: int) -> bool:
    """Whether nothing but a label and marks stands here."""
    if _ALONE.fullmatch(text, start, end):
        return True
    foreign = _ELSEWHERE.fullmatch(text, start, end)
    return foreign is not None and _means_scores(foreign["label"])


def _means_scores(label: str) -> bool:
    return bool(_SCORE_WORD.search(label)) and not _NOT_THE_SCORES.search(label)
