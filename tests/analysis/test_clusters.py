"""Clusters are stable, named by their own words, and what they do to votes is computed again with `vote`."""

import math
import random
import statistics
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from grm_core.analysis import clusters
from grm_core.reading.parsing import parse
from grm_core.types import Sample
from grm_core.voting import vote
from tests.make import make_sample

WORDS = {
    "fact": "States the right capital city",
    "length": "Keeps within forty words",
    "tone": "Polite and warm in tone",
}


def sample(index: int, scores: tuple[int, int], kinds: tuple[str, ...], session: str = "s") -> Sample:
    stated = "".join(f"{i}. {WORDS[kind]} (weight: {20 * i}%)\n" for i, kind in enumerate(kinds, 1))
    text = (
        f"Principles:\n{stated}Critique:\nResponse 1: a.\nResponse 2: b.\nScores: \\boxed{{{scores[0]}, {scores[1]}}}"
    )
    return replace(make_sample(index, scores, session_id=session, text=text), parsed=parse(text, 2))


SESSIONS = {
    "s": [
        sample(0, (8, 3), ("fact",)), sample(1, (7, 4), ("fact", "tone")), sample(2, (2, 9), ("length",)),
        sample(3, (9, 2), ("fact",)), sample(4, (3, 7), ("length", "tone")), sample(5, (6, 5), ("tone",)),
    ],
    "t": [sample(0, (5, 6), ("length",), "t"), sample(1, (6, 5), ("fact",), "t"), sample(2, (4, 6), ("length",), "t")],
}  # fmt: skip


def vectors(count: int, groups: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(groups, 384))
    points = centres[np.arange(count) % groups] + 0.02 * rng.normal(size=(count, 384))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def test_statements_are_one_row_per_principle_of_every_session() -> None:
    stated = clusters.statements(SESSIONS)
    assert len(stated) == 11
    first = stated.iloc[1]
    assert (first["session"], first["index"], first["principle"], first["weight"]) == ("s", 1, WORDS["fact"], 20)
    assert len(clusters.statements({"s": [make_sample(0, None)]})) == 0


def test_like_vectors_share_a_cluster_and_the_largest_comes_first() -> None:
    groups = clusters.cluster(np.concatenate([vectors(40, 4), vectors(40, 4)[:10:4]]))
    assert len(set(groups)) == 4
    assert groups[0] == 0
    for i in range(40):
        assert groups[i] == groups[i % 4]
    sizes = np.bincount(groups)
    assert list(sizes) == sorted(sizes, reverse=True)
    assert list(clusters.cluster(vectors(1, 1))) == [0]


def test_the_same_vectors_give_the_same_clusters() -> None:
    for count in (300, 2000):
        points = vectors(count, 12)
        assert (clusters.cluster(points) == clusters.cluster(points.copy())).all()


def test_a_cluster_is_named_by_its_most_typical_headline() -> None:
    texts = [
        "Conciseness: says it in few words", "conciseness - no padding", "Short: few words",
        "Names the right capital", "Correct capital: Canberra, not Sydney", "Correct capital: it is Canberra",
        "7%",
    ]  # fmt: skip
    assert clusters.names(texts, [0, 0, 0, 1, 1, 1, 2]) == ["Conciseness", "Correct capital", "7%"]
    assert clusters.names(["!", "**"], [0, 1]) == ["!", "cluster 2"]


def test_no_two_clusters_have_one_name_and_none_is_long() -> None:
    texts = ["Accuracy: of dates", "Accuracy: of names", "Right names", "The answer " + "is long and " * 20]
    called = clusters.names(texts, [0, 1, 1, 2])
    assert called[:2] == ["Accuracy", "Right names"]
    assert len(called[2]) <= 60
    assert called[2].startswith("The answer is long")


def placed() -> pd.DataFrame:
    order = [WORDS["fact"], WORDS["length"], WORDS["tone"]]
    stated = clusters.statements(SESSIONS)
    return stated.assign(cluster=stated["principle"].map(order.index))


def test_what_a_cluster_does_to_the_vote_is_what_the_vote_says_without_its_samples() -> None:
    table = clusters.table(placed(), ["fact", "length", "tone"], SESSIONS).set_index("name")
    assert list(table["share"]) == pytest.approx([4 / 9, 4 / 9, 3 / 9])
    assert list(table["first"]) == [1, 1, 2]
    assert table["weight"]["tone"] == pytest.approx(statistics.fmean([40, 40, 20]))
    winners = {name: vote(samples).winner for name, samples in SESSIONS.items()}
    assert winners == {"s": 0, "t": 1}
    margins = [5, 3, 7, -1]  # of the samples with `fact`: three of s for A, one of t for B
    assert table["with"]["fact"] == pytest.approx(statistics.fmean(margins))
    kept = {name: [s for s in samples if WORDS["fact"] not in {p.text for p in s.parsed.principles}]
            for name, samples in SESSIONS.items()}  # fmt: skip
    flipped = [vote(left).winner != winners[name] for name, left in kept.items()]
    assert table["flips"]["fact"] == pytest.approx(statistics.fmean(flipped))
    assert table["low"]["fact"] <= table["with"]["fact"] - table["without"]["fact"] <= table["high"]["fact"]


def test_a_cluster_that_every_sample_states_flips_nothing_since_nobody_is_left_to_vote() -> None:
    everywhere = placed().assign(cluster=0)
    table = clusters.table(everywhere, ["all"], SESSIONS)
    assert table["flips"].isna().all()
    assert table["without"].isna().all()


def test_accumulation_ends_at_all_clusters_and_is_exact_where_order_does_not_matter() -> None:
    mine = placed().query("session == 's'")
    table = clusters.accumulation(mine, range(6))
    assert list(table["k"]) == [1, 2, 3, 4, 5, 6]
    assert (table["mean"].iloc[-1], table["low"].iloc[-1], table["high"].iloc[-1]) == (3, 3, 3)
    assert table["mean"].is_monotonic_increasing
    expected = statistics.fmean([1, 2, 1, 1, 2, 1])
    assert table["mean"].iloc[0] == pytest.approx(expected, abs=0.15), "200 random orders"


def test_entropy_in_bits() -> None:
    assert clusters.entropy([0, 0, 0]) == 0
    assert clusters.entropy([0, 1, 2, 3]) == pytest.approx(2)
    assert clusters.entropy([0, 0, 0, 1]) == pytest.approx(-(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25)))
    assert clusters.entropy([]) == 0


def test_boilerplate_is_what_stands_under_another_item_too() -> None:
    one, two, three = np.eye(3, dtype=np.float32)
    points = np.array([one, two, one, three])
    assert clusters.boilerplate(points, ["a", "a", "b", "b"]) == 0.5
    assert clusters.boilerplate(points, ["a"] * 4) is None
    shuffled = list(range(4))
    random.Random(0).shuffle(shuffled)
    assert clusters.boilerplate(points[shuffled], [["a", "a", "b", "b"][i] for i in shuffled]) == 0.5
