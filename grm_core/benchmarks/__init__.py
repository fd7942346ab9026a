"""Reward benchmarks: official files as examples, official metrics from votes, under named policies."""

from grm_core.benchmarks import (
    judgebench,
    llmbar,
    pairs,
    ppe_best_of_k,
    ppe_correctness,
    ppe_preference,
    realmistake,
    rewardbench,
    rewardbench2,
    rm_bench,
    rmb,
)
from grm_core.benchmarks.base import Benchmark
from grm_core.errors import UsageError

ALL = (
    *(rewardbench.BENCHMARK, rewardbench2.BENCHMARK, ppe_preference.BENCHMARK, ppe_correctness.BENCHMARK),
    ppe_best_of_k.BENCHMARK,
    *(rmb.PAIRWISE, rmb.BEST_OF_N, realmistake.BENCHMARK, rm_bench.BENCHMARK, judgebench.BENCHMARK),
    *(llmbar.BENCHMARK, pairs.BENCHMARK),
)
NAMES = tuple(benchmark.name for benchmark in ALL)


def named(name: str) -> Benchmark:
    """The benchmark of that name; UsageError says which there are."""
    for benchmark in ALL:
        if benchmark.name == name:
            return benchmark
    raise UsageError(f"there is no benchmark {name!r}; there are {', '.join(NAMES)}")
