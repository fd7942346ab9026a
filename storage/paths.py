"""Where things are kept when nobody says where."""

import os
from pathlib import Path


def default_path() -> Path:
    """The database: $XDG_DATA_HOME or ~/.local/share, then grm-lens/grm-lens.db. A Store makes this folder itself."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "grm-lens" / "grm-lens.db"
