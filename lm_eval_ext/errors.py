"""Errors that a person can act on."""


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
