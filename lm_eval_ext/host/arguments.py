"""Arguments of a model class that nobody knows."""

import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from lm_eval_ext.errors import InputError

_UNEXPECTED = re.compile(r"unexpected keyword argument '(\w+)'")


@contextmanager
def refusing_unknown(model: str, given: Mapping[str, Any]) -> Generator[None]:
    """Turn "unexpected keyword argument" into one line that names the model argument.

    lm-eval hands on what it does not know, and the model library finds out deep inside.

    Args:
        model: Name as given to ``--model``.
        given: The user's model arguments.

    Raises:
        InputError: An argument of ``given`` is unknown; any other error passes through.
    """
    try:
        yield
    except TypeError as error:
        found = _UNEXPECTED.search(str(error))
        if found is None or found[1] not in given:
            raise
        name = found[1]
        text = f"{model} has no argument '{name}' (given: {name}={given[name]}). Leave it out of --model_args."
        raise InputError(text) from error
