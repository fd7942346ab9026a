"""Write the API documentation from docstrings, offline: tools/docs.py FOLDER. A warning of pdoc fails it."""

import sys
import warnings
from pathlib import Path

import pdoc

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("cli", "grm_core", "reports", "runs", "service", "storage", "ui")


def main(folder: Path) -> int:
    """One page a module, and an index; returns the exit code."""
    sys.path.insert(0, str(ROOT))
    packages = [name for name in PACKAGES if (ROOT / name).is_dir()]
    pdoc.render.configure(docformat="markdown", footer_text="GRM Lens")
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always", UserWarning)
        pdoc.pdoc(*packages, output_directory=folder)
    # The keys of a TypedDict that is no class (`with` cannot be a name) stand on no line of their own.
    harmless = "is taken from, assuming current file"
    ours = [each for each in raised if "pdoc" in Path(each.filename).parts and harmless not in str(each.message)]
    for warning in ours:
        print(f"docs: {warning.message}", file=sys.stderr)
    print(f"docs: {folder / 'index.html'}", file=sys.stderr)
    return bool(ours)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
