"""How long the worlds' pages and names are for a model: names of other lengths make texts of other lengths."""

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any

import numpy as np

from lm_eval_ext.errors import InputError
from lm_eval_ext.worlds.parallel import render_corpus
from lm_eval_ext.worlds.world import World

Counter = Callable[[str], int]


def load_counter(tokenizer: Path) -> Counter:
    """Number of tokens of a text.

    Args:
        tokenizer: A ``tokenizer.json``, or the folder of a model that holds one.

    Raises:
        InputError: There is none, or it cannot be read.
    """
    from tokenizers import Tokenizer

    file = tokenizer_file(tokenizer)
    if not file.is_file():
        raise InputError(f"tokenizer={str(tokenizer)!r} is no tokenizer.json and no folder with one. Give a model's folder.")
    try:
        loaded: Any = Tokenizer.from_file(str(file))
    except Exception as error:  # noqa: BLE001 - the library raises nothing narrower
        raise InputError(f"tokenizer={str(tokenizer)!r} can't be read: {error}. Give a model's folder.") from None
    return lambda text: len(loaded.encode(text, add_special_tokens=False).ids)


def tokenizer_file(tokenizer: Path) -> Path:
    """The file of a tokenizer that is given by itself or by its model's folder."""
    return tokenizer / "tokenizer.json" if tokenizer.is_dir() else tokenizer


def token_parity(world: World, count: Counter) -> list[dict[str, float]]:
    """Length of each world's pages in tokens, the real-mapped world first.

    Returns:
        Per world ``mean`` (tokens per page), ``ratio`` (to the real-mapped world) and ``mean_difference`` with its standard
        deviation ``sd_difference``, both over pages, in tokens.

    Example:
        >>> from lm_eval_ext.worlds.world import build_world
        >>> real, synthetic = token_parity(build_world(pages=10, seed=0), len)
        >>> real["ratio"], real["mean_difference"], synthetic["mean"] > 0
        (1.0, 0.0, True)
    """
    lengths = [[count(page) for page in render_corpus(world, number).values()] for number in range(len(world.names))]
    return [_compared(lengths[0], own) for own in lengths]


def name_lengths(world: World, count: Counter = len) -> list[dict[str, float]]:
    """Lengths of each synthetic world's names beside those of the real-mapped world.

    Args:
        world: The world; values such as years are left out.
        count: Length of a name: in tokens with ``load_counter``, in characters by default.

    Returns:
        Per synthetic world ``mean`` and ``real_mean`` (per name), ``mean_difference`` (synthetic less real, entity by entity) and
        ``ks``, the Kolmogorov-Smirnov distance of the two distributions of lengths, in [0, 1].

    Example:
        >>> from lm_eval_ext.worlds.world import build_world
        >>> (found,) = name_lengths(build_world(pages=50, seed=0))
        >>> found["mean_difference"] == found["mean"] - found["real_mean"], 0 <= found["ks"] <= 1
        (True, True)
    """
    real, *synthetic = ([count(names[entity]) for entity in world.universe.entities] for names in world.names)
    return [_names_compared(real, own) for own in synthetic]


def _names_compared(real: list[int], own: list[int]) -> dict[str, float]:
    means = {"mean": fmean(own), "real_mean": fmean(real)}
    return means | {"mean_difference": means["mean"] - means["real_mean"], "ks": ks_distance(real, own)}


def ks_distance(one: Sequence[int], other: Sequence[int]) -> float:
    """Largest difference between two cumulative distributions.

    Example:
        >>> ks_distance([1, 1, 2, 2], [2, 2, 3, 3])
        0.5
    """
    a, b = np.sort(one), np.sort(other)
    steps = np.union1d(a, b)
    shares = [np.searchsorted(values, steps, side="right") / len(values) for values in (a, b)]
    return float(np.abs(shares[0] - shares[1]).max())


def _compared(real: list[int], own: list[int]) -> dict[str, float]:
    differences = [b - a for a, b in zip(real, own, strict=True)]
    return {
        "mean": fmean(own),
        "ratio": sum(own) / sum(real),
        "mean_difference": fmean(differences),
        "sd_difference": pstdev(differences),
    }
