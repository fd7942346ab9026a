"""The one place where a run comes from: what has to be known to do it again."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

from grm_core import meta_rm, provenance
from grm_core.errors import UsageError
from grm_core.plan import template_of
from grm_core.prompts import Template
from grm_core.types import Example, Params, Run
from runs.settings import Sampling

ADAPTIVE = "adaptive"
"""In Run.extra: risk, method and budget of a run whose items end early."""
FILE = "file"
"""In Run.extra: the name of the file that a batch was made of."""


class Judges(NamedTuple):
    """Who judges in a run, by the names that are recorded."""

    engine: str
    model: str
    meta: str
    """The meta RM's name or address, or none."""


class Origin(NamedTuple):
    """The code that makes a run."""

    versions: dict[str, str]
    commit: str | None
    dirty: bool | None


def template_for(example: Example, sampling: Sampling, style: str) -> Template:
    """The template that an item is judged by under these settings; see `plan.template_of`."""
    return template_of(example, sampling.principles, style, sampling.context, sampling.template)


def templates_for(examples: Sequence[Example], sampling: Sampling, style: str) -> list[Template]:
    """The template of each item; UsageError names an item that none fits."""
    templates = []
    for example in examples:
        try:
            templates.append(template_for(example, sampling, style))
        except UsageError as error:
            raise UsageError(f"item {example.id!r}: {error}") from None
    return templates


@cache
def origin() -> Origin:
    """The packages and the commit of this process, as they are when it is first asked."""
    return Origin(provenance.versions(), *provenance.commit())


def make_run(
    run_id: str, by: Judges, sampling: Sampling, templates: Iterable[Template], params: Params | None = None
) -> Run:
    """A run that begins now, under settled settings.

    Items may need different templates (a single response, a reference answer): the run names them all. `params`: what
    completions are really asked with, where a model's context left less room than the settings want.
    """
    used = sorted({(template.name, template.hash) for template in templates})
    versions, commit, dirty = origin()
    return Run(
        id=run_id,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        engine=by.engine,
        model=by.model,
        template="+".join(name for name, _ in used),
        template_hash="+".join(digest for _, digest in used),
        params=params or sampling.params,
        k=sampling.k,
        k_meta=None,
        seed=sampling.seed,
        order=sampling.order,
        principles=sampling.principles,
        context=sampling.context,
        versions=versions | {meta_rm.IN_VERSIONS: by.meta} | ({"recipe": sampling.recipe} if sampling.recipe else {}),
        commit=commit,
        dirty=dirty,
        extra=_adaptive(sampling),
    )


def _adaptive(sampling: Sampling) -> dict[str, Any]:
    """When items ended before their k samples."""
    if sampling.adaptive is None:
        return {}
    rule = {"risk": sampling.adaptive.risk, "method": str(sampling.adaptive.method)}
    return {ADAPTIVE: rule | ({} if sampling.budget is None else {"budget": sampling.budget})}
