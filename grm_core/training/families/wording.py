"""Seen families about which words a text may or must hold."""

import random

from grm_core.training.families.base import Aspect, Draft, Mark, around, families, sentences, words, yes
from grm_core.training.families.material import NAMES, NOUNS, TOPICS


def ask(rng: random.Random, topic: str, size: str = "") -> str:
    """A request to write about a topic, such as 'Tell me something about rivers.'"""
    forms = (
        "Write {size}about {topic}.",
        "Tell me {size}about {topic}.",
        "Please write {size}about {topic}.",
        "I need {size}on the subject of {topic}.",
        "Give me {size}on {topic}.",
        "Can you write {size}about {topic}?",
    )
    return rng.choice(forms).format(topic=topic, size=f"{size or rng.choice(('something', 'a few words', 'a note'))} ")


def text_about(rng: random.Random, topic: str, count: int = 2) -> str:
    """`count` different sentences about the topic."""
    return " ".join(rng.sample(TOPICS[topic], count))


def other(rng: random.Random, topic: str) -> str:
    """Another topic."""
    return rng.choice([name for name in TOPICS if name != topic])


def relevance(topic: str) -> Aspect:
    """Whether the text speaks of the topic: whose topic's words stand in it."""

    def check(text: str) -> Mark:
        topics = [name for name in TOPICS if name in words(text)]
        if topic in topics:
            return Mark(1.0, f"it is about {topic}")
        return Mark(0.0, f"it is about {topics[0]}, not {topic}" if topics else f"it never mentions {topic}")

    return Aspect((f"Relevance: about {topic}", f"On topic: speaks of {topic}", f"Subject: {topic}"), check)


def _with_nouns(rng: random.Random, topic: str, nouns: tuple[str, str], extras: tuple[str, ...]) -> tuple[str, ...]:
    """Texts about the topic and about another, each with one of the nouns in an extra sentence; one has none."""

    def write(about: str, noun: str) -> str:
        extra = rng.choice(extras).format(noun)
        return " ".join(rng.sample([text_about(rng, about, 1), extra], 2))

    far = other(rng, topic)
    return (*(write(a, noun) for a in (topic, topic, far) for noun in nouns), text_about(rng, topic))


def keyword(rng: random.Random) -> Draft:
    topic, word, wrong = rng.choice(list(TOPICS)), *rng.sample(NOUNS, 2)
    limit = rng.choice((f'Use the word "{word}".', f'The word "{word}" must appear.', f'Include the word "{word}".'))

    def check(text: str) -> Mark:
        seen = word in words(text)
        return yes(seen, f'has "{around(text, word) if seen else word}", as asked', f'never says "{word}"')

    aspect = Aspect((f'Keyword: says "{word}"', f'Required word "{word}"', f'Uses the word "{word}"'), check)

    pool = _with_nouns(
        rng, topic, (word, wrong), ("I saw a {} there.", "My {} reminds me of this.", "Bring a {} with you.")
    )
    return Draft(f"{ask(rng, topic)} {limit}", (aspect, relevance(topic)), pool)


def avoid(rng: random.Random) -> Draft:
    topic, word, fine = rng.choice(list(TOPICS)), *rng.sample(NOUNS, 2)
    limit = rng.choice((f'Do not use the word "{word}".', f'Avoid the word "{word}".', f'Never say "{word}".'))

    def check(text: str) -> Mark:
        seen = word in words(text)
        return yes(
            not seen, f'"{word}" is avoided', f'says "{around(text, word) if seen else word}", which was banned'
        )

    aspect = Aspect((f'Avoids "{word}"', f'Banned word: "{word}" must not appear', f'No "{word}" in it'), check)

    pool = _with_nouns(
        rng, topic, (word, fine), ("Look at this {}.", "The {} is my favourite part.", "Think of a {}.")
    )
    return Draft(f"{ask(rng, topic)} {limit}", (aspect, relevance(topic)), pool)


def opening(rng: random.Random) -> Draft:
    topic = rng.choice(list(TOPICS))
    starts = ("Honestly,", "First of all,", "To be fair,", "Dear reader,", "In my view,", "Good news:", "As we know,")
    start, wrong = rng.sample(starts, 2)
    limit = rng.choice((f'Begin with "{start}"', f'Your text must start with "{start}"', f'Open with "{start}"'))

    def check(text: str) -> Mark:
        head = " ".join(text.split()[: len(start.split())])
        return yes(text.startswith(start), f'starts with "{head}", as asked', f'starts with "{head}", not "{start}"')

    aspect = Aspect((f'Opening: begins with "{start}"', f'First words are "{start}"', f'Starts "{start}"'), check)
    far = other(rng, topic)

    def write(about: str, first: str) -> str:
        return f"{first} {text_about(rng, about, rng.choice((1, 2)))}".strip()

    pool = [write(a, s) for a in (topic, far) for s in (start, wrong)] + [write(topic, ""), write(topic, start)]
    return Draft(f"{ask(rng, topic)} {limit}", (aspect, relevance(topic)), tuple(pool))


def addressee(rng: random.Random) -> Draft:
    topic, (name, wrong) = rng.choice(list(TOPICS)), rng.sample(NAMES, 2)
    limit = rng.choice((f"Address it to {name}.", f"It is for {name}; use the name.", f"Greet {name} by name."))

    def check(text: str) -> Mark:
        addressed = next((word for word in NAMES if word.lower() in words(text)), None)
        if addressed == name:
            return Mark(1.0, f"addresses {name}")
        return Mark(0.0, f"addresses {addressed}, not {name}" if addressed else "addresses nobody by name")

    aspect = Aspect((f"Addressee: speaks to {name}", f"Names {name}", f"Written for {name}"), check)
    far = other(rng, topic)

    def write(about: str, who: str) -> str:
        body = text_about(rng, about, rng.choice((1, 2)))
        return rng.choice((f"Hello {who}! {body}", f"{who}, listen. {body}", f"{body} Do you agree, {who}?"))

    pool = [write(a, w) for a in (topic, topic, far) for w in (name, wrong)] + [text_about(rng, topic)]
    return Draft(f"{ask(rng, topic)} {limit}", (aspect, relevance(topic)), tuple(pool))


def capitals_only(rng: random.Random) -> Draft:
    topic = rng.choice(list(TOPICS))
    limit = rng.choice(
        ("Write everything in CAPITAL LETTERS.", "Use upper case only.", "All letters must be capitals.")
    )

    def check(text: str) -> Mark:
        first = " ".join(text.split()[:2])
        if text.isupper():
            return Mark(1.0, f'"{first}" and the rest are in capitals')
        return Mark(0.0, f'"{next(w for w in text.split() if not w.isupper())}" is not in capitals')

    aspect = Aspect(("Capitals: upper case only", "Every letter is a capital", "All in upper case"), check)
    far = other(rng, topic)
    half = text_about(rng, topic, 1).upper() + " " + text_about(rng, topic, 1)
    pool = [text_about(rng, topic).upper(), text_about(rng, topic), text_about(rng, far).upper(), half]
    return Draft(f"{ask(rng, topic)} {limit}", (aspect, relevance(topic)), (*pool, text_about(rng, far)))


def closing_question(rng: random.Random) -> Draft:
    topic = rng.choice(list(TOPICS))
    limit = rng.choice(
        ("End with a question.", "The last sentence must be a question.", "Finish by asking me something.")
    )
    questions = ("What do you think?", "Have you seen this?", "Do you agree?", "Would you like to know more?")

    def check(text: str) -> Mark:
        last = sentences(text)[-1]
        return yes(last.endswith("?"), f'ends by asking "{last}"', f'ends with "{last}", which asks nothing')

    aspect = Aspect(("Ending: the last sentence asks something", "Ends with a question", "Closes by asking"), check)
    far, (one, two) = other(rng, topic), rng.sample(questions, 2)
    pool = [
        f"{text_about(rng, topic, 1)} {one}", f"{two} {text_about(rng, topic, 1)}", text_about(rng, topic),
        f"{text_about(rng, far, 1)} {two}", f"{one} {text_about(rng, far, 1)}",
    ]  # fmt: skip
    return Draft(f"{ask(rng, topic)} {limit}", (aspect, relevance(topic)), tuple(pool))


FAMILIES = families("writing", keyword, avoid, opening, addressee, capitals_only, closing_question)
