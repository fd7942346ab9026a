"""The texts of a session as the page reads them: a sample in parts, all that was said of a response, differences.

Every place in a text is counted as a browser counts: in UTF-16 units.
"""

from collections.abc import Sequence

from grm_core.analysis.critique import critique_text, pieces, sub_scores
from grm_core.analysis.evidence import quotes
from grm_core.analysis.frames import letter
from grm_core.analysis.text_diff import difference
from grm_core.formats.titles import plain_title
from grm_core.types import Example, Principle, Sample, Span
from ui.render import reason
from ui.wire import shared as wire
from ui.wire.inspect import Differences, Said
from ui.wire.shared import Block, Case, Detail, Quote, Turn, Weighted

_LINE_MOST = 300
"""Characters of a query in one line."""


def detail(example: Example, sample: Sample) -> Detail:
    """Everything about one sample that its card shows."""
    done, parsed = sample.completion, sample.parsed
    shown = sub_scores(sample)
    return Detail(
        i=sample.index,
        scores=sample.scores,
        sub=[shown[sample.order.index(own)] for own in range(len(sample.order))],
        reason=reason(sample),
        status=str(parsed.status),
        order=[letter(r) for r in sample.order],
        principles=[Weighted(text=p.text, weight=p.weight) for p in parsed.principles],
        critique=critique_text(sample),
        blocks=blocks(sample),
        quotes=evidence(example, sample),
        raw=done.text if done else "",
        reasoning=(done.reasoning or None) if done else None,
        spans=spans(sample),
        seed=sample.seed,
        tokens=done.completion_tokens if done else None,
        seconds=round(done.seconds, 1) if done else None,
        finish=done.finish_reason if done else None,
        meta=sample.meta_logit,
    )


def case(example: Example) -> Case:
    """The query and the responses in own order, with the models that wrote them where they are known."""
    return Case(
        query=[Turn(role=m.role, content=m.content) for m in example.query],
        line=plain_title(example.query[-1].content, _LINE_MOST),
        responses=list(example.responses),
        reference=example.reference,
        labels=example.labels,
        models=example.models,
    )


def blocks(sample: Sample) -> list[Block]:
    """The critique in the order it was written: what it says of each response, and of none (`response` None)."""
    start, critique = (sample.parsed.critique_span or (0, 0))[0], critique_text(sample)
    return [Block(response=own, at=[_utf16(critique, at - start) for at in span]) for own, span in pieces(sample)]


def evidence(example: Example, sample: Sample) -> list[Quote]:
    """The quotations of a sample's critique: where in the critique, and whether and where a response holds them."""
    start, critique = (sample.parsed.critique_span or (0, 0))[0], critique_text(sample)
    quotations = []
    for quote in quotes(example, sample):
        where = None
        if quote.response is not None and quote.response_span is not None:
            where = [_utf16(example.responses[quote.response], at) for at in quote.response_span]
        places = [_utf16(critique, at - start) for at in quote.span]
        quotations.append(Quote(at=places, origin=quote.origin, response=quote.response, where=where))
    return quotations


def spans(sample: Sample) -> list[wire.Span]:
    """Spans that the parser took from the raw text: principles, critique and scores, none inside another."""
    if sample.completion is None:
        return []
    parsed, text = sample.parsed, sample.completion.text
    named: list[tuple[Span, str]] = [(principle.span, "principle") for principle in parsed.principles]
    named += [(span, "score") for span in parsed.score_spans]
    named += [(parsed.critique_span, "critique")] if parsed.critique_span else []
    marked: list[wire.Span] = []
    end = 0
    for (start, stop), kind in sorted(named):
        if end <= start < stop:
            marked.append(wire.Span(at=[_utf16(text, start), _utf16(text, stop)], kind=kind))
            end = stop
    return marked


def about(samples: Sequence[Sample], response: int) -> list[Said]:
    """Every sample's words on one response (own index), equal words once with all samples that wrote them.

    Most frequent first, then by score from high to low; a critique that names no response is given whole.
    """
    said: dict[tuple[str, int], list[Sample]] = {}
    for sample in samples:
        if sample.scores is not None and response < len(sample.order):
            said.setdefault((said_of(sample, response), sample.scores[response]), []).append(sample)
    ranked = sorted(said.items(), key=lambda pair: (-len(pair[1]), -pair[0][1], pair[1][0].index))
    return [Said(text=text, score=score, samples=[s.index for s in group]) for (text, score), group in ranked]


def differences(base: Sample, other: Sample) -> Differences:
    """Words that `other` adds to and leaves out of `base`: of the principles, and of the critique by response."""
    lists = ["\n".join(map(_line, sample.parsed.principles)) for sample in (base, other)]
    places = [*range(len(base.order)), None]
    changes = {
        "general" if own is None else str(own): difference(_block(base, own), _block(other, own)) for own in places
    }
    return Differences(principles=difference(*lists), blocks=changes)


def holding(samples: Sequence[Sample], words: str) -> list[int]:
    """The samples whose critique, or one of whose principles, holds these words, whatever their case."""
    wanted = words.casefold()
    return [
        s.index
        for s in samples
        if any(wanted in text.casefold() for text in (critique_text(s), *(p.text for p in s.parsed.principles)))
    ]


def said_of(sample: Sample, response: int) -> str:
    """A sample's words on one response (own index); the whole critique where it names none."""
    return _block(sample, response).strip() or critique_text(sample).strip()


def _line(principle: Principle) -> str:
    """A principle as a line of a list, with its weight."""
    return f"- {principle.text}" + ("" if principle.weight is None else f" ({principle.weight:g})")


def _block(sample: Sample, own: int | None) -> str:
    """The part of the critique on a response, without its end of line; None: the part on no response."""
    text = sample.completion.text if sample.completion is not None else ""
    return next((text[slice(*span)].rstrip() for named, span in pieces(sample) if named == own), "")


def _utf16(text: str, at: int) -> int:
    """An offset into a text as a browser counts it: characters beyond U+FFFF are two there."""
    return len(text[:at].encode("utf-16-le", "surrogatepass")) // 2
