"""Write docs/formats/NAME.json, the JSON Schema of each file format: python tools/write_formats.py."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from grm_core.formats.schemas import schemas

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "formats"


def text(schema: dict[str, object]) -> str:
    """The schema as a file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write every schema; returns 0."""
    FOLDER.mkdir(exist_ok=True)
    for name, schema in schemas().items():
        (FOLDER / f"{name}.json").write_text(text(schema), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
