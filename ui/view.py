"""Views: how a page's module comes into the page, and which functions of the server it may call.

A page's class marks with `served` what its module may call. These are public endpoints: arguments of other types
than the method's, or of another number, never reach it.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, get_type_hints

import gradio as gr
from pydantic import TypeAdapter, ValidationError

from grm_core.errors import UsageError
from storage.errors import Refused, StoreError
from ui import web
from ui.render import sendable
from ui.wire.shared import Failed

_MOUNT = """
import(new URL("ADDRESS", document.baseURI).href)
  .then((page) => page.mount({ element, props, server, watch, trigger }))
  .catch((problem) => {
    console.error(problem);
    element.textContent = "The page's script could not be loaded: reload the page.";
  });
// Events that the module raises: EVENTS
"""

Method = TypeVar("Method", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class View:
    """A place in a page that one module fills: assets/web/pages/NAME.js."""

    name: str
    calls: tuple[Callable[[Any], Any], ...] = ()
    """Functions that the module may call."""
    events: tuple[str, ...] = ()
    """Events that the module may raise: those of the component."""

    def place(self, value: Any = None, elem_id: str = "", render: bool = True) -> gr.HTML:
        """The component; its template is constant, `value` arrives as data."""
        events = ", ".join(f'"{event}"' for event in self.events)
        return gr.HTML(
            value,
            html_template='<div class="grm-view"></div>',
            apply_default_css=False,
            js_on_load=_MOUNT.replace("ADDRESS", f"{web.address()}/pages/{self.name}.js").replace("EVENTS", events),
            server_functions=list(self.calls),
            elem_id=elem_id or self.name,
            render=render,
        )


def served(wrong: Any = None) -> Callable[[Method], Method]:
    """Marks a method that the page's module may call; `wrong` is the answer to arguments that do not fit it."""

    def mark(method: Method) -> Method:
        method.wrong = wrong  # type: ignore[attr-defined]
        return method

    return mark


def served_by(page: type) -> list[str]:
    """The names of the methods of a page that its module may call, in the order of the class."""
    return [name for name, method in vars(page).items() if inspect.isfunction(method) and hasattr(method, "wrong")]


def calls(page: object) -> tuple[Callable[[Any], Any], ...]:
    """One function for each served method: it takes the arguments as one list, and says why where it refuses.

    Gradio marks each of them, which a bound method does not allow.
    """
    return tuple(_call(getattr(page, name)) for name in served_by(type(page)))


def _call(method: Any) -> Callable[[Any], Any]:
    types = [kind for name, kind in get_type_hints(method).items() if name != "return"]
    arguments: TypeAdapter[Any] = TypeAdapter(tuple.__class_getitem__(tuple(types)))  # type: ignore[arg-type]

    def call(data: Any) -> Any:
        try:
            values = arguments.validate_python(tuple(data) if isinstance(data, list) else None, strict=True)
        except ValidationError:
            return method.wrong
        try:
            return sendable(method(*values))
        except UsageError as error:
            # A file that cannot be written now may be later: the browser keeps what was said.
            later = isinstance(error, StoreError) and not isinstance(error, Refused)
            return sendable(Failed(error=f"{error}.", later=later))

    call.__name__ = call.__qualname__ = method.__name__
    return call
