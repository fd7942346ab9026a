"""The model that an engine serves where its user names none: chosen, prepared, and told of in words meanwhile."""

import logging
import threading
from collections.abc import Callable

from grm_core import models
from grm_core.errors import EngineError
from grm_core.models import Model
from grm_core.weights.progress import Progress

log = logging.getLogger("grm_lens")


class Bundled:
    """The default model in the form that the engine of this name serves best or, with `small`, the GRM of 135M.

    `tell` hears how far its preparation is, from whichever thread that runs in.
    """

    def __init__(self, engine: str, small: bool, tell: Callable[[str], None] = lambda _: None) -> None:
        self._engine, self._small, self._tell = engine, small, tell
        self._stopped = threading.Event()
        self.why = ""
        """Why the small model judges, in a sentence; '' where it does not."""

    def prepare(self) -> Model:
        """Make it ready; minutes the first time. Raises EngineError where that fails, and soon after `stop`."""
        form = form_of(self._engine)
        why = "--model small asks for it" if self._small else models.why_small(form)
        if why is None:
            return models.judge_model(form, self._forward)
        self.why = f"The small model (135M) judges: {why}."
        if not self._small:
            log.warning("%s", self.why)
        return models.small_model()

    def stop(self) -> None:
        """End a preparation; the next one goes on where it was."""
        self._stopped.set()

    def _forward(self, progress: Progress) -> None:
        if self._stopped.is_set():
            raise EngineError("the engine is closed")
        self._tell(progress.words())


def form_of(engine: str) -> str:
    """int8 where vLLM runs on a CPU, bf16 elsewhere."""
    from grm_core.engines._vllm import cpu_build

    return "int8" if engine == "managed" and cpu_build() else "bf16"
