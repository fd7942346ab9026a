"""Words for a run and a vote that documents and pages have in common."""

from grm_core.analysis.frames import letter
from grm_core.types import Method, Run, Verdict
from runs.run import FILE

METHODS = {Method.NAIVE: "Naive", Method.GUIDED: "Guided", Method.GUIDED_WEIGHTED: "Guided-weighted"}
_FILE_MOST = 60


def verdict_line(verdict: Verdict, n: int) -> str:
    """The vote over n responses as a sentence, with k and k_effective."""
    name = METHODS[Method(verdict.method)]
    kept = f", the {verdict.k_meta} best by meta RM" if verdict.k_meta is not None else ""
    head = f"{name} vote over {count(verdict.k_effective, 'sample')}{kept}: "
    read = f" {verdict.k_effective} of {verdict.k} could be read."
    if verdict.totals is None:
        return f"No verdict: none of {count(verdict.k, 'sample')} could be read." if verdict.k else "No samples yet."
    if n == 1:
        return f"{head}the response gets {verdict.totals[0] / len(verdict.voted):.2f} of 10 on average.{read}"
    if verdict.winner is None:
        best = max(verdict.totals)
        tied = [letter(i) for i, total in enumerate(verdict.totals) if best - total < 1e-9]
        return f"{head}a tie between {' and '.join(tied)} at {_number(best)}.{read}"
    ranked = sorted(verdict.totals, reverse=True)
    score = f"{_number(verdict.margin or 0)} ({_number(ranked[0])} to {_number(ranked[1])})"
    mean = f"{verdict.margin_mean:.2f} per sample"
    return f"{head}Response {letter(verdict.winner)} wins by {score}, {mean}.{read}"


def run_title(run: Run) -> str:
    """A run in words: its file where it is a batch, model, temperature, template, and when it began."""
    if run.model == run.template == "unknown":
        return "imported, settings unknown"
    began = run.created_at[:16].replace("T", " ")
    file = str(run.extra.get(FILE, ""))[:_FILE_MOST]
    return ", ".join(filter(None, [file, run.model, f"temperature {run.params.temperature:g}", run.template, began]))


def settings(run: Run) -> list[tuple[str, str]]:
    """What a run was judged with, in words: name and value of each setting."""
    return [
        ("model", run.model),
        ("template", f"{run.template} ({run.template_hash[:8]})"),
        ("temperature", f"{run.params.temperature:g}"),
        ("own principles", "; ".join(run.principles) or "none"),
        ("context", run.context),
        ("order", run.order),
        ("structured output", "yes" if run.params.regex else "no"),
        ("seed", str(run.seed)),
    ]


def context(run: Run) -> str:
    """In which context a run judged, and how it shuffled."""
    if run.single:
        return "one response at a time: no order bias can arise"
    if run.context == "pairs":
        return f"two responses at a time: {run.order} order, more than two in all orders"
    return f"{run.order} order"


def count(number: int, thing: str) -> str:
    """A number of things: '1 sample', '2 samples'."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def interval(mean: float, low: float, high: float) -> str:
    """A share 0..1 with its 95% interval: '81.2% [78.6, 83.5]'."""
    return f"{100 * mean:.1f}% [{100 * low:.1f}, {100 * high:.1f}]"


def points(difference: float, low: float, high: float) -> str:
    """A difference of two shares with its 95% interval, in points: '+4.1 [-0.2, +8.3]'."""
    return f"{100 * difference:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"


def percent(share: float | None) -> str:
    """A share 0..1 in per cent, without the sign."""
    return "–" if share is None else f"{100 * share:.1f}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"
