"""Best of n under the GRM: a policy answers each query n times, the GRM judges the answers, the best one is taken.

    python -m examples.best_of_n --tasks 24 --n 8 --k 8 --out best.jsonl --samples judged.jsonl
    python -m examples.best_of_n QUERIES.jsonl --policy http://host:8000/v1 --engine http://grm:8000/v1 --out b.jsonl

Every line of --out holds the query, the answers, their rewards (0..1, null = no vote), the chosen one and the greedy
answer. Without a file of queries, program-made ones are drawn whose answers a program can check. Then the last line on
standard output says how often the greedy answer is right, a random one of the n, the GRM's choice, and at least one of
the n (the most that any judge could reach), with 95% intervals over queries.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any

from examples import common
from examples.common import Query
from grm_core import engines
from grm_core.errors import GRMError
from grm_core.reward_function import GRMReward, Settings
from grm_core.types import Params


def main(argv: Sequence[str]) -> int:
    """Answer, judge, choose; returns the exit code."""
    parser = argparse.ArgumentParser(prog="examples.best_of_n", description=__doc__.split("\n", 1)[0])
    common.add_arguments(parser)
    parser.add_argument("--n", type=int, default=8, help="answers per query")
    args = parser.parse_args(argv)
    settings = common.settings_of(vars(args))
    try:
        lines, summary = asyncio.run(run(settings, args.n, common.read_queries(settings)))
    except GRMError as error:
        print(error, file=sys.stderr)
        return 2
    common.write_lines(settings.out, lines)
    print(json.dumps(summary))
    return 0


async def run(
    settings: common.Settings, n: int, queries: Sequence[Query]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The lines of --out, and what they amount to."""
    asked = [query.turns for query in queries]
    policy = common.create_policy(settings)
    try:
        drawn = Params(temperature=settings.temperature, max_tokens=settings.policy_tokens)
        several = await common.answers(policy, asked, drawn, n, settings.seed)
        greedy = await common.answers(policy, asked, Params(0.0, max_tokens=settings.policy_tokens), 1, settings.seed)
    finally:
        await policy.close()
    print(f"{n} answers to each of {len(queries)} queries by {policy.model}", file=sys.stderr)
    grm = engines.create(settings.engine, settings.model)
    judging = Settings(k=settings.k, seed=settings.seed, params=Params(max_tokens=settings.judge_tokens))
    sessions = common.Sessions(grm, judging.params, settings.k, settings.seed, "best-of-n")
    with GRMReward(grm, judging, on_judgement=sessions.add) as reward:
        prompts = [query.chat() for query in queries for _ in range(n)]
        rewards = await reward(prompts, [text for each in several for text in each])
    sessions.write(settings.samples)
    lines = [
        line(query, texts, rewards[place * n : (place + 1) * n], plain)
        for place, (query, texts, (plain,)) in enumerate(zip(queries, several, greedy, strict=True))
    ]
    return lines, {"policy": policy.model, "grm": grm.model, "n": n, "k": settings.k} | summary(lines)


def line(query: Query, texts: Sequence[str], rewards: Sequence[float | None], greedy: str) -> dict[str, Any]:
    """One query's line of --out; among equal rewards the first answer is chosen."""
    known = [reward for reward in rewards if reward is not None]
    leaders = [place for place, reward in enumerate(rewards) if known and reward == max(known)]
    found: dict[str, Any] = {"id": query.id, "query": query.words(), "answers": list(texts), "rewards": list(rewards)}
    found |= {"chosen": leaders[0] if leaders else None, "greedy": greedy}
    checked = [query.right(text) for text in texts]
    if query.task is not None:
        # Equal leaders share; without any vote the choice is as good as a random one.
        chosen = [float(bool(checked[place])) for place in leaders or range(len(texts))]
        found |= {"family": query.task.family, "checked": checked, "checked_greedy": query.right(greedy)}
        found["checked_chosen"] = sum(chosen) / len(chosen)
    return found


def summary(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Shares of checked queries, and paired differences; {} where no program can check."""
    known = [each for each in lines if "checked" in each]
    if not known:
        return {}
    greedy = [float(each["checked_greedy"]) for each in known]
    mean = [sum(each["checked"]) / len(each["checked"]) for each in known]
    chosen = [each["checked_chosen"] for each in known]
    return {
        "greedy": common.share(greedy),
        "random_of_n": common.share(mean),
        "best_of_n": common.share(chosen),
        "any_of_n": common.share([float(any(each["checked"])) for each in known]),
        "best_of_n - greedy": common.share([a - b for a, b in zip(chosen, greedy, strict=True)]),
        "best_of_n - random_of_n": common.share([a - b for a, b in zip(chosen, mean, strict=True)]),
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
