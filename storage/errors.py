"""Errors of the store."""

from grm_core.errors import UsageError


class StoreError(UsageError):
    """The database file cannot be used as asked; the message is one sentence for a person."""


class Refused(StoreError):
    """The call does not fit what the file holds; no later try helps, unlike other StoreErrors."""


class Locked(StoreError):
    """Another program holds the file's write lock; a later try may help."""
