"""Write what goes over the wire as TypeScript: the records of ui/wire, and what each page's module may call.

python tools/wire_types.py writes assets/web/types.d.ts; a test fails while it is not current.
"""

import importlib
import inspect
import pkgutil
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints

from typing_extensions import get_original_bases, is_typeddict

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "assets" / "web" / "types.d.ts"
HEAD = "// Written by tools/wire_types.py from ui/wire and the pages: do not edit.\n"
PAGES = {
    "Shell": "ui.pages.shell.Shell",
    "Inspect": "ui.pages.inspect.answers.Answers",
    "Queue": "ui.pages.queue.QueuePage",
    "Codes": "ui.codes.Codes",
    "Sessions": "ui.pages.sessions.SessionsPage",
    "Principles": "ui.pages.principles.PrinciplesPage",
    "Batch": "ui.pages.batch.BatchPage",
    "Runs": "ui.pages.runs.RunPage",
    "Benchmarks": "ui.pages.benchmarks.BenchPage",
    "Models": "ui.pages.models.ModelsPage",
    "Demo": "ui.pages.demo.DemoPage",
    "Compare": "ui.pages.compare.ComparePage",
}
"""Page -> the class whose served methods its module calls."""
PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null", Any: "any", object: "any"}


def main() -> int:
    """Write the file."""
    TARGET.write_text(text(), encoding="utf-8")
    return 0


def text() -> str:
    """The whole file."""
    names = Names()
    parts = [names.record(record) for record in names.records]
    parts += [server(page, _class(path), names) for page, path in PAGES.items()]
    return "\n".join([HEAD, *parts])


class Names:
    """The name of each record: its own name, with its page's before it where two pages use the same."""

    def __init__(self) -> None:
        self.records = list(_records())
        own = [record.__name__ for record in self.records]
        self.called = {
            record: name if own.count(name) == 1 else record.__module__.rpartition(".")[2].capitalize() + name
            for record, name in zip(self.records, own, strict=True)
        }

    def record(self, record: Any) -> str:
        """A TypedDict as an interface."""
        hints = get_type_hints(record, include_extras=True)
        bases = [base for base in get_original_bases(record) if is_typeddict(base)]
        extends = f" extends {', '.join(self.called[base] for base in bases)}" if bases else ""
        lines = [f"/** {_doc(record)} */"] if _doc(record) else []
        lines.append(f"export interface {self.called[record]}{extends} {{")
        for name, hint in hints.items():
            if any(name in get_type_hints(base) for base in bases):
                continue
            optional = get_origin(hint) is NotRequired
            lines.append(f"  {name}{'?' if optional else ''}: {self.type(get_args(hint)[0] if optional else hint)};")
        return "\n".join([*lines, "}\n"])

    def type(self, hint: Any) -> str:
        """A Python type as TypeScript."""
        if is_typeddict(hint):
            return str(self.called[hint])
        if hint in PLAIN:
            return PLAIN[hint]
        origin, inside = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            return " | ".join(self.type(each) for each in inside)
        if origin is Literal:
            return " | ".join(f'"{each}"' for each in inside)
        if origin is dict:
            return f"Record<{self.type(inside[0])}, {self.type(inside[1])}>"
        if origin is tuple and inside[-1] is not Ellipsis:
            return f"[{', '.join(self.type(each) for each in inside)}]"
        if origin in (list, tuple):
            of = self.type(inside[0])
            return f"({of})[]" if " | " in of else f"{of}[]"
        raise TypeError(f"{hint} has no type in TypeScript here")


def server(page: str, cls: type, names: Names) -> str:
    """The functions that the page's module may call, as an interface."""
    from ui.view import served_by

    lines = [f"export interface {page}Server {{"]
    for name in served_by(cls):
        hints = get_type_hints(getattr(cls, name))
        answer = names.type(hints.pop("return"))
        answer = answer if " | null" in answer else f"{answer} | null"
        arguments = ", ".join(f"{each}: {names.type(hint)}" for each, hint in hints.items())
        lines += [f"  /** {_doc(getattr(cls, name))} */", f"  {name}({arguments}): Promise<{answer}>;"]
    return "\n".join([*lines, "}\n"])


def _records() -> Iterator[Any]:
    """The TypedDicts of ui/wire, each from the file that defines it."""
    package = importlib.import_module("ui.wire")
    for each in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"ui.wire.{each.name}")
        for record in vars(module).values():
            if is_typeddict(record) and record.__module__ == module.__name__:
                yield record


def _doc(thing: Any) -> str:
    """The first line of its own docstring."""
    doc = thing.__doc__ or ""
    return "" if doc.startswith("dict(") else inspect.cleandoc(doc).partition("\n")[0]


def _class(path: str) -> type:
    module, _, name = path.rpartition(".")
    page: type = getattr(importlib.import_module(module), name)
    return page


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(main())
