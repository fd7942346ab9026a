"""Reading fields of JSON objects that others wrote: every value is checked before it becomes one of our types."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from grm_core.errors import UsageError

Object = Mapping[str, Any]
_INT_MAX = 2**63 - 1
"""What SQLite can hold."""


class FieldError(UsageError):
    """A field is missing or not what it must be; whoever knows the file and line adds them."""


def need(obj: Object, name: str) -> Any:
    """The field's value; FieldError when it is missing or null."""
    if obj.get(name) is None:
        raise FieldError(f'"{name}" is missing')
    return obj[name]


def mapping(value: Any, name: str) -> Object:
    """A JSON object."""
    if not isinstance(value, dict):
        raise FieldError(f'"{name}" must be an object')
    return value


def sequence(value: Any, name: str) -> Sequence[Any]:
    """A JSON array."""
    if not isinstance(value, list):
        raise FieldError(f'"{name}" must be a list')
    return value


def string(value: Any, name: str) -> str:
    """A JSON string; any characters, lone surrogates too."""
    if not isinstance(value, str):
        raise FieldError(f'"{name}" must be a string')
    return value


def text(obj: Object, name: str, default: str = "") -> str:
    """An optional string field."""
    value = obj.get(name)
    return default if value is None else string(value, name)


def strings(value: Any, name: str) -> tuple[str, ...]:
    """A JSON array of strings."""
    return tuple(string(each, f"{name}[{i}]") for i, each in enumerate(sequence(value, name)))


def integer(value: Any, name: str, low: int = -_INT_MAX, high: int = _INT_MAX) -> int:
    """A whole number in low..high; neither true nor 1.0 is one."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise FieldError(f'"{name}" must be a whole number')
    if not low <= value <= high:
        raise FieldError(f'"{name}" is {_short(value)}; it must be from {low} to {high}')
    return value


def number(value: Any, name: str) -> float:
    """A finite number, as it was written: 1 stays an int."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise FieldError(f'"{name}" must be a number')
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        raise FieldError(f'"{name}" must be a finite number')
    return value


def integers(value: Any, name: str, low: int, high: int) -> tuple[int, ...]:
    """A JSON array of whole numbers in low..high."""
    return tuple(integer(each, f"{name}[{i}]", low, high) for i, each in enumerate(sequence(value, name)))


def span(value: Any, name: str) -> tuple[int, int]:
    """A half-open range [start, end] with 0 <= start <= end."""
    ends = integers(value, name, 0, _INT_MAX)
    if len(ends) != 2 or ends[0] > ends[1]:
        raise FieldError(f'"{name}" must be [start, end]')
    return ends[0], ends[1]


def logit(value: Any, name: str) -> float | None:
    """A meta logit; null and NaN, which some tools write for it, mean that the meta RM did not score."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return float(number(value, name))


def _short(value: int) -> str:
    # str() of a number with more than 4300 digits raises.
    return str(value) if abs(value) < 10**30 else "too large"
