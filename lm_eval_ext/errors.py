"""Errors that a person can act on."""

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class InputError(SystemExit, ValueError):
    """What was asked for cannot be done: what was given, what is accepted, and what to do.

    Left alone it ends a command-line run with its one line on standard error and status 1, because the
    interpreter treats it as a ``SystemExit``; a caller of the Python API catches it as a ``ValueError``.

    Example:
        >>> try:
        ...     raise InputError("n=0 is not accepted. Give a whole number of at least 1.")
        ... except ValueError as error:
        ...     print(error)
        n=0 is not accepted. Give a whole number of at least 1.
    """


def first_complaint(error: "ValidationError", unsaid: Collection[str] = ()) -> str:
    """What is wrong first, as "place: what"; without the place where all of the data is meant.

    Args:
        error: Of a model.
        unsaid: Steps on the way to the place that mean nothing to the reader, such as names of alternatives.
    """
    first = error.errors()[0]
    where = ".".join(str(step) for step in first["loc"] if step not in unsaid)
    said = first["msg"].removeprefix("Value error, ")
    return f"{where}: {said}" if where else said
