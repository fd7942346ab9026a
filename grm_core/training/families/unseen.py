"""Unseen families about wording and layout: held out from training, with checkers and sentences of their own."""

import random

from grm_core.training.families.base import Aspect, Draft, Mark, families, yes
from grm_core.training.families.unseen_material import PEOPLE, SUBJECTS, TASKS


def _request(rng: random.Random, subject: str) -> str:
    forms = ("Compose a short passage on {}.", "Describe {} to a child.", "What would you say about {}?",
             "Explain {} briefly.", "Draft a caption for a photo of {}.")  # fmt: skip
    return rng.choice(forms).format(subject)


def _passage(rng: random.Random, subject: str, size: int = 2) -> str:
    return " ".join(rng.sample(SUBJECTS[subject], size))


def _subject(subject: str) -> Aspect:
    def check(text: str) -> Mark:
        return yes(subject in text.lower(), f'mentions "{subject}"', f'the word "{subject}" is nowhere')

    return Aspect((f"Deals with {subject}", f"Theme: {subject}"), check)


def _two(rng: random.Random) -> tuple[str, str]:
    one, two = rng.sample(list(SUBJECTS), 2)
    return one, two


def lower_case(rng: random.Random) -> Draft:
    one, two = _two(rng)
    limit = rng.choice(
        ("Use small letters only.", "Write without any capital letter.", "Everything in lower case, please.")
    )

    def check(text: str) -> Mark:
        big = next((word for word in text.split() if word != word.lower()), None)
        return yes(big is None, "no capital letter in it", f'"{big}" has a capital letter')

    pool = [_passage(rng, one).lower(), _passage(rng, one), _passage(rng, two).lower(), _passage(rng, two),
            f"{_passage(rng, one, 1).lower()} {_passage(rng, one, 1)}"]  # fmt: skip
    aspect = Aspect(("Small letters only", "Lower case throughout"), check)
    return Draft(f"{_request(rng, one)} {limit}", (aspect, _subject(one)), tuple(pool))


def last_words(rng: random.Random) -> Draft:
    one, two = _two(rng)
    ends = ("that is all.", "over and out.", "have a nice day.", "see you soon.", "the end.")
    end, wrong = rng.sample(ends, 2)
    limit = rng.choice((f'The last words must be "{end}"', f'Finish with "{end}"', f'Close with "{end}"'))

    def check(text: str) -> Mark:
        tail = " ".join(text.split()[-3:])
        return yes(text.endswith(end), f'closes with "{tail}", as required', f'closes with "{tail}", not "{end}"')

    pool = [f"{_passage(rng, subject, 1)} And now: {tail}" for subject in (one, two) for tail in (end, wrong)]
    aspect = Aspect((f'Last words: "{end}"', f'Closes with "{end}"'), check)
    return Draft(f"{_request(rng, one)} {limit}", (aspect, _subject(one)), (*pool, _passage(rng, one)))


def numbered_steps(rng: random.Random) -> Draft:
    job = rng.choice(list(TASKS))
    count = rng.randint(2, 4)
    query = rng.choice((f"How do I {job}? Give {count} numbered steps.", f"Steps to {job}, numbered 1 to {count}."))

    def numbering(text: str) -> Mark:
        heads = [line.split(".")[0] for line in text.splitlines() if line[:1].isdigit()]
        if not heads:
            return Mark(0.0, "the steps carry no numbers")
        numbers = [str(i) for i in range(1, count + 1)]
        return yes(
            heads == numbers,
            f"numbered {', '.join(heads)}, as required",
            f"numbered {', '.join(heads)}, not up to {count}",
        )

    def matter(text: str) -> Mark:
        return yes(any(step in text for step in TASKS[job]), f"it tells how to {job}", f"it is not how to {job}")

    def write(what: str, size: int, numbered: bool) -> str:
        steps = TASKS[what][:size]
        return "\n".join(f"{i}. {step}" for i, step in enumerate(steps, 1)) if numbered else " ".join(steps)

    wrong = rng.choice([size for size in (1, 2, 3, 4) if size != count])
    far = rng.choice([name for name in TASKS if name != job])
    pool = [write(job, count, True), write(job, wrong, True), write(job, count, False), write(far, count, True)]
    aspects = (
        Aspect((f"Numbered steps 1 to {count}", f"{count} steps with numbers"), numbering),
        Aspect((f"Shows how to {job}",), matter),
    )
    return Draft(query, aspects, (*pool, write(far, wrong, False)))


def no_digits(rng: random.Random) -> Draft:
    one, two = _two(rng)
    limit = rng.choice(
        ("Write it without digits.", "There must be no figures in it.", "Do not use any number sign like 1 or 2.")
    )

    def check(text: str) -> Mark:
        word_with_digit = next((word for word in text.split() if any(letter.isdigit() for letter in word)), None)
        return yes(word_with_digit is None, "free of digits", f'"{word_with_digit}" contains a digit')

    def write(subject: str, digits: bool) -> str:
        amount = str(rng.randint(2, 99)) if digits else rng.choice(("some", "many", "a few"))
        return " ".join(rng.sample([_passage(rng, subject, 1), f"There are {amount} reasons for it."], 2))

    pool = [write(subject, digits) for subject in (one, one, two) for digits in (True, False)]
    return Draft(
        f"{_request(rng, one)} {limit}",
        (Aspect(("Free of digits", "No figures in the text"), check), _subject(one)),
        tuple(pool),
    )


def letter_form(rng: random.Random) -> Draft:
    sender, reader = rng.sample(PEOPLE, 2)
    one, two = _two(rng)
    query = rng.choice(
        (
            f"Write a letter to {reader} about {one}. Sign it as {sender}.",
            f"A short letter: from {sender}, to {reader}, on {one}.",
        )
    )

    def form(text: str) -> Mark:
        lines = text.splitlines()
        greeted, signed = lines[0] == f"Dear {reader},", lines[-1] == sender
        said = f'greeting "{lines[0]}", ' if lines[0].startswith("Dear") else "no greeting, "
        said += f'signed "{lines[-1]}"' if len(lines[-1].split()) == 1 else "not signed"
        return Mark((greeted + signed) / 2, said)

    def write(subject: str, to: str, by: str) -> str:
        return "\n".join(part for part in (to and f"Dear {to},", _passage(rng, subject, 1), by) if part)

    stranger = rng.choice([name for name in PEOPLE if name not in (sender, reader)])
    pool = [write(one, reader, sender), write(one, reader, ""), write(one, "", sender), write(one, stranger, stranger),
            write(one, "", ""), write(two, reader, sender)]  # fmt: skip
    aspect = Aspect(
        (f"Letter form: Dear {reader}, signed {sender}", f"Greets {reader} and is signed by {sender}"), form
    )
    return Draft(query, (aspect, _subject(one)), tuple(pool))


def unfinished(rng: random.Random) -> Draft:
    one, two = _two(rng)

    def check(text: str) -> Mark:
        tail = " ".join(text.split()[-3:])
        return yes(text[-1] in ".!?", f'"{tail}" closes the sentence', f'breaks off at "{tail}"')

    def cut(text: str) -> str:
        tokens = text.split()
        return " ".join(tokens[: len(tokens) - rng.randint(2, 4)]).rstrip(".,")

    passages = [_passage(rng, one), _passage(rng, one, 3), _passage(rng, two)]
    pool = [*passages, cut(passages[0]), cut(passages[1]), cut(passages[2])]
    aspect = Aspect(("Finished: the last sentence is whole", "Does not break off"), check)
    return Draft(_request(rng, one), (aspect, _subject(one)), tuple(pool))


def heading(rng: random.Random) -> Draft:
    one, two = _two(rng)
    limit = rng.choice(
        ("Put a heading that starts with # above it.", "Give it a Markdown title line (#).", "Start with a # heading.")
    )

    def check(text: str) -> Mark:
        first = text.splitlines()[0]
        return yes(first.startswith("# "), f'heading "{first}"', "no heading above the text")

    def write(subject: str, titled: bool) -> str:
        body = _passage(rng, subject)
        return f"# All about {subject}\n{body}" if titled else rng.choice((body, f"All about {subject}\n{body}"))

    pool = [write(subject, titled) for subject in (one, one, two) for titled in (True, False)]
    aspect = Aspect(("Heading: a first line with #", "Title line that starts with #"), check)
    return Draft(f"{_request(rng, one)} {limit}", (aspect, _subject(one)), tuple(pool))


def garbled(rng: random.Random) -> Draft:
    one, two = _two(rng)

    def scramble(text: str) -> str:
        return " ".join("".join(rng.sample(word, len(word))) if len(word) > 3 else word for word in text.split())

    clear = {name: _passage(rng, name) for name in (one, two)}
    every = {word.strip(".,") for parts in SUBJECTS.values() for part in parts for word in part.split()}

    def check(text: str) -> Mark:
        odd = [word for word in text.split() if word.strip(".,") not in every]
        return yes(not odd, "readable from start to end", f'"{odd[0] if odd else ""}" is not a word')

    pool = [
        *clear.values(),
        scramble(clear[one]),
        scramble(_passage(rng, one, 1)),
        scramble(clear[two]),
        _passage(rng, one, 1),
    ]
    aspect = Aspect(("Readable: real words only", "Spelling: no garbled words"), check)
    return Draft(_request(rng, one), (aspect, _subject(one)), tuple(pool))


FAMILIES = (
    *families("writing", lower_case, last_words, no_digits, unfinished, garbled),
    *families("layout", numbered_steps, letter_form, heading),
)
