"""Templates of assets/prompts: load one by name, fill its placeholders in one pass, and the regex of what it asks for.

Whatever stands before the responses is the same for every sample of an example, so that a server finds it in its
prefix cache. Queries and responses are hostile text: what could pass for a control token or for one of our own markers
is broken by a word joiner, in the prompt only.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grm_core import families
from grm_core.errors import UsageError
from grm_core.families import FAMILIES
from grm_core.types import SCORE_MAX, SCORE_MIN, Example, Message

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "prompts"
EMPTY = "(The response is empty.)"
"""What stands in a prompt for a response whose model wrote nothing."""
WORD_JOINER = "\u2060"
"""Has no width: a person and a model read on, a tokenizer and a marker do not match any more."""

_PLACEHOLDER = re.compile(r"\{\{([a-z_]+)\}\}")
_HOLDS: dict[str, frozenset[str]] = {
    "pointwise": frozenset({"query", "responses", "n"}),
    "pointwise-given-principles": frozenset({"query", "responses", "n", "principles"}),
    "pointwise-reference": frozenset({"query", "responses", "n", "reference"}),
    "single": frozenset({"query", "responses"}),
    "compact": frozenset({"query", "responses"}),
    "compact-binary": frozenset({"query", "responses"}),
    "compact-given-principles": frozenset({"query", "responses", "principles"}),
    "compact-reference": frozenset({"query", "responses", "reference"}),
    "judge": frozenset({"query", "responses", "n"}),
    "critique": frozenset({"query", "responses"}),
    "ratings": frozenset({"query", "responses", "n"}),
    "verdict": frozenset({"query", "responses", "n"}),
}
"""Name -> the placeholders that its file holds, no more and no fewer."""
UNRATED = frozenset({"judge", "critique", "compact-binary", families.DEEPSEEK_META_RM})
"""Templates of the baselines, training's own 0/1, a meta RM's: a judgment by them holds no scores from 1 to 10."""
LETTERED = frozenset({"verdict"})
"""Templates that call the responses A, B, ... and ask which is the best: reading.letter_choice reads them."""
META_RM = "compact"
"""What our own meta RM is shown, whatever the GRM was asked with."""
UNPRINCIPLED = frozenset({"ratings", *LETTERED})
"""Templates of others that ask for no principles: with them all responses are judged together."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

# Any <|...|> covers ChatML, Llama 3, Phi and gpt-oss; the full-width bar is DeepSeek's. The rest are the exact special
# tokens of Llama 2, Mistral, Gemma, Qwen and SmolLM2.
_CONTROL = re.compile(
    r"<(?=[|｜][^\s<>]{1,60}[|｜]>)"
    r"|<(?=/?(?:s|bos|eos|pad|unk|mask|cls|sep|think|thinking|tool_call|tool_response|tools|start_of_turn|end_of_turn"
    r"|start_of_image|end_of_image|image_soft_token|image|img|unused\d{1,4}|reserved_\w{1,40}|extra_id_\d{1,4}"
    r"|repo_name|reponame|file_sep|filename|gh_stars|issue_\w{1,20}|jupyter_\w{1,20}|empty_output)>)"
    r"|<(?=</?SYS>>)"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_\w{1,20}|IMG\w{0,10}|PREFIX|MIDDLE|SUFFIX|THINK|CLS|SEP|PAD|MASK"
    r"|UNK)\])",
    re.IGNORECASE,
)
_MARKER = re.compile(
    r"[\[［](?=\s*(?:response\s*(?:\d+|[a-z])|conversation|reference)\s+(?:begins|ends)\s*[\]］])", re.IGNORECASE
)
_SCORE = rf"(?:[{SCORE_MIN}-{SCORE_MAX - 1}]|{SCORE_MAX})"
_SURROGATE = re.compile("[\ud800-\udfff]")
_FREE = r"[^\n\r\\<\[`\x00-\x1f\u2028\u2029]"
r"""A character of free text. Without < [ ` and \ no line can open thinking, a code fence or a box of its own."""


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt template as loaded."""

    name: str
    text: str
    hash: str
    """First 16 hexadecimal digits of the SHA-256 of the file."""


def names() -> list[str]:
    """The templates of our own, in alphabetical order."""
    return sorted(_HOLDS)


def load(name: str) -> Template:
    """The template of this name.

    Raises UsageError naming the ones that exist, or what its file misses or does not know.
    """
    if name not in _HOLDS and name not in FAMILIES:
        raise UsageError(
            f"there is no template {name!r}; there are {', '.join(names())}, and those of known checkpoints: "
            f"{', '.join(sorted(FAMILIES.keys() - UNRATED))}"
        )
    path = families.FOLDER / f"{name}.jinja" if name in FAMILIES else FOLDER / f"{name}.txt"
    data = path.read_bytes()
    text = data.decode()
    check(name, text)
    return Template(name, text, hashlib.sha256(data).hexdigest()[:16])


def check(name: str, text: str) -> None:
    """Raise UsageError unless the text holds every placeholder of the template of this name, and no other."""
    held = {"query", "shown", *FAMILIES[name].optional} if name in FAMILIES else _HOLDS[name]
    placeholders = families.placeholders(text) if name in FAMILIES else set(_PLACEHOLDER.findall(text))
    if missing := held - placeholders:
        raise UsageError(f"template {name} lacks {_braced(missing)}")
    if unknown := placeholders - held:
        raise UsageError(f"template {name} holds {_braced(unknown)}, which it cannot fill")


def choose(example: Example, principles: Sequence[str] = (), style: str = "") -> str:
    """The name of the template that shows all there is: given principles, a reference, one response or several.

    `style` is the family of templates that the model was trained on ('compact'), '' for the general ones. Raises
    UsageError where both principles and a reference are given: no template shows the two.
    """
    if principles and example.reference is not None:
        raise UsageError("principles and a reference answer cannot be used together; remove one")
    suffix = "given-principles" if principles else "reference" if example.reference is not None else ""
    if suffix:
        return f"{style or 'pointwise'}-{suffix}"
    return style or ("single" if len(example.responses) == 1 else "pointwise")


def shows(template: Template, example: Example, principles: Sequence[str] = ()) -> None:
    """Raise UsageError unless the template shows the principles, the reference and all responses that are given."""
    family = FAMILIES.get(template.name)
    holds = family.optional if family else _HOLDS[template.name]
    values = {"principles": bool(principles), "reference": example.reference is not None}
    for name, there in values.items():
        if there != (name in holds) and (there or family is None):
            raise UsageError(f"template {template.name} {'does not show' if there else 'needs'} {name}")
    check_count(template.name, len(example.responses))
    if template.name == "single" and len(example.responses) > 1:
        raise UsageError(f"template single shows one response, {len(example.responses)} are given")


def alone(template: Template, example: Example) -> Template:
    """The template by which one response of the example is judged where the principles are stated by `template`.

    Raises UsageError for a template under which responses can only be judged together.
    """
    if template.name in FAMILIES:
        return template
    if template.name in UNPRINCIPLED:
        raise UsageError(f"template {template.name} asks for no principles: it judges together (--context joint)")
    if template.name.endswith("-given-principles"):
        raise UsageError(
            f"template {template.name} is for judging together; one at a time, given principles begin each reply"
        )
    one = replace(example, responses=example.responses[:1], labels=None, models=None)
    return load(choose(one, (), "compact" if template.name.startswith("compact") else ""))


def check_count(template: str, n: int) -> None:
    """Raise UsageError where a template that compares is given one response only, or more than there are letters."""
    if families.context_of(template) == "pairs" and n < 2:
        raise UsageError(f"template {template} compares two responses; {n} given")
    if template in LETTERED and not 2 <= n <= len(LETTERS):
        raise UsageError(f"template {template} asks which of 2 to {len(LETTERS)} responses is the best; {n} given")


def fill(
    template: Template, example: Example, order: Sequence[int], principles: Sequence[str] = ()
) -> tuple[Message, ...]:
    """The prompt as one user message, responses in shown order: position p shows response order[p].

    One pass over the template: placeholders inside user text stay text. Raises UsageError when the template asks for
    principles or a reference and there are none.
    """
    if template.name in FAMILIES:
        return _family_prompt(template, example, order, principles)
    values = {
        "query": _conversation(example.query),
        "responses": "\n\n".join(
            f"[Response {name} begins]\n{shown(example.responses[own])}\n[Response {name} ends]"
            for name, own in zip(called(template.name, len(order)), order, strict=True)
        ),
        "n": str(len(order)),
    }
    if principles:
        values["principles"] = "\n".join(f"{place}. {harmless(text)}" for place, text in enumerate(principles, 1))
    if example.reference is not None:
        values["reference"] = harmless(example.reference)

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise UsageError(f"template {template.name} needs {match[1]}; give it, or choose another template")
        return values[match[1]]

    return (Message("user", _PLACEHOLDER.sub(value, template.text.rstrip("\n"))),)


def called(template: str, n: int) -> tuple[str, ...]:
    """The names that the template of this name gives n responses, in shown order: 1, 2, ... or A, B, ..."""
    if template in FAMILIES:
        name = FAMILIES[template].called
        return tuple(name.format(number=place + 1, letter=LETTERS[place % len(LETTERS)]) for place in range(n))
    if template not in LETTERED:
        return tuple(map(str, range(1, n + 1)))
    return tuple(LETTERS[:n])


def shown(response: str) -> str:
    """A response for a prompt; of an empty one it is said that it is."""
    return harmless(response) if response.strip() else EMPTY


def harmless(text: str) -> str:
    """User text for a prompt: control tokens and our own markers broken by U+2060, lone surrogates as U+FFFD."""
    text = _SURROGATE.sub("\ufffd", text)
    for pattern in (_CONTROL, _MARKER):
        text = pattern.sub(rf"\g<0>{WORD_JOINER}", text)
    return text


def _family_prompt(
    template: Template, example: Example, order: Sequence[int], principles: Sequence[str]
) -> tuple[Message, ...]:
    """The prompt of another judge's family; what would pass for its markers is broken as ours are."""
    names = called(template.name, len(order))
    listed = "\n".join(f"{place}. {text}" for place, text in enumerate(principles, 1))
    values = {
        "query": _unmarked(_conversation(example.query)),
        "shown": [
            {"name": name, "text": _unmarked(shown(example.responses[own]))}
            for name, own in zip(names, order, strict=True)
        ],
        "principles": _unmarked(harmless(listed)) if principles else None,
        "reference": None if example.reference is None else _unmarked(harmless(example.reference)),
    }
    return families.render(template.text, values)


def _unmarked(text: str) -> str:
    return families.MARKER.sub(rf"\g<0>{WORD_JOINER}", text)


def seeds(template: Template) -> tuple[str, ...]:
    """The general principles that the template starts the GRM from, in its order; () where it names none."""
    return tuple(line[2:].strip() for line in template.text.splitlines() if line.startswith("- "))


def structure_of(template: str, n: int, given_principles: bool = False) -> str:
    """The regex of what the template of this name asks for, see `structure`."""
    if template == "ratings":
        return rf"{_critiques(called(template, n))}Ratings: \[\[{', '.join([_SCORE] * n)}\]\]"
    if template == "judge":
        return judge_structure(n)
    if template in LETTERED:
        names = called(template, n)
        return rf"{_critiques(names)}Verdict: \[\[(?:{'|'.join(names)})\]\]"
    return structure(n, given_principles)


def structure(n: int, given_principles: bool = False) -> str:
    r"""The regex of a completion that scores n responses, for a model that was not trained to write the format.

    It fixes the order of sections and the score line; the text is free but bounded, so that a small model comes to an
    end: 2 to 4 principles unless they are given, one line of critique per response, one score line. Everything it
    matches parses to OK. Written for xgrammar and llguidance alike: no anchors, lookarounds or back-references.
    """
    principles = "" if given_principles else principles_structure()
    return rf"{principles}Critique:\n{_critiques(called('', n))}Scores: \\boxed\{{{', '.join([_SCORE] * n)}\}}"


def principles_structure() -> str:
    """The regex of principles alone, as `structure` has them, for a model that was not trained to write them."""
    one, two, three, four = (rf"{i}\. [A-Z]{_FREE}{{9,120}} \(weight: [1-9]0%\)\n" for i in range(1, 5))
    return rf"Principles:\n{one}{two}(?:{three}(?:{four})?)?"


def told_structure() -> str:
    """The regex of what follows `Response 1:` where one response is judged alone: a critique and a score."""
    return rf" [A-Z]{_FREE}{{19,240}}\nScores: \\boxed\{{{_SCORE}\}}"


def judge_structure(n: int) -> str:
    r"""The regex of a completion that names the best of n responses, for a model that was not trained to write it.

    One line of critique per response, then the box; everything it matches can be read by reading.boxed_choice.
    """
    return (
        rf"Critique:\n{_critiques(called('', n))}Best response: \\boxed\{{(?:{'|'.join(map(str, range(1, n + 1)))})\}}"
    )


def critique_structure() -> str:
    """The regex of a critique without scores, one paragraph of bounded length, for a model that would ramble."""
    return rf"[A-Z]{_FREE}{{39,400}}[.!?]"


def _critiques(names: Sequence[str]) -> str:
    """One line per response; all together stay within a thousand tokens."""
    most = max(50, min(240, 1600 // len(names)))
    return "".join(rf"Response {name}: [A-Z]{_FREE}{{19,{most}}}\n" for name in names)


def _conversation(query: Sequence[Message]) -> str:
    """A single user message as it is; several turns each under their role."""
    if len(query) == 1 and query[0].role == "user":
        return harmless(query[0].content)
    return "\n\n".join(f"{harmless(turn.role).capitalize()}:\n{harmless(turn.content)}" for turn in query)


def _braced(placeholders: set[str] | frozenset[str]) -> str:
    return ", ".join(f"{{{{{name}}}}}" for name in sorted(placeholders))
