"""Scoring beyond one machine: Ray Data deals whole items to workers, each with vLLM behind it.

There are two kinds of workers. For a model's folder, Ray Data LLM's vLLM stage starts an engine in every worker, with
as many GPUs as tensor parallelism takes. For every other engine of this package, running vLLM servers above all, a Ray
Data actor holds the engine. Ray Data LLM's HTTP stage is not used for servers: inside a batch it awaits one request
after the other, whether `qps` is set or not, and one lost connection ends the whole run.

One item is one row and goes to one worker with all its samples: they share a prompt, which is then computed once and
kept in that worker's prefix cache. Nothing here remembers what was done: whoever calls keeps what has come, and asks
for the rest another time. (Ray Data's own checkpoints know rows, not samples, and would take a failed one for done.)
"""

import logging
import os
import pickle
import signal
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from grm_core.engines import _vllm
from grm_core.errors import EngineError
from grm_core.sampling import SamplingPlan
from runs.drive import Arrival
from runs.workers import Client, Fleet, Reader, ask, read

OBJECT_STORE = 256 * 2**20
"""Bytes that Ray may hold on a machine of its own: prompts and samples under way, not weights."""
_TASKS = 10_000
"""More rows than this and Ray spends its time on bookkeeping; several items then share one."""
_ATTEMPTS = 3
_IN_FLIGHT = {True: 256, False: 64}
"""Samples that one worker is given at the same time, about: an engine of its own, and a server that others use too."""


def draw(plans: Sequence[SamplingPlan], fleet: Fleet) -> Generator[Arrival, None, None]:
    """Yield the plans' missing samples, each item's together, items in any order.

    As with `sample`, one without a completion carries `.error`, and an item that cannot be judged gives one Arrival
    without a sample. Closing the iterator stops Ray, if it was started here, and every engine. Raises EngineError when
    Ray cannot run or the workers fail altogether.
    """
    if not plans:
        return
    with _running(fleet) as ray:
        rows = [{"plan": pickle.dumps(plan)} for plan in plans]
        data = ray.data.from_items(rows, override_num_blocks=min(len(rows), _TASKS))
        width = _width(plans, fleet)
        if fleet.placed:
            data = _by_engines(data, fleet, width, max(plan.k for plan in plans))
        else:
            data = _by_clients(data, fleet, width)
        try:
            for row in data.iter_rows():
                yield pickle.loads(row["drawn"])
        except ray.exceptions.RayError as error:
            raise EngineError(f"the workers failed: {_brief(error)}", hint="Ray's logs are in /tmp/ray.") from error


def _width(plans: Sequence[SamplingPlan], fleet: Fleet) -> int:
    """Items that a worker is given at the same time; never so many that the first worker to start takes them all."""
    wanted = max(2, -(-_IN_FLIGHT[fleet.placed] // max(plan.k for plan in plans)))
    return min(wanted, -(-len(plans) // fleet.workers))


@contextmanager
def _running(fleet: Fleet) -> Iterator[Any]:
    """Ray, quiet and without usage reports; one that is started here listens on the loopback address only."""
    os.environ.update(_environment(fleet))  # Ray reads it when it is imported
    import ray
    import ray.data

    where: dict[str, Any] = {"address": fleet.address}
    if fleet.address is None:
        # Its count of processors is one of slots here: how many workers there are says the user, not Ray.
        where = {"address": "local", "num_cpus": fleet.workers + 2, "object_store_memory": OBJECT_STORE}
        where["include_dashboard"] = False
    try:
        _start(ray, where)
        _quiet()
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        context.target_max_block_size = None  # an item's samples stay in one block, and so on one worker
        yield ray
    finally:
        ray.shutdown()


def _start(ray: Any, where: dict[str, Any]) -> None:
    """Connect to Ray, or start it, which it gives itself 30 s for: not always enough where much else runs."""
    ended = signal.getsignal(signal.SIGTERM)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            ray.init(**where, log_to_driver=False, logging_level=logging.ERROR)
            break
        except Exception as error:  # Ray has no type of its own for this
            ray.shutdown()
            if attempt == _ATTEMPTS or where["address"] != "local":
                raise EngineError(f"Ray cannot be used: {_brief(error)}", hint="Its logs are in /tmp/ray.") from error
    signal.signal(signal.SIGTERM, ended)  # Ray would leave at once, with an exit code of its own


def _ray_data_llm() -> Any:
    """The module. Its import takes the root logger for itself, which is given back."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    import ray.data.llm

    root.setLevel(level)
    root.handlers[:] = handlers
    _quiet()
    return ray.data.llm


def _quiet() -> None:
    """Every part of Ray sets its own logger when it is imported."""
    for name in ("ray", "ray.data", "ray.llm"):
        logging.getLogger(name).setLevel(logging.ERROR)


def _brief(error: Exception) -> str:
    """The last line of what went wrong: what stands before it are the stacks of other processes."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__


def _environment(fleet: Fleet) -> dict[str, str]:
    settings = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}  # errors come as exceptions, too
    if fleet.address is None:
        # The first is named after other systems and means: no cluster, so nothing listens beyond the loopback address.
        # The second: a worker is not less important than what else runs here, as it would be by itself.
        settings |= {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_worker_niceness": "0"}
    return {name: os.environ.get(name, value) for name, value in settings.items()}


# --- clients of engines that run elsewhere, or that need no GPU of Ray's ---------------------------------------------


def _by_clients(data: Any, fleet: Fleet, width: int) -> Any:
    from ray.data import ActorPoolStrategy

    pool = ActorPoolStrategy(
        size=fleet.workers, max_tasks_in_flight_per_actor=width, max_concurrent_calls_per_actor=width
    )
    options = {"batch_format": "pyarrow", "batch_size": 1, "num_cpus": 0.1}
    return data.map_batches(Client, fn_constructor_args=(fleet,), compute=pool, **options)


# --- engines that Ray Data LLM starts --------------------------------------------------------------------------------


def _by_engines(data: Any, fleet: Fleet, width: int, k: int) -> Any:
    from ray.data import ActorPoolStrategy

    llm = _ray_data_llm()
    assert fleet.folder is not None
    options = _vllm.options(fleet.folder, False) | {"tensor_parallel_size": fleet.tensor_parallel}
    config = llm.vLLMEngineProcessorConfig(
        model_source=str(fleet.folder),
        engine_kwargs=options | {"disable_log_stats": True},
        concurrency=(fleet.workers, fleet.workers),
        batch_size=k,
        max_concurrent_batches=width,
        max_tasks_in_flight_per_actor=width,
        placement_group_config={"bundles": [{"CPU": 1}]} if _vllm.cpu_build() else None,
        runtime_env={"env_vars": _vllm.settings(False)},
        should_continue_on_error=True,
        log_engine_metrics=False,
        # Our rows come tokenized and the engine gives text: three processes less on every machine.
        chat_template_stage=False,
        tokenize_stage=False,
        detokenize_stage=False,
    )
    small = {"num_cpus": 0.1}
    blocks = small | {"batch_format": "pyarrow", "batch_size": None}
    few = 1 + fleet.workers // 8  # a process with a tokenizer costs more to start than to run
    processor = llm.build_processor(config, preprocess_map_kwargs=small, postprocess_map_kwargs=small)
    samples = processor(data.map_batches(partial(ask, fleet), concurrency=few, **blocks)).map_batches(
        partial(read, fleet.model), **blocks
    )
    if fleet.meta == "none":
        return samples
    return samples.map_batches(Reader, fn_constructor_args=(fleet,), compute=ActorPoolStrategy(size=1), **blocks)
