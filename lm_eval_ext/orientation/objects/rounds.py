"""Things that look the same from all sides, so that nobody can tell where they face."""

import random

from lm_eval_ext.orientation.mesh import Material, Mesh, Number, Part, cylinder, ellipsoid, join, lathe, smooth_path
from lm_eval_ext.orientation.objects.catalogue import Category
from lm_eval_ext.orientation.objects.colours import BLACK, CHROME, ORANGE, WHITE, linear, paint, wood

SIDES = 48


def _band(points: list[tuple[Number, Number]], *, steps: int = 5) -> Mesh:
    return lathe([(float(r), float(z)) for r, z in smooth_path(points, steps)], SIDES)


def vase(rng: random.Random) -> list[Part]:
    """Vase with two bands."""
    clay, glaze = paint(rng), paint(rng)
    foot, belly, neck, lip, tall = (
        rng.uniform(0.12, 0.2),
        rng.uniform(0.24, 0.36),
        rng.uniform(0.08, 0.15),
        rng.uniform(0.12, 0.22),
        rng.uniform(0.8, 1.1),
    )
    body = _band([(foot, 0), (foot * 1.05, 0.05), (belly, tall * 0.42), (neck, tall * 0.82), (lip, tall)])
    hole = cylinder(lip * 0.85, 0.01, sides=SIDES).move(0, 0, tall + 0.001)
    rings = join(
        lathe([(0, z - 0.03), (r, z - 0.03), (r, z + 0.03), (0, z + 0.03)], SIDES)
        for z, r in ((tall * 0.42, belly * 1.012), (tall * 0.84, neck * 1.08))
    )
    return [body.paint(clay), rings.paint(glaze), hole.paint(BLACK)]


def traffic_cone(rng: random.Random) -> list[Part]:
    """Traffic cone with white bands and a round foot."""
    colour = rng.choice([ORANGE, ORANGE, Material(linear(rng.random(), 0.85, 0.85), 0.5)])
    foot, top, tall, count = rng.uniform(0.3, 0.4), rng.uniform(0.03, 0.06), rng.uniform(0.75, 1.0), rng.choice([1, 2, 3])
    cone = cylinder(0.24, tall, top=top, sides=SIDES).move(0, 0, tall / 2 + 0.04)
    base = lathe([(0, 0), (foot, 0), (foot, 0.04), (0.27, 0.07), (0, 0.07)], SIDES)
    bands: list[Mesh] = []
    for i in range(count):
        low, high = 0.3 + 0.55 * i / count, 0.3 + 0.55 * i / count + 0.15
        radii = [0.245 + (top - 0.24) * s for s in (low, high)]
        bands.append(
            lathe(
                [(0, tall * low + 0.04), (radii[0], tall * low + 0.04), (radii[1], tall * high + 0.04), (0, tall * high + 0.04)],
                SIDES,
            )
        )
    return [cone.paint(colour), base.paint(rng.choice([BLACK, colour])), join(bands).paint(WHITE)]


def bottle(rng: random.Random) -> list[Part]:
    """Bottle with a label all round."""
    glass = Material(linear(rng.choice([0.08, 0.3, 0.35, 0.6, 0.0]), rng.uniform(0.4, 0.8), rng.uniform(0.2, 0.6)), 0.15)
    r, shoulder, neck, tall = rng.uniform(0.12, 0.2), rng.uniform(0.5, 0.68), rng.uniform(0.035, 0.06), rng.uniform(0.9, 1.05)
    body = lathe(
        [
            (0, 0),
            (r * 0.95, 0),
            (r, 0.03),
            (r, shoulder),
            *[
                (float(a), float(b))
                for a, b in smooth_path([(r * 0.98, shoulder + 0.02), (r * 0.75, shoulder + 0.1), (neck, shoulder + 0.2)], 4)
            ],
            (neck, tall),
            (0, tall),
        ],
        SIDES,
    )
    label = lathe([(0, shoulder * 0.25), (r * 1.012, shoulder * 0.25), (r * 1.012, shoulder * 0.8), (0, shoulder * 0.8)], SIDES)
    stripe = lathe([(0, shoulder * 0.45), (r * 1.02, shoulder * 0.45), (r * 1.02, shoulder * 0.58), (0, shoulder * 0.58)], SIDES)
    cap = cylinder(neck * 1.25, 0.07, sides=SIDES).move(0, 0, tall)
    return [body.paint(glass), label.paint(rng.choice([WHITE, paint(rng)])), stripe.paint(paint(rng)), cap.paint(paint(rng))]


def stool(rng: random.Random) -> list[Part]:
    """Bar stool on a round foot."""
    seat, post = paint(rng), rng.choice([CHROME, BLACK, wood(rng)])
    tall, r = rng.uniform(0.7, 1.0), rng.uniform(0.18, 0.24)
    cushion = lathe([(0, 0), (r, 0), (r * 1.05, 0.03), (r, 0.07), (r * 0.6, 0.085), (0, 0.085)], SIDES).move(0, 0, tall)
    pole = lathe([(0, 0), (r * 1.1, 0), (r * 1.05, 0.02), (0.05, 0.05), (0.035, 0.12), (0.035, tall), (0, tall)], SIDES)
    ring = lathe([(0.1, 0), (r * 0.85, 0), (r * 0.85, 0.02), (0.1, 0.02)], SIDES).move(0, 0, tall * rng.uniform(0.25, 0.4))
    return [cushion.paint(seat), pole.paint(post), ring.paint(post)]


def bowl(rng: random.Random) -> list[Part]:
    """Bowl, some with a heap of something in it."""
    outside, inside = paint(rng), rng.choice([WHITE, paint(rng)])
    r, h = rng.uniform(0.4, 0.5), rng.uniform(0.25, 0.45)
    shell = lathe(
        [
            (0, 0),
            (r * 0.45, 0),
            (r * 0.42, 0.04),
            *[(float(a), float(b)) for a, b in smooth_path([(r * 0.5, 0.06), (r * 0.85, h * 0.5), (r, h)], 5)],
            (r * 0.95, h),
        ],
        SIDES,
    )
    hollow = lathe([(r * 0.955, h + 0.001), (r * 0.8, h * 0.55), (r * 0.45, h * 0.2), (0, h * 0.18)], SIDES)
    lining = Mesh(hollow.vertices, hollow.faces[:, ::-1])
    rim = lathe([(r * 0.93, h - 0.02), (r * 1.02, h - 0.03), (r * 1.02, h + 0.01), (r * 0.93, h + 0.01)], SIDES)
    heap = [
        ellipsoid(r * 0.85, r * 0.85, h * rng.uniform(0.3, 0.55), SIDES)
        .move(0, 0, h * 0.75)
        .paint(Material(linear(rng.random(), 0.6, 0.7), 0.95))
    ]
    stripe = lathe([(r * 0.7, h * 0.52), (r * 0.885, h * 0.52), (r * 0.93, h * 0.62), (r * 0.7, h * 0.62)], SIDES)
    return [shell.paint(outside), lining.paint(inside), join([rim, stripe]).paint(inside), *(heap if rng.random() < 0.6 else [])]


ROUND = (
    Category("vase", "vase", "round", vase),
    Category("traffic_cone", "traffic cone", "round", traffic_cone),
    Category("bottle", "bottle", "round", bottle),
    Category("stool", "bar stool", "round", stool),
    Category("bowl", "bowl", "round", bowl),
)
