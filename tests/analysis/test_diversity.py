"""How different principles are, against plain arithmetic."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from grm_core.analysis import clusters, diversity
from grm_core.types import Parsed, ParseStatus, Principle
from tests.analysis.test_clusters import SESSIONS, WORDS
from tests.make import make_example, make_sample


def test_mean_cosine_is_that_of_all_pairs() -> None:
    vectors = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = [float(one @ other) for one, other in combinations(vectors, 2)]
    assert diversity.pairwise_cosine(vectors) == pytest.approx(np.mean(pairs), abs=1e-5)
    assert diversity.pairwise_cosine(np.repeat(vectors[:1], 3, axis=0)) == pytest.approx(1.0, abs=1e-5)
    assert diversity.pairwise_cosine(vectors[:1]) is None


def test_a_principle_names_the_query_by_a_word_or_a_number_of_it() -> None:
    def judged(*texts: str) -> object:
        principles = tuple(Principle(text) for text in texts)
        return replace(make_sample(0, (9, 2)), parsed=Parsed(ParseStatus.OK, principles, shown_scores=(9, 2)))

    example = make_example(2, "What is 47 + 36 in the lighthouse?")
    samples = [
        judged("Correct sum: 47 + 36"),
        judged("Clarity", "About the Lighthouse"),
        judged("What is clear"),
        judged(),
    ]
    assert diversity.names_the_query(example, samples) == pytest.approx(1.0), "'what' stands in the query too"
    assert diversity.names_the_query(example, [judged("Clarity of the text")]) == 0.0
    assert diversity.names_the_query(example, [judged()]) is None
    assert diversity.in_words(judged("One", "Two")) == "One; Two"


def by_words(texts: list[str]) -> np.ndarray:
    """Vectors of which each axis is one of the words that the three principles have apart."""
    axes = ("capital", "forty", "polite")
    rows = np.array([[float(word in text.lower()) for word in axes] for text in texts], dtype=np.float32)
    return rows / np.maximum(1e-9, np.linalg.norm(rows, axis=1, keepdims=True)) if len(texts) else rows


def test_numbers_are_what_the_samples_say() -> None:
    table = diversity.numbers(SESSIONS, by_words, ["Be polite"]).set_index("name")["value"]
    assert table["principles stated"] == 11
    assert table["distinct principles"] == 3
    assert table["samples that state principles"] == 9
    assert table["clusters"] == 3
    assert table["entropy"] == pytest.approx(clusters.entropy([0] * 4 + [1] * 4 + [2] * 3))
    assert table["overlap with general principles"] == pytest.approx(3 / 11), "tone stands three times"
    shared = sum(WORDS[kind] in texts for kind in ("fact", "length") for texts in [[*WORDS.values()]] * 4)
    assert table["boilerplate"] == pytest.approx(shared / 11), "fact and length stand under both items"
    assert diversity.numbers(SESSIONS, by_words).set_index("name")["value"]["overlap with general principles"] is None


def test_numbers_of_samples_without_principles_are_empty_not_wrong() -> None:
    table = diversity.numbers({"s": [make_sample(0, (1, 2))]}, by_words).set_index("name")["value"]
    assert table["principles stated"] == 0
    assert table["mean cosine"] is None
