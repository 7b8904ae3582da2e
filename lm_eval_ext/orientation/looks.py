"""The look of a scene: light, ground, background and exposure, all from one number."""

import math
import random
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from lm_eval_ext.orientation.objects.colours import linear
from lm_eval_ext.seeding import stream

Rgb = tuple[float, float, float]
Image = Float[np.ndarray, "rows columns 3"]


@dataclass(frozen=True, kw_only=True)
class Look:
    """Light and surroundings; all colours are linear.

    Attributes:
        light_azimuth: Degrees of the key light to the right of the camera's direction, seen from above.
        light_height: Degrees of the key light above the ground.
        light_size: Half edge of the square key light at 8 metres, in metres; larger is softer.
        light: Colour of the key light, mean 1.
        ambient: Radiance from all sides.
        ground: Kind of the ground's pattern.
        ground_colours: The pattern's two colours.
        ground_scale: Metres that one copy of the pattern covers.
        wall: Distance of a wall behind the scene in metres, or 0 for none.
        wall_colour: Colour of the wall.
        sky: Background colours at the horizon and high above.
        exposure: Factor on all radiance.
    """

    light_azimuth: float
    light_height: float
    light_size: float
    light: Rgb
    ambient: Rgb
    ground: Literal["plain", "checker", "planks", "noise"]
    ground_colours: tuple[Rgb, Rgb]
    ground_scale: float
    wall: float
    wall_colour: Rgb
    sky: tuple[Rgb, Rgb]
    exposure: float


def look(number: int) -> Look:
    """The look of that number, the same on every machine."""
    rng = stream("look", number)
    base = _surface(rng)
    other = _surface(rng) if rng.random() < 0.3 else _scaled(base, rng.choice([0.55, 0.7, 1.25]))
    warmth = rng.uniform(-1, 1)
    wall = rng.uniform(1.6, 4.0) if rng.random() < 0.5 else 0.0
    return Look(
        # A light from behind would only reach the back of a wall.
        light_azimuth=rng.uniform(-70, 70) if wall or rng.random() < 0.75 else rng.uniform(-180, 180),
        light_height=rng.uniform(32, 68),
        light_size=rng.choice([0.25, 0.6, 1.5]),
        light=(1 + 0.18 * warmth, 1.0, 1 - 0.22 * warmth),
        ambient=_scaled((1 - 0.1 * warmth, 1.0, 1 + 0.12 * warmth), rng.uniform(0.28, 0.55)),
        ground=rng.choice(["plain", "checker", "planks", "noise"]),
        ground_colours=(base, other),
        ground_scale=rng.uniform(0.8, 2.5),
        wall=wall,
        wall_colour=_surface(rng),
        sky=_sky(rng),
        exposure=rng.uniform(0.85, 1.15),
    )


def _surface(rng: random.Random) -> Rgb:
    return linear(rng.random(), rng.uniform(0.02, 0.28), rng.uniform(0.5, 0.9))


def _sky(rng: random.Random) -> tuple[Rgb, Rgb]:
    if rng.random() < 0.5:
        return linear(0.58, rng.uniform(0.05, 0.2), 0.95), linear(0.59, rng.uniform(0.4, 0.65), rng.uniform(0.6, 0.95))
    hue = rng.random()
    return linear(hue, rng.uniform(0.02, 0.25), rng.uniform(0.7, 0.95)), linear(
        hue, rng.uniform(0.1, 0.4), rng.uniform(0.35, 0.7)
    )


def _scaled(colour: Rgb, factor: float) -> Rgb:
    r, g, b = (min(1.0, channel * factor) for channel in colour)
    return (r, g, b)


def ground_texture(made: Look, number: int, size: int = 128) -> Image:
    """The ground's pattern, float32 in [0, 1], to be repeated."""
    first, second = (np.array(colour, dtype=np.float32) for colour in made.ground_colours)
    row, column = np.mgrid[0:size, 0:size]
    if made.ground == "plain":
        mix = np.zeros((size, size))
    elif made.ground == "checker":
        mix = ((row // (size // 2)) + (column // (size // 2))) % 2
    elif made.ground == "planks":
        mix = _planks(row, column, size, number)
    else:
        mix = _noise(size, number)
    return np.clip(first + (second - first) * mix[..., None], 0.02, 0.95).astype(np.float32)


def _planks(row: np.ndarray, column: np.ndarray, size: int, number: int) -> Float[np.ndarray, "size size"]:
    rng = stream("planks", number)
    tone = np.array([rng.random() for _ in range(8)])[row * 8 // size]
    groove = (row * 8 % size < 8) | ((column + (row * 8 // size) * 37) % size < 1)
    return np.where(groove, 1.6, 0.7 * tone)


def _noise(size: int, number: int) -> Float[np.ndarray, "size size"]:
    rng = stream("noise", number)
    total = np.zeros((size, size))
    for cells in (8, 16, 32, 64):
        grid = np.array([rng.random() for _ in range(cells * cells)]).reshape(cells, cells)
        # Linear between grid points and seamless where copies meet.
        at, between = np.divmod(np.arange(size) * cells / size, 1)
        rows = (
            np.eye(cells)[at.astype(int)] * (1 - between[:, None])
            + np.eye(cells)[(at.astype(int) + 1) % cells] * between[:, None]
        )
        total += rows @ grid @ rows.T / 4
    return np.clip((total - 0.25) * 2, 0, 1)


def background(made: Look, elevation: float, fov: float, pixels: int) -> Image:
    """The sky behind everything, linear: a gradient from the horizon upward that follows the camera's tilt."""
    focal = 1 / math.tan(math.radians(fov / 2))
    above = np.degrees(np.arctan2(1 - (np.arange(pixels) + 0.5) * 2 / pixels, focal)) - elevation
    mix = np.clip(above / 40, 0, 1)[:, None, None].astype(np.float32)
    low, high = (np.array(colour, dtype=np.float32) for colour in made.sky)
    return np.broadcast_to(low + (high - low) * mix, (pixels, pixels, 3))
