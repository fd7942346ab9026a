"""Seen families about the shape of a text: how many parts, in which order, in which notation."""

import json
import random
from itertools import pairwise

from grm_core.training.families.base import Aspect, Draft, Mark, families, sentences, words, yes
from grm_core.training.families.material import FOREIGN, NAMES, TOPICS, WORD_GROUPS
from grm_core.training.families.wording import ask, other, relevance, text_about

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six")


def counted(parts: list[str], count: int, what: str) -> Mark:
    """Count the parts aloud, each by its first word; half a mark for one too many or too few."""
    listed = ", ".join(f"{place} {part.split()[0].strip('.,:')}" for place, part in enumerate(parts, 1))
    if len(parts) == count:
        return Mark(1.0, f"{what}: {listed}; {len(parts)}, as asked")
    return Mark(0.3 if abs(len(parts) - count) == 1 else 0.0, f"{what}: {listed}; {len(parts)}, not {count}")


def sentence_count(rng: random.Random) -> Draft:
    topic, count = rng.choice(list(TOPICS)), rng.randint(1, 4)
    number = rng.choice((NUMBERS[count], str(count)))
    plural = "" if count == 1 else "s"
    limit = rng.choice(
        (f"Use exactly {number} sentence{plural}.", f"Answer in {number} sentence{plural}.",
         f"It must have {number} sentence{plural}.")
    )  # fmt: skip
    aspect = Aspect(
        (
            f"Length: exactly {count} sentence{plural}",
            f"Sentence count is {count}",
            f"{count} sentence{plural}, no more",
        ),
        lambda text: counted(sentences(text), count, "sentences"),
    )
    far = other(rng, topic)
    sizes = [count, *rng.sample([size for size in range(1, 5) if size != count], 3)]
    pool = [text_about(rng, topic, size) for size in sizes] + [text_about(rng, far, size) for size in sizes[:2]]
    return Draft(f"{ask(rng, topic)} {limit}", (aspect, relevance(topic)), tuple(pool))


def brevity(rng: random.Random) -> Draft:
    topic, most = rng.choice(list(TOPICS)), rng.choice((10, 12, 15))
    limit = rng.choice((f"At most {most} words.", f"Keep it under {most + 1} words.", f"No more than {most} words."))

    def check(text: str) -> Mark:
        count, parts = len(words(text)), len(sentences(text))
        size = f"{parts} sentence{'s' if parts > 1 else ''}, about {count} words"
        return yes(count <= most, f"{size}, short enough", f"{size}, more than {most}")

    aspect = Aspect(
        (f"Brevity: at most {most} words", f"Short: {most} words or fewer", f"Stays within {most} words"), check
    )
    far = other(rng, topic)
    pool = [text_about(rng, about, size) for about in (topic, far) for size in (1, 3, 4)]
    return Draft(f"{ask(rng, topic, 'a text')} {limit}", (aspect, relevance(topic)), tuple(pool))


def bullets(rng: random.Random) -> Draft:
    topic, count = rng.choice(list(TOPICS)), rng.randint(2, 4)
    limit = rng.choice(
        (
            f"Use {NUMBERS[count]} bullet points.",
            f"Write it as {count} bullets.",
            f"A list of {count} bullets, please.",
        )
    )

    def check(text: str) -> Mark:
        lines = [line[2:] for line in text.splitlines() if line.startswith("- ")]
        return counted(lines, count, "bullets") if lines else Mark(0.0, "plain text without a bullet")

    aspect = Aspect((f"Format: {count} bullets", f"Bullet list of {count} points", f"{count} bullet points"), check)
    far = other(rng, topic)

    def write(about: str, size: int) -> str:
        return "\n".join(f"- {sentence}" for sentence in rng.sample(TOPICS[about], size))

    wrong = rng.choice([size for size in range(1, 5) if size != count])
    pool = [write(topic, count), write(topic, wrong), write(far, count), text_about(rng, topic, min(count, 3))]
    return Draft(f"{ask(rng, topic)} {limit}", (aspect, relevance(topic)), (*pool, text_about(rng, far, 2)))


def json_object(rng: random.Random) -> Draft:
    name, group = rng.choice(NAMES), rng.choice(list(WORD_GROUPS))
    thing, age = rng.choice(WORD_GROUPS[group]), rng.randint(11, 79)
    keys = rng.choice((("name", "age"), ("name", "likes"), ("age", "likes")))
    values: dict[str, object] = {"name": name, "age": age, "likes": thing}
    subset = {key: values[key] for key in keys}
    query = rng.choice(
        (f"{name} is {age} and likes the word {thing}. "
         f"Answer with a JSON object that has the keys {keys[0]} and {keys[1]}.",
         f"Return JSON with the keys {keys[0]} and {keys[1]}: {name}, {age} years old, likes {thing}.")
    )  # fmt: skip

    def shape(text: str) -> Mark:
        try:
            parsed = json.loads(text)
        except ValueError:
            return Mark(0.0, "no JSON, plain words" if "{" not in text else "broken JSON that does not parse")
        missing = [key for key in keys if key not in parsed]
        return yes(not missing, f"JSON with {keys[0]} and {keys[1]}", f"JSON, but no key {' or '.join(missing)}")

    def content(text: str) -> Mark:
        missing = [str(value) for value in subset.values() if str(value).lower() not in text.lower()]
        return yes(not missing, "the values are right", f"the value {' and '.join(missing)} is missing")

    fault = subset | {keys[1]: "unknown"}
    pool = [
        json.dumps(subset), json.dumps({keys[0]: subset[keys[0]]}), json.dumps(subset)[:-1], json.dumps(fault),
        f"{name} is {age} and likes {thing}.", json.dumps({"item": values[keys[0]]}),
    ]  # fmt: skip
    aspects = (
        Aspect((f"Format: JSON with {keys[0]} and {keys[1]}", f"Valid JSON, keys {keys[0]}, {keys[1]}"), shape),
        Aspect((f"Values: {', '.join(map(str, subset.values()))}", "The values match the query"), content),
    )
    return Draft(query, aspects, tuple(pool))


def alphabetical(rng: random.Random) -> Draft:
    group = rng.choice(list(WORD_GROUPS))
    chosen = rng.sample(WORD_GROUPS[group], rng.choice((3, 4)))
    query = rng.choice(
        (f"Sort these {group} from A to Z: {', '.join(chosen)}.", f"Put in alphabetical order: {', '.join(chosen)}.",
         f"List the {group} {', '.join(chosen)} alphabetically.")
    )  # fmt: skip
    right = sorted(chosen)

    def order(text: str) -> Mark:
        listed = [word for word in words(text) if word in WORD_GROUPS[group]]
        swap = next(((a, b) for a, b in pairwise(listed) if a > b), None)
        if swap:
            return Mark(0.0, f"{swap[0]} stands before {swap[1]}, wrong order")
        return Mark(1.0, f"{', '.join(word[:1] for word in listed)}: in order")

    def whole(text: str) -> Mark:
        missing = [word for word in right if word not in words(text)]
        return yes(not missing, "nothing is missing", f"{' and '.join(missing)} is missing")

    mixed = rng.sample(chosen, len(chosen))
    less = sorted(rng.sample(chosen, len(chosen) - 1))
    pool = [", ".join(part) for part in (right, mixed, right[::-1], less, less[::-1])]
    aspects = (
        Aspect((f"Order: {right[0]} first, {right[-1]} last", f"A to Z, from {right[0]} to {right[-1]}"), order),
        Aspect((f"Complete: all {len(right)} words", f"No word of the {len(right)} is missing"), whole),
    )
    return Draft(query, aspects, tuple(pool), ", ".join(right))


def language(rng: random.Random) -> Draft:
    wanted = rng.choice(list(FOREIGN))
    query = rng.choice(
        (f"Say something nice in {wanted}.", f"Write one or two sentences in {wanted}.",
         f"Answer in {wanted}, please.",
         f"I learn {wanted}. Give me an example text.")
    )  # fmt: skip

    def check(text: str) -> Mark:
        first = " ".join(text.split()[:3])
        languages = {name for name, marks in FOREIGN.items() for part in marks if part in text} or {"English"}
        if languages == {wanted}:
            return Mark(1.0, f'"{first}" is {wanted}')
        name = sorted(languages - {wanted})[0]
        return Mark(0.3 if wanted in languages else 0.0, f'"{first}" and the rest: {name}, not {wanted}')

    aspect = Aspect((f"Language: {wanted}", f"Written in {wanted}", f"{wanted} only"), check)
    others = [name for name in FOREIGN if name != wanted]
    topic = rng.choice(list(TOPICS))
    pool = [
        " ".join(rng.sample(FOREIGN[name], size)) for name, size in ((wanted, 2), (wanted, 1), (rng.choice(others), 2))
    ]
    mixed = f"{rng.choice(FOREIGN[wanted])} {rng.choice(FOREIGN[rng.choice(others)])}"
    return Draft(query, (aspect,), (*pool, mixed, text_about(rng, topic, 1), text_about(rng, topic)))


def item_count(rng: random.Random) -> Draft:
    group, count = rng.choice(list(WORD_GROUPS)), rng.randint(2, 5)
    query = rng.choice(
        (f"Name {NUMBERS[count]} {group}.", f"List {count} {group}.", f"Give me {count} {group}, separated by commas.")
    )
    wrong_group = rng.choice([name for name in WORD_GROUPS if name != group])

    def amount(text: str) -> Mark:
        return counted([part.strip() for part in text.rstrip(".").split(",")], count, "items")

    def fitting(text: str) -> Mark:
        odd = [word for word in words(text) if word not in WORD_GROUPS[group]]
        return yes(not odd, f"all are {group}", f"{odd[0] if odd else ''} is not among {group}")

    sizes = [count, *rng.sample([size for size in range(1, 7) if size != count], 2)]
    pool = [", ".join(rng.sample(WORD_GROUPS[group], size)) for size in (*sizes, count)]
    pool += [", ".join(rng.sample(WORD_GROUPS[wrong_group], size)) for size in sizes[:2]]
    aspects = (
        Aspect((f"Number: {count} items", f"Exactly {count} {group}", f"{count} entries"), amount),
        Aspect((f"Kind: only {group}", f"Every entry is one of the {group}"), fitting),
    )
    return Draft(query, aspects, tuple(pool))


FAMILIES = families("layout", sentence_count, brevity, bullets, json_object, alphabetical, language, item_count)
