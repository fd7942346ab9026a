"""One table, three forms, the same cells."""

import csv
import io

import numpy as np
import pandas as pd
from markdown_it import MarkdownIt

from reports.table import Table
from tests.reports.reader import Reader

HOSTILE = "<script>alert(1)</script>|\"\n{{7*7}} 'x' `y` \\"


def test_numbers_are_rounded_for_a_reader_and_whole_in_csv() -> None:
    rows = (("a", 0.12345, 1234.56, 3), ("b", None, None, None))
    table = Table(("name", "share", "rating", "n"), rows, {"rating": ".0f"})
    assert table.markdown() == (
        "| name | share | rating | n |\n| --- | --- | --- | --- |\n| a | 0.123 | 1235 | 3 |\n| b | – | – | – |"
    )
    assert table.csv() == "name,share,rating,n\na,0.12345,1234.56,3\nb,,,\n"
    assert "<td>0.123</td><td>1235</td><td>3</td>" in table.html()


def test_hostile_cells_and_heads_stay_cells() -> None:
    table = Table((HOSTILE, "n"), ((HOSTILE, 1), ("=1+1", 2)))
    reader = Reader()
    reader.feed(str(table.html()))
    assert reader.tags == {"table", "tr", "th", "td"}
    assert reader.text.count(HOSTILE) == 2
    kinds = [token.type for token in MarkdownIt("gfm-like", {"linkify": False}).parse(table.markdown())]
    assert (kinds.count("td_open"), kinds.count("th_open"), kinds.count("html_inline")) == (4, 2, 0)
    assert list(csv.reader(io.StringIO(table.csv()))) == [[HOSTILE, "n"], [HOSTILE, "1"], ["'=1+1", "2"]]


def test_csv_of_more_than_ascii_begins_with_a_byte_order_mark() -> None:
    assert Table(("a",), (("é",),)).csv() == "\ufeffa\né\n"
    assert Table(("a",), (("e",),)).csv() == "a\ne\n"
    assert Table(("a",), (("\ud800",),)).csv().encode() == "\ufeffa\n\ufffd\n".encode()


def test_words_stand_to_the_left_and_marked_cells_out() -> None:
    html = Table(("a", "b"), (("x", 1), ("y", 2)), marked=frozenset([(1, "b")])).html()
    assert '<th class="words">a</th><th>b</th>' in html
    assert '<td class="words">y</td><td class="mark">2</td>' in html


def test_a_data_frame_has_the_csv_that_pandas_writes() -> None:
    frame = pd.DataFrame(
        {
            "text": ["a,b", 'say "x"', "two\nlines"], "whole": pd.array([1, None, 3], dtype="Int64"),
            "float": [0.1, np.nan, 1e-9], "int": [1, 2, 3], "flag": [True, False, True], "none": [None, "x", None],
            "mixed": [1, "x", 2.5],
        }
    )  # fmt: skip
    assert Table.of(frame).csv() == frame.to_csv(index=False)


def test_a_table_without_rows_has_its_head() -> None:
    assert Table(("a", "b"), ()).markdown() == "| a | b |\n| --- | --- |"
    assert Table(("a", "b"), ()).csv() == "a,b\n"
