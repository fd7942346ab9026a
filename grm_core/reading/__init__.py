"""Completion text -> what a judge said: scores, principles, critique (`parsing`), or the response that it names.

    thinking, visible    which characters are the model's own words, spoken aloud
    boxes, scorelines    the pointwise scores
    sections             principles and critique
    choice, verdicts     the best response, by a boxed index or by a letter

Nothing here raises, and all of it takes linear time.
"""
