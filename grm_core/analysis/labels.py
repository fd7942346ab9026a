"""Labels of annotators, and those that stand: annotations are only ever added, a later one replaces an earlier one.

The classes of a sample are those of the paper's failure analysis (arXiv 2504.02495, App. F).
"""

from collections.abc import Collection, Iterable

from grm_core.analysis.frames import letter
from grm_core.errors import UsageError
from grm_core.types import GOOD, Annotation, Example, Sample

CLASSES = (GOOD, "incorrect critique", "imbalanced weights", "improper principles", "wrong ground truth")
PRINCIPLES = ("fit", "unfit", "biased")
TIE, UNSURE = "tie", "cannot say"
SETTLED = ("best", "class", "principle")
"""Kinds whose labels two people can agree on, and on which somebody may have the last word."""
GOLD = "gold-"
"""What stands before the kind of a label that has the last word."""
KINDS = (*SETTLED, "span", "done", "code", *(f"{GOLD}{kind}" for kind in SETTLED))
"""best: which response is best, said before anything of the GRM is seen; class: of a sample; principle: of one of its
principles; span: a note on some characters of its text; done: the author is through with the session; code: of a
sample, from a code book, as many as fit; gold-...: an adjudicator's last word on what annotators labelled."""
AUTHOR_MOST, NOTE_MOST = 80, 4000


def check(annotation: Annotation, example: Example, sample: Sample | None, codes: Collection[str] = ()) -> None:
    """Raise UsageError unless the annotation fits the session's example and, where it names one, its sample.

    `codes` are the ids of all codes that were ever made.
    """
    if annotation.kind not in KINDS:
        raise UsageError(f"annotations are {', '.join(KINDS)}, not {annotation.kind!r}")
    if not annotation.author.strip() or len(annotation.author) > AUTHOR_MOST:
        raise UsageError(f"say who you are, in 1 to {AUTHOR_MOST} characters")
    if len(annotation.note) > NOTE_MOST:
        raise UsageError(f"a note has at most {NOTE_MOST:,} characters")
    of_sample = annotation.kind.removeprefix(GOLD) in ("class", "principle", "span", "code")
    if of_sample != (annotation.sample is not None) or (of_sample and sample is None):
        raise UsageError(f"an annotation of the kind {annotation.kind} names {'a' if of_sample else 'no'} sample")
    if annotation.kind == "code":
        if annotation.label and annotation.label not in codes:
            raise UsageError(f"there is no code {annotation.label!r}; import its code book first")
    elif annotation.label and annotation.label not in allowed(annotation.kind, len(example.responses)):
        raise UsageError(f"{annotation.label!r} is not a label of the kind {annotation.kind}")
    if sample is not None:
        _inside(annotation, sample)


def allowed(kind: str, n: int) -> tuple[str, ...]:
    """The labels of a kind for n responses."""
    responses = tuple(letter(own) for own in range(n))
    return {
        "best": (*responses, TIE, UNSURE),
        "class": CLASSES,
        "principle": PRINCIPLES,
        "span": ("span",),
        "done": ("done",),
    }[kind.removeprefix(GOLD)]


def standing(annotations: Iterable[Annotation]) -> list[Annotation]:
    """The annotations that are neither replaced nor taken back, in order of arrival."""
    made = list(annotations)
    replaced = {each.replaces for each in made if each.replaces}
    return [each for each in made if each.id not in replaced and each.label]


def target(annotation: Annotation) -> tuple[str, str, int | None, int | None]:
    """Its subject: session, kind, sample, place. Two authors agree or not where these are the same."""
    return annotation.session_id, annotation.kind, annotation.sample, annotation.place


def _inside(annotation: Annotation, sample: Sample) -> None:
    """Raise UsageError where the place or span is not in the sample."""
    count, text = len(sample.parsed.principles), sample.completion.text if sample.completion else ""
    if annotation.kind.removeprefix(GOLD) == "principle" and not (
        annotation.place is not None and 0 <= annotation.place < count
    ):
        raise UsageError(f"sample {sample.index + 1} has {count} principles")
    if annotation.kind == "span" or (annotation.kind == "code" and annotation.span is not None):
        span = annotation.span
        if span is None or not 0 <= span[0] < span[1] <= len(text):
            raise UsageError(f"the span is not inside the text of sample {sample.index + 1}")
