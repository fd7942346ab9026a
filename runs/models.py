"""The models that one engine can be asked for: a server may serve several, everything else has its own."""

from grm_core.engines.base import Engine, Several
from grm_core.errors import NotServed


async def names(engine: Engine) -> tuple[str, ...]:
    """Those that are served now; none where the engine does not know its model yet. EngineError: out of reach."""
    if isinstance(engine, Several):
        return await engine.models()
    return (engine.model,) if engine.model else ()


async def ready(engine: Engine, model: str) -> Engine:
    """A started engine for a model, '' = its own: `engine`, or another one, which whoever asks has to close.

    Raises NotServed for a model that is not served now, EngineError where the engine cannot start.
    """
    if isinstance(engine, Several) and model not in ("", engine.model):
        other = engine.serving(model)
        try:
            await other.start()
        except BaseException:
            await other.close()
            raise
        return other
    await engine.start()
    served = await names(engine) if model else ()
    if model and model not in served:
        raise NotServed(f"the {engine.name} engine does not serve the model {model!r}; it serves: {', '.join(served)}")
    return engine


async def gone(engine: Engine) -> bool:
    """Whether its server is there and no longer serves its model. EngineError where it cannot be reached."""
    return engine.model not in await names(engine)
