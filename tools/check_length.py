"""Fail when a Python file has more than 500 lines, or a function outside tests more than 40."""

import ast
import subprocess
import sys
from pathlib import Path

MAX_FILE, MAX_FUNCTION = 500, 40


def problems(path: Path) -> list[str]:
    """One line for each thing in the file that is too long."""
    source = path.read_text(encoding="utf-8")
    count = len(source.splitlines())
    long = [f"{path}: {count} lines, at most {MAX_FILE}"] if count > MAX_FILE else []
    if path.parts[0] == "tests":
        return long
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                long.append(f"{path}:{node.lineno}: {node.name} has {length} lines, at most {MAX_FUNCTION}")
    return long


def main() -> int:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    lines = [line for name in listed.stdout.splitlines() if Path(name).exists() for line in problems(Path(name))]
    print("\n".join(lines) or "lengths: fine")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())
