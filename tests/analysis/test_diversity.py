"""How different principles are, against plain arithmetic."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from grm_core.analysis import diversity
from grm_core.types import Parsed, ParseStatus, Principle
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
    assert diversity.stated(judged("One", "Two")) == "One; Two"
