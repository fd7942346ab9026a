"""A study clusters scopes together and tells each apart."""

from grm_core.analysis import clusters
from grm_core.analysis.principles import study
from tests.analysis.test_clusters import SESSIONS, WORDS
from tests.analysis.test_diversity import by_words
from tests.make import make_sample


def test_two_scopes_share_clusters_and_have_tables_of_their_own() -> None:
    first, second = ({name: SESSIONS[name]} for name in ("s", "t"))
    studied = study([first, second], by_words, [["Be polite"]])
    assert studied is not None
    assert len(studied.stated) == 11
    assert studied.stated.groupby("principle")["cluster"].nunique().max() == 1
    assert {len(table) for table in studied.clusters} == {3, 2}, "the second never states the tone"
    overlap = [table.set_index("name")["value"]["overlap with general principles"] for table in studied.numbers]
    assert overlap == [3 / 8, None], "only the first has a template with general principles"
    assert [len(table) for table in studied.growth] == [6, 3]
    called = dict(zip(studied.stated["principle"], studied.stated["name"], strict=True))
    assert "capital" in called[WORDS["fact"]]


def test_a_scope_of_several_sessions_has_no_growth_and_one_without_principles_no_study() -> None:
    studied = study([SESSIONS], by_words)
    assert studied is not None
    assert studied.growth == []
    expected = clusters.table(studied.stated, studied.names, SESSIONS)
    assert studied.clusters[0].equals(expected)
    assert study([{"s": [make_sample(0, (1, 2))]}], by_words) is None
