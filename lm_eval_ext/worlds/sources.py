"""Where the items of SynthWorlds come from."""

from collections.abc import Iterable

from lm_eval_ext.items import Item
from lm_eval_ext.options import Options
from lm_eval_ext.worlds.generate import generate
from lm_eval_ext.worlds.prompts import Setting
from lm_eval_ext.worlds.published import load_hub, load_local


def load_items(setting: Setting, options: Options) -> Iterable[Item]:
    """Items of one setting from the source that the options name; no source stands in for another.

    Raises:
        InputError: The source cannot be had, or holds something else than it should.
    """
    items = _all_items(setting, options)
    return items if options.worlds == "both" else (item for item in items if item.factors["world"] == options.worlds)


def _all_items(setting: Setting, options: Options) -> Iterable[Item]:
    if options.source == "generated":
        return generate(setting, options)
    if options.source == "hub":
        return load_hub(setting, options)
    return load_local(setting, options.local_root(), options)
