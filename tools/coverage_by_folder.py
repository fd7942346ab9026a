"""Print each folder's share of covered lines from coverage's report: tools/coverage_by_folder.py REPORT.json."""

import json
import sys
from collections import Counter
from pathlib import Path, PurePosixPath


def main(report: Path) -> int:
    """One line a folder, and one for all; returns the exit code."""
    covered: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for name, file in json.loads(report.read_text())["files"].items():
        for folder in (str(PurePosixPath(name).parent), "all"):
            covered[folder] += file["summary"]["covered_lines"]
            lines[folder] += file["summary"]["num_statements"]
    for folder in sorted(lines, key=lambda each: (each == "all", each)):
        if lines[folder]:
            print(f"{covered[folder] / lines[folder]:6.1%}  {lines[folder]:6} lines  {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
