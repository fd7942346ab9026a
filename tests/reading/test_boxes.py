"""What a box may hold around its numbers, and one box for each response."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grm_core.reading.parsing import parse
from grm_core.types import ParseStatus as P
from tests.reading.unread import unread

DRESSED = [
    r"\text{8}, \text{3}",
    r"\text{8, 3}",
    r"\text{ 8, 3 }",
    r"\textbf{8}, 3",
    r"\textbf{8, 3}",
    r"\textit{8}, \textrm{3}",
    r"\mathrm{8}, \mathrm{3}",
    r"\mathbf{8}, \mathsf 3",
    r"\boldsymbol{8}, \bm{3}",
    r"\bf 8, 3",
    r"\mbox{8}, \operatorname{3}",
    r"\underline{8}, \emph{3}",
    r"\displaystyle 8, 3",
    r"\textcolor{red}{8}, {\color{blue}3}",
    r"\boxed{8}, \boxed{3}",
    r"\text{\textbf{8}}, 3",
    r"\left(8, 3\right)",
    r"\left[8, 3\right]",
    r"\left\{8, 3\right\}",
    r"\bigl(8, 3\bigr)",
    r"\lbrack 8, 3 \rbrack",
    r"\left(\text{8}, \text{3}\right)",
    "(8, 3)",
    "[8, 3]",
    "{8, 3}",
    r"\{8, 3\}",
    "{8}, {3}",
    "(8), (3)",
    "[8], [3]",
    "$8$, $3$",
    r"8{,}3",
    r"8{,}\,3",
    r"8,\thinspace 3",
    r"8,\mkern3mu 3",
    r"8,\hskip 1em 3",
    r"8,\hspace{1cm}3",
    r"8\space,\space3",
    "8,\u20093",
    "8,\u202f3",
    "8，3",
    "8， 3",
    "8、3",
    "8､3",
    "（8，3）",
    "［8，3］",
    "8.0, 3.0",
    "8.00, 3",
    "08, 3",
]


@unread(
    {
        P.OUT_OF_RANGE: [
            r"\text{7.5}, 3",
            "8.05, 3",
            r"\frac{8}{10}, 3",
            r"\text{11}, 3",
            "８, 3",  # ASCII digits only
            r"\text{eight}, 3",
        ],
        P.WRONG_COUNT: [r"\text{8}", "[8, 3], [2, 9]", r"8 \text{ and } 3", "8；3", r"{,}3"],
    },
    cut={},
)
def test_what_is_wrong_inside_a_dressed_box_is_named(text: str, finish: str, status: P) -> None:
    assert parse(f"Scores: \\boxed{{{text}}}", 2, finish).status == status


def test_a_tab_that_a_shell_made_of_text_is_understood() -> None:
    assert parse("Scores: \\boxed{\text{8}, \textbf{3}}", 2).shown_scores == (8, 3)


ONE_EACH = [
    "Response 1: \\boxed{8}\nResponse 2: \\boxed{3}",
    "**Response 1:** good.\n$\\boxed{8}$\n\n**Response 2:** vague, unlike Response 1.\n$\\boxed{3}$",
    "Scores: \\boxed{8}, \\boxed{3}",
    "\\boxed{8}\n\\boxed{3}",
    "1. \\boxed{8}\n2. \\boxed{3}",
    "Score: \\boxed{8}\nScore: \\boxed{3}",
    "The first gets \\boxed{8}, the second \\boxed{3}.",
    "Response A: \\boxed{\\text{8}}\nResponse B: \\boxed{\\text{3}}",
    "\\boxed{8} for Response 1 and \\boxed{3} for Response 2.",
    "回答1：\\boxed{8}\n回答2：\\boxed{3}",
    "Response 1: \\boxed{8.0}\nResponse 2: \\boxed{3}",
]


@pytest.mark.parametrize("text", [*(f"Scores: \\boxed{{{inside}}}" for inside in DRESSED), *ONE_EACH])
def test_a_box_with_latex_around_its_numbers_and_one_box_for_each_response_in_order_are_read(text: str) -> None:
    parsed = parse(text, 2, "stop")
    assert (parsed.status, parsed.shown_scores) == ("ok", (8, 3))
    assert [text[slice(*span)] for span in parsed.score_spans] == ["8", "3"]


@unread(
    {
        P.AMBIGUOUS: [
            "Response 2: \\boxed{3}\nResponse 1: \\boxed{8}",
            "\\boxed{3} for Response 2, \\boxed{8} for Response 1.",
            "The second gets \\boxed{3}, the first \\boxed{8}.",
        ],
        P.OUT_OF_RANGE: [
            "Response 1: \\boxed{8}\nResponse 2: \\boxed{11}",
            "Response 1: \\boxed{8}\nResponse 2: \\boxed{7.5}",
        ],
        P.WRONG_COUNT: [
            "Response 1: \\boxed{8}",
            "Response 1: \\boxed{8}\nResponse 2: \\boxed{3}\nResponse 3: \\boxed{4}",
            "It says \\boxed{7}.\nScore: \\boxed{3}",
            "Response 1: \\boxed{8}\nResponse 2: \\boxed{x}",
        ],
        P.TRUNCATED: ["Response 1: \\boxed{8}\nResponse 2: \\boxed{"],
    },
    cut={},
)
def test_boxes_that_are_not_one_each_in_order_are_not_read(text: str, finish: str, status: P) -> None:
    assert parse(text, 2, finish).status == status


def test_boxes_for_each_are_read_only_where_there_is_no_list() -> None:
    assert parse("Response 1: \\boxed{1}\nResponse 2: \\boxed{2}\nScores: \\boxed{8, 3}", 2).shown_scores == (8, 3)
    assert parse("Response 1: \\boxed{1}\nResponse 2: \\boxed{2}\nScores: [8, 3]", 2).shown_scores == (8, 3)


LABELS = [
    "评分：[8, 3]",
    "最终得分: [8, 3]",
    "**最终评分**：[8，3]",
    "【评分】：[8, 3]",
    "最終スコア：[8, 3]",
    "評価：［8，3］",
    "最終評分：【8、3】",
    "점수: [8, 3]",
    "최종 평가 점수: [8, 3]",
    "Оценки: [8, 3]",
    "**Итоговые баллы:** [8, 3]",
    "Оцінки: [8, 3]",
    "النتيجة: [8, 3]",
    "الدرجات النهائية: [8، 3]",
    "ציונים: [8, 3]",
    "स्कोर: [8, 3]",
    "अंतिम अंक: [8, 3]",
    "คะแนน: [8, 3]",
    "Βαθμολογία: [8, 3]",
    "Điểm số: [8, 3]",
    "Puntuaciones: [8, 3]",
    "Bewertung: [8, 3]",
    "评分（1-10）：[8, 3]",
    "评分：`[8, 3]`",
    "评分：[[8, 3]]",
]


@pytest.mark.parametrize("line", LABELS)
def test_a_label_in_another_script_may_stand_before_brackets(line: str) -> None:
    assert parse(f"Critique.\n\n{line}", 2, "stop").shown_scores == (8, 3)


@pytest.mark.parametrize(
    "line", ["例如评分：[10, 1]", "回答二的自评分：[10, 1]", "Пример оценки: [10, 1]", "背景：[10, 1]"]
)
def test_other_words_of_another_script_are_no_label(line: str) -> None:
    assert parse(line, 2, "stop").status == "no_scores"
    assert parse(f"{line}\n评分：[3, 7]", 2, "stop").shown_scores == (3, 7)


def test_a_labelled_list_of_another_script_names_what_is_wrong() -> None:
    assert parse("评分：[8]", 2, "stop").status == "wrong_count"
    assert parse("评分：[8, 11]", 2, "stop").status == "out_of_range"
    assert parse("评分：\\boxed{8，3}\n评分：\\boxed{3，8}", 2, "stop").status == "ambiguous"


NUMBERS = st.lists(st.integers(1, 10), min_size=1, max_size=6)
DRESSES = st.sampled_from(
    ["{}", "\\text{{{}}}", "\\mathbf{{{}}}", "{{{}}}", "({})", "{}.0", " {}~", "\\,{}", "$\\bf {}$"]
)
COMMAS = st.sampled_from([",", ", ", "{,}", ",\\;", "，", "、", "\\text{, }", ",\n"])


@settings(max_examples=300, deadline=None)
@given(NUMBERS, st.data())
def test_numbers_in_any_dress_are_read_as_they_are(numbers: list[int], data: st.DataObject) -> None:
    inside = data.draw(COMMAS).join(data.draw(DRESSES).format(number) for number in numbers)
    text = f"Scores: \\boxed{{{data.draw(DRESSES).removesuffix('.0').format(inside)}}}"
    parsed = parse(text, len(numbers), "stop")
    assert parsed.shown_scores == tuple(numbers), text
    assert [int(text[slice(*span)]) for span in parsed.score_spans] == numbers
