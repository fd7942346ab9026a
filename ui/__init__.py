"""The pages: what is stored and computed, shown in a browser."""

from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "assets"
