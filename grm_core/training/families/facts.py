"""Seen families about small facts; a principle recalls the fact, the critique compares each answer with it."""

import random
from collections.abc import Sequence

from grm_core.training.families.base import Aspect, Check, Draft, Mark, families, words
from grm_core.training.families.material import ANIMALS, CAPITALS, OPPOSITES


def names(right: str, choices: Sequence[str]) -> Check:
    """Whether the right one of the known words is named, and no other."""

    def check(text: str) -> Mark:
        spoken = words(text)
        named = [word for word in choices if word.lower() in spoken]
        if named == [right]:
            return Mark(1.0, f"says {right}, right")
        if not named:
            return Mark(0.0, "does not say")
        wrong = next(word for word in named if word != right)
        return Mark(0.2 if right in named else 0.0, f"says {wrong}, not {right}, wrong")

    return check


def informs(text: str) -> Mark:
    """Whether the answer gives a reason or example besides the bare word, in at most thirty words."""
    size = len(words(text))
    return Mark(1.0, "it says so in a sentence") if 3 <= size <= 30 else Mark(0.5, "it is a bare word")


def recall(rng: random.Random, query: str, right: str, wrong: Sequence[str], say: Sequence[str], every: Sequence[str],
          how: str) -> Draft:  # fmt: skip
    """A draft whose answers name the right word or wrong ones, some in a sentence and some bare."""
    (first, second), forms = rng.sample(list(wrong), 2), rng.sample(list(say), 2)
    pool = [forms[0].format(right), right.capitalize() + ".", forms[1].format(first), f"{second.capitalize()}.",
            forms[0].format(second), "I do not know that."]  # fmt: skip
    aspects = (
        Aspect(
            (f"Right fact: {how}", f"Correctness: {how}", f"{how}; the answer must name {right}"), names(right, every)
        ),
        Aspect(("Full sentence: not a bare word", "Clarity: answers in a sentence"), informs),
    )
    return Draft(query, aspects, tuple(pool), right)


def capital(rng: random.Random) -> Draft:
    country = rng.choice(list(CAPITALS))
    right = CAPITALS[country]
    query = rng.choice(
        (f"What is the capital of {country}?", f"Name the capital city of {country}.", f"{country} has which capital?",
         f"Which city is the capital of {country}?")
    )  # fmt: skip
    wrong = [city for city in CAPITALS.values() if city != right]
    say = ("The capital is {}.", "It is the city of {}.", "That would be {}, of course.", "I think it is {}.")
    return recall(rng, query, right, wrong, say, list(CAPITALS.values()), f"the capital of {country} is {right}")


def opposite(rng: random.Random) -> Draft:
    pairs = OPPOSITES | {value: key for key, value in OPPOSITES.items()}
    word = rng.choice(list(pairs))
    query = rng.choice((f'What is the opposite of "{word}"?', f'Give me a word that means the opposite of "{word}".',
                        f'Which word is the contrary of "{word}"?'))  # fmt: skip
    wrong = [other for other in pairs if other not in (pairs[word], word)]
    say = ("The opposite is {}.", "It is the word {}.", "That would be {}.", "I would say {}.")
    return recall(rng, query, pairs[word], wrong, say, list(pairs), f"the opposite of {word} is {pairs[word]}")


def animal_class(rng: random.Random) -> Draft:
    animal = rng.choice(list(ANIMALS))
    classes = sorted(set(ANIMALS.values()))
    right = ANIMALS[animal]
    query = rng.choice(
        (f"Is a {animal} a mammal, a bird, a fish, an insect or a reptile?", f"What kind of animal is a {animal}?",
         f"To which class of animals does the {animal} belong?")
    )  # fmt: skip
    say = ("It is a kind of {}.", "The animal is a {}.", "That is a {}.", "It counts as a {}.")
    wrong = [name for name in classes if name != right]
    return recall(rng, query, right, wrong, say, classes, f"the {animal} is a {right}")


FAMILIES = families("facts", capital, opposite, animal_class)
