"""Completion text -> what a judge said: its scores, principles and critique, or the response that it names.

    marks, thinking      which part of the text is thinking
    visible              what of the rest the judge says in its own voice
    boxes, labels        what a box holds, and what a line of scores may be called
    reported             what the judge says that others wrote
    scorelines           the scores
    sections             principles and critique
    parsing              all of these together
    boxed_choice         instead of scores, the best response by a boxed index
    letter_choice        the best response by a letter
    replies              what other people's judges end with: a rating, JSON

Nothing here raises, and all of it takes linear time.
"""
