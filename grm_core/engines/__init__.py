"""Engines by name; each is imported when it is first used, so that heavy packages load only where needed."""

ENGINES = {
    "server": "grm_core.engines.server:ServerEngine",
    "managed": "grm_core.engines.managed:ManagedEngine",
    "hf": "grm_core.engines.hf:HFEngine",
    "replay": "grm_core.engines.replay:ReplayEngine",
}
