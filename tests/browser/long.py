"""A stored session as a large judge writes it: 32 samples of four responses, critiques of some 300 words with code."""

import random
from dataclasses import replace
from pathlib import Path

from grm_core.reading.parsing import parse
from grm_core.types import Example, Message, Params, Run, Sample, Session
from storage.store import Store
from tests.make import make_sample

QUERY = """My Flask endpoint sometimes returns *another* user's orders. What is wrong, and how do I fix it?

```python
cache = {}

@app.get("/orders")
def orders():
    if "orders" not in cache:
        cache["orders"] = db.execute(f"SELECT * FROM orders WHERE user = '{request.args['user']}'").fetchall()
    return jsonify(cache["orders"])
```"""
RESPONSES = (
    """There are **two** faults, and the first explains what you see.

1. **The cache key does not depend on the user.** The first caller's orders are stored under `"orders"`, and everyone
   after that gets them.
2. **The query is open to SQL injection.** Never build SQL from request data.

```python
@app.get("/orders")
@login_required
def orders():
    user = current_user.id
    key = f"orders:{user}"
    if key not in cache:
        cache[key] = db.execute("SELECT * FROM orders WHERE user = ?", (user,)).fetchall()
    return jsonify(cache[key])
```

Also take the user from the session, not from the address: otherwise anyone may ask for anyone's orders.""",
    """The cache is shared between users. Use the user's id as the key:

```python
cache[request.args["user"]] = ...
```

With $n$ users and $m$ requests each, the database is then asked $O(n)$ times instead of $O(n \\cdot m)$.
A sorted list would cost $O(m \\log m)$.""",
    """This is a race condition. Flask serves requests in threads, so you need a lock around the dictionary:

```python
with lock:
    if "orders" not in cache:
        ...
```

After that every user gets the right orders.""",
    """Caching is dangerous. Remove the cache and buy a faster database server.""",
)
POINTS = (
    'It names the shared key `"orders"` as the cause, which is what the symptom points to: the first caller\'s rows '
    "are handed to everyone after that until the process restarts.",
    "It notices that the SQL is built from `request.args['user']`, and replaces it by a bound parameter. A reader who "
    "copies this is safe from `' OR '1'='1`.",
    "It says that the user must come from the session. Without this step the cure for the cache still leaves the "
    "door open, since `?user=42` is enough to read somebody else's orders.",
    "The explanation is short and in the order in which a reader meets the problem, and the code can be pasted as it "
    "is. The decorator `@login_required` is assumed to exist, which is a small leap.",
    "It claims that a lock is enough. It is not: with the lock every user still shares one entry, so the leak "
    'stays exactly as it was. "After that every user gets the right orders" is plainly wrong.',
    "The remark on complexity, \\(O(n \\cdot m)\\) against \\(O(n)\\), is right but answers a question that nobody "
    "asked. It takes attention away from the leak.",
    "It drops the cache, which does stop the leak, but gives no reason, keeps the injection, and tells the reader to "
    "spend money. As advice it is close to useless.",
    "Expired entries are not mentioned anywhere: after an order is placed the cached list stays stale. A careful "
    "answer would have added a time to live of, say, 60 s.",
)
SCORES = (
    (9, 6, 2, 3),
    (9, 7, 3, 2),
    (8, 5, 2, 2),
    (10, 6, 1, 3),
    (6, 8, 3, 2),
    (9, 6, 4, 4),
    (8, 7, 2, 1),
    (7, 8, 5, 2),
)
PRINCIPLES = (
    ("Correct diagnosis of the leak", "does the answer find why one user sees another's orders?", 35),
    ("Security beyond the symptom", "are SQL injection and missing authorisation noticed and mended?", 30),
    ("Code that can be used as it stands", "is it complete, does it run, does it follow Flask's ways?", 20),
    ("Clarity and economy", "is the explanation in a sensible order, without padding?", 15),
)


def critique(dice: random.Random, own: int, score: int) -> str:
    """Some 75 words on one response, so that four of them have 300."""
    first, *rest = dice.sample(POINTS, 3)
    start = RESPONSES[own].split(".")[0].replace("\n", " ")[:60]
    lines = [f'{first} It opens with "{start}", and goes on from there.', "", *(f"- {point}" for point in rest)]
    if own == 0 and dice.random() < 0.4:
        lines += ["", "```python", 'cache[key] = db.execute("SELECT * FROM orders WHERE user = ?", (user,))', "```"]
    return "\n".join([*lines, "", f"Weighing these, {score}/10."])


def judged(index: int) -> Sample:
    """One sample; every eleventh was cut off before its scores."""
    dice = random.Random(index)
    order = tuple(dice.sample(range(4), 4))
    scores = tuple(max(1, min(10, score + dice.choice((-1, 0, 0, 1)))) for score in SCORES[index % 8])
    named = dice.sample(PRINCIPLES, 4)
    principles = "\n".join(f"{n}. **{a}**: {b} (Weight: {w}%)" for n, (a, b, w) in enumerate(named, 1))
    about = "\n\n".join(
        f"**Response {place}:** {critique(dice, own, scores[own])}" for place, own in enumerate(order, 1)
    )
    end = "### Scores\n\\boxed{" + ", ".join(str(scores[own]) for own in order) + "}"
    if index % 11 == 10:
        about, end = about[: len(about) // 2], ""
    text = f"### Principles\n{principles}\n\n### Critique\n{about}\n\n{end}"
    made = make_sample(index, scores, dice.gauss(0.3 * (scores[0] - scores[1]), 1.0), order, "long", text)
    return replace(made, parsed=parse(text, 4))


def make(path: Path) -> None:
    """A database that holds the session `long`."""
    store = Store(path)
    run = Run("long-run", "2026-01-01T00:00:00+00:00", "fake", "grm-27b", "pointwise", "", Params(), 32, None, 0)
    example = Example("flask-orders", (Message("user", QUERY),), RESPONSES, (1.0, 0.5, 0.0, 0.0))
    store.add_run(run)
    store.add_session(Session("long", "long-run", example, QUERY.splitlines()[0], "2026-01-01T00:00:00+00:00"))
    for index in range(32):
        store.add_sample(judged(index))
    store.close()
