"""Colours and materials that many objects share."""

import colorsys
import random

import numpy as np
from jaxtyping import Float

from lm_eval_ext.orientation.mesh import Material

Rgb = tuple[float, float, float]

BLACK = Material((0.02, 0.02, 0.025), 0.5)
RUBBER = Material((0.025, 0.025, 0.025), 0.9)
WHITE = Material((0.85, 0.85, 0.83), 0.5)
CHROME = Material((0.75, 0.75, 0.77), 0.35, 1.0)
STEEL = Material((0.45, 0.46, 0.48), 0.5, 1.0)
GLASS = Material((0.03, 0.045, 0.06), 0.12)
RED_LAMP = Material((0.65, 0.01, 0.01), 0.3)
WHITE_LAMP = Material((0.95, 0.93, 0.8), 0.2)
ORANGE = Material((0.85, 0.32, 0.02), 0.5)
PINK = Material((0.75, 0.3, 0.3), 0.6)


def paint(rng: random.Random, *, roughness: float = 0.35) -> Material:
    """A clear colour, sometimes white, grey or dark."""
    if rng.random() < 0.25:
        grey = rng.choice([0.06, 0.2, 0.45, 0.8])
        return Material((grey, grey, grey * rng.uniform(0.9, 1.1)), roughness)
    hue = rng.random()
    return Material(linear(hue, rng.uniform(0.5, 0.85), rng.uniform(0.4, 0.85)), roughness)


def cloth(rng: random.Random) -> Material:
    """A muted colour without gloss."""
    return Material(linear(rng.random(), rng.uniform(0.15, 0.65), rng.uniform(0.3, 0.75)), 0.95)


def wood(rng: random.Random) -> Material:
    """Brown, from birch to walnut."""
    return Material(linear(rng.uniform(0.05, 0.1), rng.uniform(0.4, 0.7), rng.uniform(0.3, 0.8)), 0.7)


def fur(rng: random.Random) -> Material:
    """Coat of an animal: brown, grey, sand, black or white."""
    hue, saturation, value = rng.choice(
        [
            (0.07, 0.6, 0.45),
            (0.08, 0.5, 0.65),
            (0.1, 0.35, 0.8),
            (0.06, 0.7, 0.3),
            (0.08, 0.08, 0.5),
            (0.1, 0.1, 0.9),
            (0.6, 0.1, 0.18),
        ]
    )
    return Material(linear(hue, saturation, min(1.0, value * rng.uniform(0.85, 1.15))), 0.95)


def skin_tone(rng: random.Random) -> Material:
    """Human skin."""
    return Material(linear(rng.uniform(0.04, 0.075), rng.uniform(0.3, 0.6), rng.uniform(0.35, 0.95)), 0.8)


def shade(material: Material, factor: float) -> Material:
    """The same material, darker (below 1) or lighter (above 1)."""
    r, g, b = (min(1.0, channel * factor) for channel in material.rgb)
    return Material((r, g, b), material.roughness, material.metallic)


def linear(hue: float, saturation: float, value: float) -> Rgb:
    """Display colour, hue, saturation and value in [0, 1], as linear light."""
    r, g, b = colorsys.hsv_to_rgb(hue, saturation, value)
    return (r**2.2, g**2.2, b**2.2)


def from_hex(colour: str) -> Rgb:
    """Display colour "#rrggbb" as linear light.

    Example:
        >>> from_hex("#ff0080")[:2]
        (1.0, 0.0)
    """
    r, g, b = from_display(np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])).tolist()
    return (r, g, b)


def from_display(shown: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Display values (sRGB) as linear light, all in [0, 1]."""
    return np.where(shown <= 0.04045, shown / 12.92, ((np.maximum(shown, 0.04045) + 0.055) / 1.055) ** 2.4)


def to_display(light: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Linear light as display values (sRGB), all in [0, 1]."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * np.maximum(light, 1e-8) ** (1 / 2.4) - 0.055)
