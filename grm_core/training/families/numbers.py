"""Seen families about numbers: the right result stands in a principle, the critique compares each answer with it."""

import random
import re

from grm_core.training.families.base import Aspect, Check, Draft, Mark, families, words
from grm_core.training.families.material import NAMES

FORMS = ("{}", "The answer is {}.", "It is {}.", "That makes {}.", "I get {}.", "The result is {}.", "{}, I think.")


def says(right: int) -> Check:
    """Whether the last number of the text is the right one; half a mark where it is off by one."""

    def check(text: str) -> Mark:
        numbers = re.findall(r"\d+", text)
        if not numbers:
            return Mark(0.0, "gives no number")
        last = int(numbers[-1])
        if last == right:
            return Mark(1.0, f"says {last}, which equals {right}, right")
        return Mark(0.0, f"says {last}, not {right}, wrong")

    return check


def states(right: int) -> Check:
    """Whether a number is given at all: an evasive answer helps nobody."""
    return lambda text: Mark(1.0, "it answers") if re.search(r"\d", text) else Mark(0.0, "it does not answer")


EVASIVE = ("I am not sure.", "That is hard to say.", "Numbers are interesting.", "Ask someone else.", "Maybe a lot.")


def numeric(rng: random.Random, query: str, right: int, how: str, near: tuple[int, ...]) -> Draft:
    """A draft whose answers give the right number, near ones, or none."""
    wrong = [value for value in dict.fromkeys(near) if value != right and value >= 0]
    values = [right, right, *rng.sample(wrong, min(4, len(wrong)))]
    pool = [rng.choice(FORMS).format(value) for value in values] + [rng.choice(EVASIVE)]
    aspects = (
        Aspect((f"Right result: {how}", f"Correctness: {how}", f"{how}; the answer must say so"), says(right)),
        Aspect(("Answers with a number", "Directness: gives a result"), states(right)),
    )
    return Draft(query, aspects, tuple(pool), str(right))


def addition(rng: random.Random) -> Draft:
    a, b = rng.randint(11, 60), rng.randint(11, 39)
    query = rng.choice(
        (f"What is {a} + {b}?", f"Add {a} and {b}.", f"What is the sum of {a} and {b}?", f"{a} plus {b} is what?",
         f"I have {a} coins and get {b} more. How many now?")
    )  # fmt: skip
    tens, ones = a // 10 * 10 + b // 10 * 10, a % 10 + b % 10
    return numeric(
        rng, query, a + b, f"{tens} + {ones} = {a + b}", (a + b + 10, a + b - 10, a + b + 2, a + b - 2, a + b + 1)
    )


def product(rng: random.Random) -> Draft:
    a, b, thing = rng.randint(2, 9), rng.randint(2, 9), rng.choice(("pens", "cups", "tickets", "books", "lamps"))
    query = rng.choice(
        (f"What is {a} times {b}?", f"{a} {thing} cost {b} euros each. What do they cost together?",
         f"Multiply {a} by {b}.", f"There are {a} boxes with {b} {thing} each. How many {thing}?")
    )  # fmt: skip
    return numeric(rng, query, a * b, f"{a} x {b} = {a * b}", (a * b + a, a * b - b, a + b, a * b + 10, a * b + 1))


def conversion(rng: random.Random) -> Draft:
    units = (
        ("weeks", "days", 7), ("dozens", "pieces", 12), ("years", "months", 12), ("minutes", "seconds", 60),
        ("hours", "minutes", 60), ("meters", "centimeters", 100), ("days", "hours", 24), ("decades", "years", 10),
    )  # fmt: skip
    big, small, factor = rng.choice(units)
    count = rng.randint(2, 5)
    query = rng.choice((f"How many {small} are {count} {big}?", f"Convert {count} {big} to {small}.",
                        f"{count} {big} are how many {small}?"))  # fmt: skip
    right = count * factor
    near = (right + factor, right - factor, factor, count * 10 + factor, right + 10, right * 10)
    return numeric(rng, query, right, f"{count} x {factor} = {right} {small}", near)


def largest(rng: random.Random) -> Draft:
    values = rng.sample(range(10, 99), rng.choice((3, 4)))
    shown = ", ".join(map(str, values))
    query = rng.choice(
        (
            f"Which number is the largest: {shown}?",
            f"Give the maximum of {shown}.",
            f"Pick the biggest of these: {shown}.",
        )
    )
    return numeric(rng, query, max(values), f"the largest is {max(values)}", (*values, max(values) + 1, sum(values)))


def comparison(rng: random.Random) -> Draft:
    kinds = (("is {} years old", "older"), ("is {} centimeters tall", "taller"), ("has {} coins", "richer"),
             ("ran {} kilometers", "the one who ran further"), ("scored {} points", "ahead"))  # fmt: skip
    fact, more = rng.choice(kinds)
    one, two, third = rng.sample(NAMES, 3)
    a, b = rng.sample(range(11, 95), 2)
    right, wrong = (one, two) if a > b else (two, one)
    query = f"{one} {fact.format(a)}, {two} {fact.format(b)}. Who is {more}?"

    def check(text: str) -> Mark:
        named = [name for name in (one, two, third) if name.lower() in words(text)]
        if named == [right]:
            return Mark(1.0, f"says {right}, right")
        return Mark(0.0, f"says {named[0]}, not {right}, wrong" if len(named) == 1 else "does not decide for one")

    how = f"{max(a, b)} > {min(a, b)}, so {right}"
    aspect = Aspect((f"Right name: {how}", f"Correct comparison: {how}", f"{how}; that is the answer"), check)
    say = ("{}", "It is {}.", "{} is the one.", "Clearly {}.", "I would say {}.")
    pool = [rng.choice(say).format(who) for who in (right, right, wrong, wrong, third)] + [f"Both {one} and {two}."]
    return Draft(query, (aspect,), tuple(pool), right)


FAMILIES = families("numbers", addition, product, conversion, largest, comparison)
