"""Puzzles have one source: they are made on demand."""

from lm_eval_ext.errors import InputError
from lm_eval_ext.options import Options


def refuse_other_sources(options: Options, task: str) -> None:
    """Refuse a ``source`` that was asked for and that the task does not have; without one, items are generated.

    The default of the option is ``hub`` because most tasks have a published set. A puzzle has none, so the default stands for
    nothing here, and only what the user wrote is looked at.

    Args:
        options: As read from the metadata.
        task: Name for the message.

    Raises:
        InputError: ``source`` was given and is not ``generated``.

    Example:
        >>> from lm_eval_ext.options import read_options
        >>> refuse_other_sources(read_options({"seed": 7}), "knights")
        >>> refuse_other_sources(read_options({"source": "hub"}), "knights")
        Traceback (most recent call last):
            ...
        lm_eval_ext.errors.InputError: source='hub' is not had by knights: its items are only made on demand. Leave source out, or
        give --metadata '{"source": "generated"}'; tasks with other sources need a run of their own.
    """
    if "source" in options.model_fields_set and options.source != "generated":
        raise InputError(
            f"source={options.source!r} is not had by {task}: its items are only made on demand. Leave source out, or give "
            '--metadata \'{"source": "generated"}\'; tasks with other sources need a run of their own.'
        )
