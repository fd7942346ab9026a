"""Fields of the files and what reads them: strict types for pydantic, and one line of what is wrong with a value.

A `Codec` reads JSON as a dataclass. Scalars are strict (neither "5" nor 1.0 nor true is a whole number), text holds
any characters, lone surrogates too, numbers stay as they were written (1 is not 1.0), and null means left out.
"""

import dataclasses
import json
import math
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, Strict, TypeAdapter, ValidationError
from pydantic_core import CoreSchema, ErrorDetails, PydanticUseDefault, core_schema

from grm_core.errors import UsageError
from grm_core.formats import lines
from grm_core.formats.lines import Source
from grm_core.types import N_MAX

INT_MAX = 2**63 - 1
"""What SQLite can hold."""
_FLOAT_MAX = 10**308
T = TypeVar("T")


class FieldError(UsageError):
    """A field is missing or not what it must be; whoever knows the file and line adds them."""


class Whole:
    """A whole number in low..high."""

    def __init__(self, low: int = -INT_MAX, high: int = INT_MAX) -> None:
        self.low, self.high = low, high

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The integer, with its bounds for the message."""
        return core_schema.custom_error_schema(
            core_schema.int_schema(strict=True, ge=self.low, le=self.high),
            custom_error_type="whole",
            custom_error_message="must be a whole number from {low} to {high}",
            custom_error_context={"low": self.low, "high": self.high},
        )


class OneOf:
    """One of these words."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = [str(word) for word in words]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The words as literals, whatever type they become."""
        return core_schema.custom_error_schema(
            core_schema.chain_schema([core_schema.literal_schema(self.words), handler(source)]),
            custom_error_type="choice",
            custom_error_message="must be one of {words}",
            custom_error_context={"words": ", ".join(self.words)},
        )


class _Number:
    """An int or a float as it was written; only where `finite` is False may it be NaN or infinite."""

    def __init__(self, finite: bool = True) -> None:
        self.finite = finite

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """An int that fits into a float, or a float."""
        integer = core_schema.int_schema(strict=True, ge=-_FLOAT_MAX, le=_FLOAT_MAX)
        real = core_schema.float_schema(strict=True, allow_inf_nan=not self.finite)
        return core_schema.custom_error_schema(
            core_schema.union_schema([integer, real], mode="left_to_right"),
            custom_error_type="number",
            custom_error_message="must be a number",
        )

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """JSON knows one kind of number."""
        return {"type": "number"}


class _Said:
    """Whatever is wrong inside, this is said of the field."""

    def __init__(self, words: str) -> None:
        self.words = words

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The source with one message."""
        return core_schema.custom_error_schema(
            handler(source), custom_error_type="said", custom_error_message=self.words
        )


class _Pattern:
    """A string that matches in full."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The string."""
        return core_schema.str_schema(strict=True, pattern=f"^{self.pattern}$", regex_engine="rust-regex")


def _in_order(span: tuple[int, int]) -> tuple[int, int]:
    if span[0] > span[1]:
        raise ValueError
    return span


Text = Annotated[str, Strict()]
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Whole(0)]
Number = Annotated[float, _Number()]
Logit = Annotated[float, _Number(finite=False)]
"""A meta logit; NaN, which some tools write for a missing one, is read."""
Span = Annotated[
    tuple[Count, Count], AfterValidator(_in_order), _Said("must be two whole numbers, [start, end], in order")
]
Identifier = Annotated[
    str, _Pattern("[A-Za-z0-9_.:-]{1,128}"), _Said("may hold up to 128 letters, digits and _ . : -")
]
"""The id of a run, session or annotation: it stands in addresses and file names."""


@dataclasses.dataclass(frozen=True, slots=True)
class Default:
    """A field that a file may leave out though the type has no default."""

    type: Any
    value: Any


class Checked:
    """Reads an object as the annotated dataclass, each field by its type here; null is the same as left out.

    Fields that are not named are not read: they keep the dataclass's default. Keys that are no field are ignored.
    """

    def __init__(self, **types: Any) -> None:
        self.types = types

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The dataclass, with fields of these types."""
        fields = dataclasses.fields(source)
        assert self.types.keys() <= {field.name for field in fields}
        args = core_schema.dataclass_args_schema(source.__name__, [self._field(field, handler) for field in fields])
        return core_schema.dataclass_schema(source, args, [field.name for field in fields], slots=True, frozen=True)

    def _field(self, field: "dataclasses.Field[Any]", handler: GetCoreSchemaHandler) -> core_schema.DataclassField:
        declared = self.types.get(field.name)
        kind = declared.type if isinstance(declared, Default) else declared
        schema = core_schema.any_schema() if kind is None else handler.generate_schema(kind)
        if isinstance(declared, Default):
            schema = _or_default(schema, default=declared.value)
        elif field.default_factory is not dataclasses.MISSING:
            schema = _or_default(schema, default_factory=field.default_factory)
        elif field.default is not dataclasses.MISSING:
            schema = _or_default(schema, default=field.default)
        return core_schema.dataclass_field(field.name, schema, init=None if declared is not None else False)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The object without the fields that are not read."""
        shape = handler(core)
        shape["properties"] = {name: shape["properties"][name] for name in self.types}
        return shape


def _or_default(schema: CoreSchema, **default: Any) -> CoreSchema:
    nullable = core_schema.nullable_schema(schema)
    if default.get("default", ()) is None:
        return core_schema.with_default_schema(nullable, default=None)
    schema = core_schema.no_info_before_validator_function(_left_out, schema, json_schema_input_schema=nullable)
    return core_schema.with_default_schema(schema, **default)


def _left_out(value: Any) -> Any:
    if value is None:
        raise PydanticUseDefault
    return value


class Codec(Generic[T]):
    """Reads JSON as one type; FieldError says what is wrong with the first field that is."""

    def __init__(self, kind: Any, name: str) -> None:
        """`kind` is the annotated dataclass, `name` what a message calls the object."""
        self._kind, self._name = kind, name

    @cached_property
    def adapter(self) -> TypeAdapter[T]:
        """Pydantic's adapter of the type; made when it is first needed."""
        return TypeAdapter(self._kind)

    def read(self, value: Any) -> T:
        """The value of a parsed object."""
        try:
            return self.adapter.validate_python(value)
        except ValidationError as error:
            raise FieldError(_message(error.errors(include_url=False)[0], self._name)) from None

    def lines(self, source: Source, name: str | None = None) -> Iterator[tuple[int, T]]:
        """Number and value of every line of a source; UsageError names the file and the line that is broken."""
        name = lines.name_of(source, name)
        for number, data in lines.read_raw(source, name):
            with lines.located(name, number):
                value = self.line(data)
            yield number, value

    def line(self, data: bytes) -> T:
        """The value of one line."""
        try:
            return self.adapter.validate_json(data)
        except ValidationError:
            # Either something is wrong, or a text has a lone surrogate, which only `json` reads.
            return self.read(lines.parse(data))

    def load(self, text: str) -> T:
        """The value of JSON that we wrote."""
        try:
            return self.adapter.validate_json(text)
        except ValidationError:
            return self.read(json.loads(text))


def identifier(value: str, name: str) -> str:
    """The value where it can be the id of a run, session or annotation; else a FieldError that calls it `name`."""
    return _identifiers(name).read(value)


@cache
def _identifiers(name: str) -> Codec[str]:
    return Codec(Identifier, name)


def logit(value: float | None) -> float | None:
    """A meta logit as it is kept: a float, and None for NaN and infinities too, which mean not scored."""
    return None if value is None or not math.isfinite(value) else float(value)


def _message(error: ErrorDetails, name: str) -> str:
    """The message for a value that is not what it must be."""
    place, kind, value, context = error["loc"], error["type"], error["input"], error.get("ctx", {})
    called = f'"{_path(place) or name}"'
    if kind == "missing" or (value is None and place and isinstance(place[-1], str)):
        return f"{called} is missing"
    if kind in ("too_short", "too_long"):
        return f"{len(value)} {_path(place)} given; there must be 1 to {N_MAX}"
    if kind == "whole" and isinstance(value, int) and not isinstance(value, bool):
        return f"{called} is {_short(value)}; it must be from {context['low']} to {context['high']}"
    if kind == "number" and isinstance(value, int | float) and not isinstance(value, bool):
        return f"{called} must be a finite number"
    return f"{called} {_WORDS.get(kind, error['msg'])}"


_WORDS = {
    "whole": "must be a whole number",
    "string_type": "must be a string",
    "bool_type": "must be true, false or null",
    "tuple_type": "must be a list",
    "dataclass_type": "must be an object",
    "dict_type": "must be an object",
}


def _path(place: tuple[str | int, ...]) -> str:
    path = ""
    for part in place:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _short(value: int) -> str:
    # str() of a number with more than 4300 digits raises.
    return str(value) if abs(value) < 10**30 else "too large"
