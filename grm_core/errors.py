"""The errors, in two families.

    GRMError
    ├── UsageError    the person can fix it: printed as one line, never with a traceback, exit code 2
    └── EngineError   a completion could not be had; a value on the sample, not the end of a run

A bug is neither: it stays a plain exception and keeps its traceback.
"""


class GRMError(Exception):
    """Base of every error that GRM Lens raises on purpose."""


class UsageError(GRMError):
    """Input that cannot be used; the message says what was given, what was expected and what to do."""


class EngineError(GRMError):
    """No completion could be had from the engine.

    `retryable` is True where the same request may succeed later (a full queue, a lost connection) and False
    where it cannot (prompt too long, wrong model). `hint` is one sentence on what to do, or ''.
    """

    def __init__(self, message: str, *, retryable: bool = False, hint: str = "") -> None:
        super().__init__(message)
        self.retryable = retryable
        self.hint = hint

    def __reduce__(self) -> tuple[object, tuple[str, bool, str]]:
        # Keyword-only arguments do not survive the default pickling that worker processes use.
        return _engine_error, (str(self), self.retryable, self.hint)


class NotServed(EngineError):
    """The engine is there and does not serve the model that is wanted; it may at another time."""


def _engine_error(message: str, retryable: bool, hint: str) -> EngineError:
    return EngineError(message, retryable=retryable, hint=hint)
