"""Logged pictures are hashed once each.

lm-eval logs the hash of a picture's PNG, which takes longer to write than a small model takes to answer; and it does so for every
request anew, although all options of a multiple-choice question are asked of one picture.
"""

import functools
from types import ModuleType
from typing import Any

_KNOWN = "_lm_eval_ext_hash"


def hash_pictures_once(module: ModuleType) -> None:
    """Have ``lm_eval.utils`` keep the hash of a picture with the picture; the hash itself stays lm-eval's."""
    convert = module.convert_pil_to_hash

    @functools.wraps(convert)
    def convert_once(value: Any) -> str:
        if _KNOWN not in vars(value):
            setattr(value, _KNOWN, convert(value))
        return vars(value)[_KNOWN]

    module.convert_pil_to_hash = convert_once  # pyright: ignore[reportAttributeAccessIssue]
