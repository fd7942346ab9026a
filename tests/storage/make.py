"""A run, a session, and samples with anything in them."""

from collections.abc import Iterable
from pathlib import Path

from hypothesis import strategies as st

from grm_core.types import Completion, Params, Parsed, ParseStatus, Principle, Run, Sample, Session
from storage.store import Store
from tests.make import make_example

RUN = Run("run", "2026-01-01T00:00:00Z", "replay", "m", "pointwise", "0" * 16, Params(), 8, None, 0)
SESSION = Session("s", "run", make_example(query="Why is the sky blue?"), "Sky", "2026-01-01T00:00:00Z", ("physics",))
ANY_TEXT = st.text(st.characters(codec=None), max_size=40) | st.sampled_from(
    ["\ud800", "a\0b", "\r\n", "\u202eabc\u200b", "😀", "\ue000x\ue001", "${alert(1)}", ""]
)


def filled(path: Path, samples: Iterable[Sample]) -> Path:
    """The path, now a closed database with these samples of SESSION."""
    store = Store(path)
    store.add_run(RUN)
    store.add_session(SESSION)
    for sample in samples:
        store.add_sample(sample)
    store.close()
    return path


@st.composite
def any_sample(draw: st.DrawFn) -> Sample:
    text = draw(ANY_TEXT)
    status = draw(st.sampled_from(ParseStatus))
    span = st.tuples(st.integers(0, 50), st.integers(50, 100))
    principle = st.builds(Principle, ANY_TEXT, st.none() | st.floats(0, 100), span)
    parsed = Parsed(
        status=status,
        principles=tuple(draw(st.lists(principle, max_size=3))),
        critique_span=draw(st.none() | span),
        shown_scores=draw(st.tuples(*[st.integers(1, 10)] * 3)) if status is ParseStatus.OK else None,
        score_spans=tuple(draw(st.lists(span, max_size=3))),
        version=draw(st.integers(1, 9)),
    )
    reasoning = draw(st.none() | ANY_TEXT)
    seconds, model = draw(st.floats(0, 1e6)), draw(ANY_TEXT)
    completion = Completion(text, draw(ANY_TEXT), 3, 4, seconds, model, reasoning=reasoning)
    return Sample(
        id="s/0",
        session_id="s",
        index=0,
        order=tuple(draw(st.permutations(range(3)))),
        seed=draw(st.integers(0, 2**62)),
        request_key=draw(ANY_TEXT),
        completion=completion if draw(st.booleans()) else None,
        error=draw(st.none() | ANY_TEXT),
        parsed=parsed,
        meta_logit=draw(st.none() | st.floats(allow_nan=False, allow_infinity=False)),
    )
