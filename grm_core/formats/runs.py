"""Run lines of SAMPLES.jsonl: the settings under which a block was judged."""

from dataclasses import replace
from typing import Annotated, Any

from grm_core.formats.fields import (
    Checked,
    Codec,
    Count,
    Default,
    FieldError,
    Flag,
    Identifier,
    Number,
    OneOf,
    Text,
    Whole,
)
from grm_core.formats.lines import canonical, digest
from grm_core.types import CONTEXTS, Params, Run

_FIELDS = (
    *("id", "created_at", "engine", "model", "template", "template_hash", "params", "k", "k_meta", "seed", "order"),
    *("principles", "context", "versions", "commit", "dirty"),
)
_Least1 = Annotated[int, Whole(1)]
ParamsField = Annotated[
    Params, Checked(temperature=Number, top_p=Number, max_tokens=_Least1, regex=Text, thinking=Flag)
]
RunField = Annotated[
    Run,
    Checked(
        id=Default(Identifier, ""),
        created_at=Default(Text, ""),
        engine=Default(Text, ""),
        model=Default(Text, ""),
        template=Default(Text, ""),
        template_hash=Default(Text, ""),
        params=Default(ParamsField, Params()),
        k=Default(Count, 0),
        k_meta=Default(_Least1, None),
        seed=Default(Annotated[int, Whole()], 0),
        order=Text,
        principles=tuple[Text, ...],
        context=Annotated[str, OneOf(CONTEXTS)],
        versions=dict[Text, Text],
        commit=Text,
        dirty=Flag,
    ),
]
RUN: Codec[Run] = Codec(RunField, "run")
_PARAMS: Codec[Params] = Codec(ParamsField, "params")


def run_record(run: Run) -> dict[str, Any]:
    """A run's fields; those that this version does not know come last, sorted."""
    record = {name: getattr(run, name) for name in _FIELDS}
    record["params"] = params_record(run.params)
    record["versions"] = dict(sorted(run.versions.items()))
    return record | dict(sorted(run.extra.items()))


def params_record(params: Params) -> dict[str, Any]:
    """Sampling parameters."""
    record = {name: getattr(params, name) for name in ("temperature", "top_p", "max_tokens", "regex")}
    return record if params.thinking is None else record | {"thinking": params.thinking}


def run_line(run: Run) -> str:
    """The line that opens a block."""
    return canonical({"run": run_record(run)})


def run_name(run: Run) -> str:
    """The text that ids made from a run follow from: its line, as older versions wrote it where they could."""
    record = run_record(run)
    if run.context == "joint":
        del record["context"]
    return canonical({"run": record})


def read_run(line: dict[str, Any]) -> Run:
    """The run of a line; a file made elsewhere may leave out any field, and its id follows from the line then."""
    try:
        name = digest(canonical(line))
    except ValueError:
        raise FieldError("NaN and Infinity are not JSON") from None
    run = RUN.read(line["run"])
    extra = {field: value for field, value in line["run"].items() if field not in _FIELDS}
    return replace(run, id=run.id or name, extra=extra)


def load_params(text: str) -> Params:
    """The settings of a `params_record`, from JSON."""
    return _PARAMS.load(text)
