"""Two honest rivals of a small GRM: the longer response wins, and a bag of words over the responses alone.

Both see what a judge is said to see through: length and vocabulary. A GRM that does not beat them has learned nothing
about the query.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grm_core import outcome
from grm_core.types import Example


def longer_wins(examples: Sequence[Example]) -> NDArray[np.float64]:
    """(items,) 1 where the longest response (characters) is the labelled best, shared where several are longest."""
    return np.array([outcome.credit([len(text) for text in each.responses], each.labels or ()) for each in examples])


def bag_of_words(train: Sequence[Example], examples: Sequence[Example]) -> NDArray[np.float64]:
    """(items,) 1 where TF-IDF and logistic regression, fitted on the training pairs' responses, rank the best first.

    The classifier learns which response of a pair is the better one from the responses alone; the query is not seen.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    texts = [text for each in train for text in each.responses]
    right = [label == max(each.labels or ()) for each in train for label in each.labels or ()]
    words = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    model = LogisticRegression(C=1.0, max_iter=1000).fit(words.fit_transform(texts), right)
    return np.array(
        [
            outcome.credit(model.decision_function(words.transform(each.responses)), each.labels or ())
            for each in examples
        ]
    )
