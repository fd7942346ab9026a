"""Known checkpoints: how each wants to be asked, and how its replies are read; docs/recipes.md shows them as a table.

A recipe is data. Options of the command line take precedence over it. The prompts are our own words in the shape that
each checkpoint was trained on; `families` has them.
"""

from dataclasses import dataclass, field

from grm_core import families, prompts
from grm_core.errors import UsageError
from grm_core.types import Params


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a checkpoint is asked; the defaults are for a model of which nothing is known."""

    name: str = ""
    checkpoints: tuple[str, ...] = ()
    """Names on the Hugging Face hub."""
    template: str = ""
    """A family of `families`; '' = the general templates, by what each item holds."""
    params: Params = field(default_factory=Params)
    meta: str = "auto"
    """As meta_rm.create takes it."""
    meta_template: str = prompts.META_RM
    """What a meta RM in a folder or behind a server is shown."""
    hint: str = ""
    """What the user has to do besides, if anything."""

    @property
    def context(self) -> str:
        """In which context it judges; '' = as the model was trained."""
        return families.context_of(self.template)

    def options(self) -> dict[str, str]:
        """Its settings by the names of the command line's options."""
        params = self.params
        values = {"template": self.template, "context": self.context, "temperature": f"{params.temperature:g}"}
        values |= {"top-p": f"{params.top_p:g}", "max-tokens": str(params.max_tokens)}
        thinking = "" if params.thinking is None else "on" if params.thinking else "off"
        values |= {"thinking": thinking, "meta": self.meta}
        return {name: value for name, value in values.items() if value}


PLAIN = Recipe()
_GRM = "deepseek-grm"
_META = (
    "the meta RM is DeepSeek-GRM-27B-MetaRM: serve that with vLLM --runner pooling --convert classify, give --meta URL"
)
RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "compassjudger-2",
            ("opencompass/CompassJudger-2-7B-Instruct", "opencompass/CompassJudger-2-32B-Instruct"),
            template="compassjudger",
            params=Params(0.5, max_tokens=2048),
            meta="none",
        ),
        Recipe(
            "deepseek-grm-16b",
            ("BBQGOD/DeepSeek-GRM-16B",),
            template=_GRM,
            meta_template=families.DEEPSEEK_META_RM,
            hint=_META,
        ),
        Recipe(
            "deepseek-grm-27b",
            ("BBQGOD/DeepSeek-GRM-27B",),
            template=_GRM,
            meta_template=families.DEEPSEEK_META_RM,
            hint=_META,
        ),
        Recipe("instruct", params=Params(thinking=False)),
        Recipe(
            "j1",
            ("haizelabs/j1-micro", "haizelabs/j1-nano"),
            template="j1",
            params=Params(0.6, 0.95, 4096),
            meta="none",
        ),
        Recipe(
            "prometheus-2",
            ("prometheus-eval/prometheus-7b-v2.0", "prometheus-eval/prometheus-8x7b-v2.0"),
            template="prometheus",
            params=Params(1.0, 0.9),
            meta="none",
        ),
        Recipe(
            "rewardanything",
            ("WisdomShell/RewardAnything-8B-v1",),
            template="rewardanything",
            params=Params(0.6, 0.95, 4096),
            meta="none",
        ),
        Recipe(
            "rm-r1",
            tuple(f"gaotang/RM-R1-Qwen2.5-Instruct-{size}" for size in ("7B", "14B", "32B")),
            template="rm-r1",
            params=Params(0.6, 0.95, 8192),
            meta="none",
        ),
        Recipe(
            "rm-r1-distilled",
            tuple(f"gaotang/RM-R1-DeepSeek-Distilled-Qwen-{size}" for size in ("7B", "14B", "32B")),
            template="rm-r1-distilled",
            params=Params(0.6, 0.95, 8192),
            meta="none",
        ),
        Recipe("selene-1-mini", ("AtlaAI/Selene-1-Mini-Llama-3.1-8B",), template="selene", meta="none"),
        Recipe(
            "skywork-critic",
            ("Skywork/Skywork-Critic-Llama-3.1-8B", "Skywork/Skywork-Critic-Llama-3.1-70B"),
            template="skywork-critic",
            params=Params(0.5, max_tokens=2048),
            meta="none",
        ),
        Recipe("thinking", params=Params(0.6, 0.95, 8192, thinking=True)),
    )
}
"""Name -> recipe, in alphabetical order."""


def named(name: str) -> Recipe:
    """The recipe of this name. Raises UsageError with the names that there are."""
    if name not in RECIPES:
        raise UsageError(f"there is no recipe {name!r}; there are {', '.join(RECIPES)}")
    return RECIPES[name]


def problem(recipe: Recipe) -> str | None:
    """The fault of a recipe's prompts as they are installed here, or None."""
    try:
        for name in filter(None, (recipe.template, recipe.meta_template)):
            prompts.load(name)
    except (OSError, UsageError) as error:
        return f"{recipe.name}: {error}"
    return None
