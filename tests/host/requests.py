"""Requests as lm-eval's evaluator makes them."""

from typing import Any

from lm_eval.api.instance import Instance
from PIL import Image

from lm_eval_ext.seeding import stream


def picture(number: int) -> Image.Image:
    """A picture of coloured noise."""
    noise = stream("picture", number)
    return Image.frombytes("RGB", (40, 32), bytes(noise.randrange(256) for _ in range(40 * 32 * 3)))


def generation(number: int, *, task: str = "pictures", with_picture: bool = True) -> Instance:
    """Ask for up to five tokens; prompts differ in length, so that lm-eval sorts them."""
    text = f"what is {number}?" + " look" * (number % 4)
    settings = {"until": ["\n\n"], "max_gen_toks": 5, "do_sample": False}
    arguments: tuple[Any, ...] = ("<image>" + text, settings, {"visual": [picture(number)]}) if with_picture else (text, settings)
    return Instance("generate_until", {"number": number}, arguments, 0, metadata=(task, number, 1))


def choice(number: int, answer: str, *, with_picture: bool = True, prompt: str = "is it left or right? Answer:") -> Instance:
    """Ask for the log-probability of an answer."""
    arguments: tuple[Any, ...] = ("<image>" * with_picture + prompt, answer)
    if with_picture:
        arguments += ({"visual": [picture(number)]},)
    return Instance("loglikelihood", {"number": number}, arguments, 0, metadata=("choices", number, 1))
