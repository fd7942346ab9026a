"""The pages: what is stored and computed, shown in a browser."""

from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "assets"


def script(*names: str) -> str:
    """Files of assets/, and all files of a folder by name, joined to the js_on_load of one component."""
    found = [part for name in names for part in (sorted((ASSETS / name).glob("*.js")) or [ASSETS / name])]
    return "\n".join(part.read_text(encoding="utf-8") for part in found)
