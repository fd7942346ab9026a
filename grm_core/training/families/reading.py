"""Seen families about what is given: a passage, facts to keep to, a topic, parts that were asked for."""

import random
from itertools import pairwise

from grm_core.training.families.base import Aspect, Draft, Mark, families, sentences, words, yes
from grm_core.training.families.facts import names
from grm_core.training.families.material import NAMES, NOUNS, TOPICS
from grm_core.training.families.wording import ask, other, relevance, text_about

_PLACES = ("kitchen", "garden", "attic", "garage", "office", "hall", "cellar", "balcony", "school", "tower")
_COLORS = ("red", "blue", "green", "yellow", "black", "white", "brown", "silver")


def passage(rng: random.Random) -> Draft:
    (one, two), (thing, decoy), (here, there) = rng.sample(NAMES, 2), rng.sample(NOUNS, 2), rng.sample(_PLACES, 2)
    facts = [f"{one} put the {thing} in the {here}.", f"{two} left the {decoy} in the {there}."]
    rng.shuffle(facts)
    about_place = rng.random() < 0.5
    right, wrong, kind = (here, there, _PLACES) if about_place else (one, two, NAMES)
    question = f"Where is the {thing}?" if about_place else f"Who had the {thing}?"
    say = (
        ("It is in the {}.", "In the {}.", "You find it in the {}.")
        if about_place
        else ("{} had it.", "It was {}.", "{}.")
    )
    how = f"the {thing} is in the {here}" if about_place else f"{one} had the {thing}"
    third = rng.choice([name for name in kind if name not in (right, wrong)])
    pool = [rng.choice(say).format(who) for who in (right, right, wrong, wrong, third)] + ["The text does not say."]
    aspect = Aspect((f"Faithful: {how}", f"As the text says: {how}", f"Right reading: {how}"), names(right, kind))
    return Draft(" ".join([*facts, question]), (aspect,), tuple(pool), right)


def contradiction(rng: random.Random) -> Draft:
    name, thing = rng.choice(NAMES), rng.choice(NOUNS)
    (color, wrong_color), (place, wrong_place) = rng.sample(_COLORS, 2), rng.sample(_PLACES, 2)
    query = rng.choice(
        (f"{name} owns a {color} {thing}. It stands in the {place}. Retell this without changing a fact.",
         f"Facts: the {thing} of {name} is {color} and stands in the {place}. Put this into other words.")
    )  # fmt: skip
    tell = (
        "The {1} {0} of {3} is kept in the {2}.",
        "In the {2} you see a {1} {0}.",
        "{3}'s {0} is {1}; it is in the {2}.",
    )

    def agrees(right: str, among: tuple[str, ...]) -> Aspect:
        def check(text: str) -> Mark:
            named = [word for word in among if word in words(text)]
            if named == [right]:
                return Mark(1.0, f"{right} as given")
            return Mark(0.0, f"{named[0]} instead of {right}, wrong" if named else f"{right} is left out")

        return Aspect((f"No contradiction: {right}", f"Keeps the fact: {right}"), check)

    def write(what: str, where: str) -> str:
        return rng.choice(tell).format(thing, what, where, name)

    pool = [write(c, p) for c in (color, wrong_color) for p in (place, wrong_place)] + [write(color, place)]
    return Draft(query, (agrees(color, _COLORS), agrees(place, _PLACES)), tuple(pool))


def on_topic(rng: random.Random) -> Draft:
    topic = rng.choice(list(TOPICS))
    far = rng.sample([name for name in TOPICS if name != topic], 3)

    def check(text: str) -> Mark:
        parts = sentences(text)
        astray = next(
            (part for part in parts if topic not in words(part) and any(t in words(part) for t in TOPICS)), None
        )
        first = " ".join(parts[0].split()[:4])
        if astray is None:
            return Mark(1.0, f'"{first}" and the rest are about {topic}')
        subject = next(name for name in TOPICS if name in words(astray))
        return Mark(
            0.4 if topic in words(text) else 0.0, f'"{" ".join(astray.split()[:4])}" is about {subject}, not {topic}'
        )

    aspect = Aspect((f"Relevance: only {topic}", f"Sticks to {topic}", f"Every sentence is about {topic}"), check)
    mixed = [text_about(rng, topic, 1), text_about(rng, far[2], 1)]
    pool = [
        text_about(rng, topic),
        text_about(rng, topic, 1),
        text_about(rng, far[0]),
        text_about(rng, far[1]),
        " ".join(mixed),
    ]
    return Draft(ask(rng, topic), (aspect,), tuple(pool))


def completeness(rng: random.Random) -> Draft:
    topics = rng.sample(list(TOPICS), rng.choice((2, 2, 3)))
    listed = ", ".join(topics[:-1]) + f" and {topics[-1]}"
    query = rng.choice(
        (
            f"Say one thing each about {listed}.",
            f"I want to know something about {listed}.",
            f"Tell me about {listed}.",
        )
    )

    def check(text: str) -> Mark:
        covered = [topic for topic in topics if topic in words(text)]
        missing = [topic for topic in topics if topic not in covered]
        if not missing:
            return Mark(1.0, f"covers {', '.join(covered)}: all")
        seen = f"covers {', '.join(covered)}, " if covered else ""
        return Mark(len(covered) / len(topics) * 0.6, f"{seen}nothing about {' and '.join(missing)}")

    aspect = Aspect((f"Complete: {listed}", f"Covers all of {listed}", f"Nothing left out of {listed}"), check)
    full = [text_about(rng, topic, 1) for topic in topics]
    part = [text_about(rng, topic, 1) for topic in topics]
    rng.shuffle(full)
    far = other(rng, topics[0])
    pool = [" ".join(full), part[0], part[1], " ".join([part[0], text_about(rng, topics[0], 1)]), text_about(rng, far)]
    return Draft(query, (aspect,), (*pool, " ".join(part[:-1])))


def repetition(rng: random.Random) -> Draft:
    topic = rng.choice(list(TOPICS))
    limit = rng.choice(("Do not repeat yourself.", "Say nothing twice.", "Every sentence should be new.", ""))

    def check(text: str) -> Mark:
        parts = [part.lower() for part in sentences(text)]
        again = next((a for i, a in enumerate(parts) if a in parts[:i]), None)
        if again is None:
            return Mark(1.0, f"{len(parts)} different sentences")
        return Mark(0.0, f'"{" ".join(again.split()[:4])}" comes {parts.count(again)} times')

    one, two, three = rng.sample(TOPICS[topic], 3)
    far = other(rng, topic)
    pool = [
        f"{one} {two} {three}",
        f"{one} {two} {one}",
        f"{two} {two}",
        f"{three} {one}",
        f"{text_about(rng, far, 3)}",
    ]
    aspect = Aspect(("No repetition: says nothing twice", "Variety: every sentence is new"), check)
    return Draft(f"{ask(rng, topic, 'a short text')} {limit}".strip(), (aspect, relevance(topic)), tuple(pool))


def rising_order(rng: random.Random) -> Draft:
    """Numbers in rising order."""
    values = rng.sample(range(10, 99), rng.choice((3, 4)))
    query = rng.choice(
        (
            f"Put these numbers in rising order: {', '.join(map(str, values))}.",
            f"Sort from low to high: {', '.join(map(str, values))}.",
        )
    )
    right = sorted(values)

    def check(text: str) -> Mark:
        numbers = [int(word) for word in words(text) if word.isdigit()]
        fall = next(((a, b) for a, b in pairwise(numbers) if a > b), None)
        if fall:
            return Mark(0.0, f"{fall[0]} stands before {fall[1]}, wrong order")
        missing = [value for value in right if value not in numbers]
        steps = " < ".join(map(str, numbers))
        return yes(not missing, f"{steps}, in order", f"{steps}, but {missing[0] if missing else ''} is missing")

    aspect = Aspect((f"Rising order: from {right[0]} to {right[-1]}", f"Order: {' < '.join(map(str, right))}"), check)
    pool = [
        ", ".join(map(str, part)) for part in (right, right[::-1], rng.sample(values, len(values)), right[1:], values)
    ]
    return Draft(query, (aspect,), tuple(pool), ", ".join(map(str, right)))


FAMILIES = families("reading", passage, contradiction, on_topic, completeness, repetition, rising_order)
