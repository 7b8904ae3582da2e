"""Animals."""

import random

from lm_eval_ext.orientation.mesh import Material, Mesh, Part, cylinder, ellipsoid, extrude, join, loft, tube
from lm_eval_ext.orientation.objects.catalogue import Category
from lm_eval_ext.orientation.objects.colours import BLACK, ORANGE, PINK, RED_LAMP, WHITE, fur, linear, paint, shade


def eyes(x: float, y: float, z: float, radius: float) -> list[Part]:
    """A pair of eyes with dark pupils that look forward and a little outward."""
    white = ellipsoid(radius, radius, radius, 12).move(x, y, z).both()
    pupil = ellipsoid(radius * 0.62, radius * 0.62, radius * 0.62, 10).move(x + radius * 0.55, y + radius * 0.28, z).both()
    return [white.paint(WHITE), pupil.paint(BLACK)]


def _legs(rng: random.Random, xs: tuple[float, float], *, y: float, top: float, radius: float) -> Mesh:
    """Four legs in mid-stride under a body at height ``top``; the feet point forward."""
    stride = rng.uniform(0.0, 0.14) * top
    legs: list[Mesh] = []
    for x in xs:
        for side in (1, -1):
            step = stride * side * (1 if x > 0 else -1)
            knee = (x + step * 0.4 + 0.05 * top, y * side, top * 0.48)
            foot = (x + step, y * side, radius * 0.7)
            legs.append(tube([(x, y * side, top), knee, foot], radius * 1.25, end=radius * 0.8, steps=3))
            paw = ellipsoid(radius * 1.35, radius * 0.95, radius * 0.7, 12)
            legs.append(paw.move(foot[0] + radius * 0.5, y * side, radius * 0.65))
    return join(legs)


def dog(rng: random.Random) -> list[Part]:
    """Dog with hanging or pointed ears."""
    coat = fur(rng)
    dark = shade(coat, 0.45) if rng.random() < 0.6 else coat
    length, leg, bulk = rng.uniform(0.75, 1.05), rng.uniform(0.3, 0.5), rng.uniform(0.85, 1.15)
    f, b, z = length / 2, -length / 2, leg + 0.14
    torso = loft(
        [
            (b, z + 0.02, 0.06, 0.08),
            (b + 0.1, z, 0.13 * bulk, 0.15 * bulk),
            (0, z, 0.13 * bulk, 0.14 * bulk),
            (f - 0.12, z + 0.01, 0.16 * bulk, 0.18 * bulk),
            (f + 0.03, z + 0.06, 0.07, 0.1),
        ]
    )
    head_x, head_z = f + 0.14, z + rng.uniform(0.27, 0.36)
    neck = tube([(f - 0.08, 0, z + 0.06), (head_x - 0.03, 0, head_z)], 0.1 * bulk, end=0.09)
    skull = ellipsoid(0.14, 0.12, 0.125).move(head_x, 0, head_z)
    snout_length = rng.uniform(0.14, 0.24)
    snout = tube([(head_x + 0.06, 0, head_z - 0.04), (head_x + 0.08 + snout_length, 0, head_z - 0.06)], 0.075, end=0.055)
    nose = ellipsoid(0.032, 0.036, 0.028, 12).move(head_x + 0.13 + snout_length, 0, head_z - 0.03)
    if rng.random() < 0.5:
        ears = ellipsoid(0.05, 0.025, 0.12, 12).turn("x", 14).move(head_x - 0.03, 0.125, head_z - 0.03).both()
    else:
        pointed = cylinder(0.055, 0.14, top=0.005, sides=10).scale(0.6, 1, 1).turn("x", -12)
        ears = pointed.move(head_x - 0.03, 0.075, head_z + 0.15).both()
    curl = rng.uniform(-0.05, 0.25)
    tail = tube([(b + 0.03, 0, z + 0.08), (b - 0.14, 0, z + 0.16), (b - 0.18, 0, z + 0.24 + curl)], 0.04, end=0.02, steps=4)
    tongue = ellipsoid(0.04, 0.025, 0.012, 10).turn("y", 35).move(head_x + 0.09 + snout_length, 0, head_z - 0.13)
    collar = cylinder(0.105 * bulk, 0.05).turn("y", 35).move(f + 0.045, 0, z + 0.17)
    return [
        join([torso, neck, skull, tail, _legs(rng, (f - 0.1, b + 0.1), y=0.09 * bulk, top=leg + 0.06, radius=0.05)]).paint(coat),
        join([ears, snout]).paint(dark),
        nose.paint(BLACK),
        tongue.paint(PINK),
        collar.paint(paint(rng)),
        *eyes(head_x + 0.11, 0.055, head_z + 0.04, 0.026),
    ]


def horse(rng: random.Random) -> list[Part]:
    """Horse, with or without a saddle."""
    coat = fur(rng)
    hair = rng.choice([BLACK, shade(coat, 0.35), shade(coat, 1.8)])
    leg, bulk = rng.uniform(0.82, 0.98), rng.uniform(0.9, 1.12)
    z = leg + 0.22
    torso = loft(
        [
            (-0.82, z + 0.05, 0.1, 0.12),
            (-0.62, z + 0.04, 0.25 * bulk, 0.3),
            (-0.1, z - 0.03, 0.25 * bulk, 0.29),
            (0.5, z, 0.24 * bulk, 0.32),
            (0.74, z + 0.1, 0.12, 0.2),
        ]
    )
    lift = rng.uniform(-0.15, 0.1)
    poll = (1.12, 0.0, z + 0.78 + lift)
    neck = tube([(0.5, 0, z + 0.1), (0.85, 0, z + 0.45 + lift / 2), poll], 0.24, end=0.13, steps=4)
    muzzle = (1.5, 0.0, z + 0.42 + lift)
    head = tube([(1.1, 0, z + 0.74 + lift), (1.3, 0, z + 0.6 + lift), muzzle], 0.14, end=0.085)
    nostrils = ellipsoid(0.02, 0.018, 0.025, 8).move(1.575, 0.045, z + 0.4 + lift).both()
    ears = cylinder(0.045, 0.16, top=0.004, sides=10).turn("x", -10).move(1.1, 0.075, z + 0.96 + lift).both()
    mane = join(ellipsoid(0.1, 0.045, 0.14, 12).move(0.5 + 0.11 * i, 0, z + 0.36 + 0.1 * i + lift * i / 5) for i in range(6))
    forelock = ellipsoid(0.08, 0.05, 0.09, 12).move(1.2, 0, z + 0.8 + lift)
    tail = tube([(-0.78, 0, z + 0.16), (-1.0, 0, z + 0.05), (-1.05, 0, z - 0.6)], 0.075, end=0.04, steps=4)
    legs = _legs(rng, (0.5, -0.6), y=0.16 * bulk, top=leg + 0.1, radius=0.075)
    blaze = ellipsoid(0.2, 0.05, 0.035, 12).turn("y", 38).move(1.36, 0, z + 0.66 + lift).paint(WHITE)
    blazed = [blaze] if rng.random() < 0.5 else []
    saddle = _saddle(rng, z, bulk) if rng.random() < 0.5 else []
    return [
        join([torso, neck, head, ears, legs]).paint(coat),
        join([mane, forelock, tail]).paint(hair),
        nostrils.paint(BLACK),
        *eyes(1.24, 0.105, z + 0.7 + lift, 0.03),
        *blazed,
        *saddle,
    ]


def _saddle(rng: random.Random, z: float, bulk: float) -> list[Part]:
    seat = loft([(-0.35, z + 0.34, 0.2, 0.08), (-0.15, z + 0.3, 0.24, 0.05), (0.12, z + 0.32, 0.2, 0.07)])
    flap = cylinder(0.27 * bulk, 0.5, axis="x").scale(1, 1, 1.08).move(-0.12, 0, z + 0.02)
    return [seat.paint(Material(linear(0.06, 0.7, 0.35), 0.5)), flap.paint(paint(rng))]


def duck(rng: random.Random) -> list[Part]:
    """Duck, as on a pond or in a bath."""
    coat = rng.choice([Material((0.85, 0.6, 0.04), 0.5), WHITE, Material(linear(0.08, 0.5, 0.45), 0.8), paint(rng)])
    head_coat = Material(linear(0.38, 0.8, 0.35), 0.4) if coat.roughness == 0.8 else coat
    bulk, neck_z = rng.uniform(0.85, 1.15), rng.uniform(0.62, 0.85)
    body = loft(
        [
            (-0.62, 0.48, 0.03, 0.02),
            (-0.45, 0.38, 0.16, 0.13),
            (-0.15, 0.28, 0.3 * bulk, 0.25),
            (0.2, 0.28, 0.29 * bulk, 0.26),
            (0.42, 0.3, 0.12, 0.14),
        ]
    )
    neck = tube([(0.25, 0, 0.36), (0.33, 0, 0.5), (0.3, 0, neck_z)], 0.14, end=0.11, steps=3)
    head = ellipsoid(0.18, 0.155, 0.16).move(0.34, 0, neck_z + 0.05)
    bill = loft([(0.45, neck_z + 0.03, 0.08, 0.05), (0.6, neck_z + 0.0, 0.085, 0.025), (0.72, neck_z + 0.0, 0.06, 0.012)])
    wings = ellipsoid(0.32, 0.05, 0.15).turn("y", 12).move(-0.12, 0.27 * bulk, 0.36).both()
    web = extrude([(0.0, -0.06), (0.22, -0.1), (0.24, 0.0), (0.22, 0.1), (0.0, 0.06)], 0.03)
    feet = web.turn("x", 90).move(0.0, 0.14, 0.02).both()
    ring = [cylinder(0.125, 0.03).move(0.31, 0, neck_z - 0.1).paint(WHITE)] if head_coat != coat else []
    return [
        body.paint(coat),
        join([neck, head]).paint(head_coat),
        wings.paint(shade(coat, 0.75)),
        join([bill, feet]).paint(ORANGE),
        *eyes(0.44, 0.105, neck_z + 0.1, 0.032),
        *ring,
    ]


def fish(rng: random.Random) -> list[Part]:
    """Fish on a small stand, in side view like a display piece."""
    scales, fins = paint(rng), paint(rng)
    length, tall, z = rng.uniform(1.0, 1.3), rng.uniform(0.2, 0.34), 0.55
    f, b = length / 2, -length / 2
    body = loft(
        [
            (b, z, 0.025, 0.05),
            (b + 0.18, z, 0.05, tall * 0.35),
            (-0.1, z, 0.13, tall),
            (f - 0.25, z, 0.14, tall * 0.85),
            (f - 0.06, z, 0.08, tall * 0.4),
            (f, z - 0.01, 0.03, tall * 0.14),
        ]
    )
    tail = extrude([(b + 0.06, z), (b - 0.24, z + 0.27), (b - 0.15, z), (b - 0.24, z - 0.27)], 0.03)
    top = extrude(
        [
            (f - 0.45, z + tall * 0.8),
            (-0.15, z + tall + 0.17),
            (b + 0.25, z + tall * 0.62),
            (b + 0.2, z + tall * 0.35),
            (-0.1, z + tall * 0.7),
        ],
        0.03,
    )
    belly = extrude([(0.05, z - tall * 0.85), (-0.2, z - tall - 0.12), (-0.22, z - tall * 0.7)], 0.03)
    side = ellipsoid(0.13, 0.015, 0.07, 12).turn("z", 20).turn("y", -25).move(f - 0.48, 0.155, z - 0.04).both()
    stripes = [
        ellipsoid(0.045, 0.134 - 0.02 * i, tall * (0.96 - 0.16 * i)).move(-0.02 - 0.16 * i, 0, z)
        for i in range(rng.choice([0, 2, 3]))
    ]
    mouth = ellipsoid(0.02, 0.04, 0.025, 10).move(f - 0.005, 0, z - 0.02)
    gill = ellipsoid(0.02, 0.128, tall * 0.62).move(f - 0.33, 0, z)
    stand = join(
        [cylinder(0.02, z - tall * 0.6).move(-0.05, 0, (z - tall * 0.6) / 2), cylinder(0.22, 0.05).move(-0.05, 0, 0.025)]
    )
    return [
        body.paint(scales),
        join([tail, top, belly, side, *stripes]).paint(fins),
        mouth.paint(PINK),
        gill.paint(shade(scales, 0.5)),
        stand.paint(BLACK),
        *eyes(f - 0.17, 0.105, z + tall * 0.25, 0.045),
    ]


def elephant(rng: random.Random) -> list[Part]:
    """Elephant, with or without tusks."""
    hide = Material(linear(rng.uniform(0.0, 0.7), rng.uniform(0.03, 0.15), rng.uniform(0.35, 0.65)), 0.95)
    leg, bulk, ear = rng.uniform(0.5, 0.65), rng.uniform(0.9, 1.1), rng.uniform(0.26, 0.38)
    z = leg + 0.3
    torso = loft(
        [
            (-0.75, z, 0.12, 0.18),
            (-0.6, z, 0.34 * bulk, 0.38),
            (0, z + 0.03, 0.4 * bulk, 0.42),
            (0.45, z + 0.05, 0.34, 0.38),
            (0.65, z + 0.1, 0.2, 0.26),
        ]
    )
    head = ellipsoid(0.3, 0.27, 0.33).move(0.82, 0, z + 0.26)
    sway = rng.uniform(-0.1, 0.35)
    trunk = tube(
        [(1.0, 0, z + 0.2), (1.22, 0, z - 0.02), (1.24, 0, z - 0.38), (1.36 + sway * 0.3, 0, z - 0.62 + sway)],
        0.14,
        end=0.055,
        steps=4,
    )
    ears = ellipsoid(0.05, ear, ear * 1.15).turn("z", -28).move(0.72, 0.24 + ear * 0.72, z + 0.28).both()
    inner = ellipsoid(0.03, ear * 0.75, ear * 0.9).turn("z", -28).move(0.755, 0.26 + ear * 0.72, z + 0.27).both()
    legs = join(tube([(x, y, leg + 0.1), (x, y, 0.12)], 0.145, end=0.13) for x in (-0.5, 0.42) for y in (0.2, -0.2))
    toes = join(
        ellipsoid(0.03, 0.035, 0.04, 8).move(x + 0.12, y + d, 0.05)
        for x in (-0.5, 0.42)
        for y in (0.2, -0.2)
        for d in (-0.06, 0, 0.06)
    )
    tail = tube([(-0.74, 0, z + 0.12), (-0.86, 0, z - 0.1), (-0.87, 0, z - 0.35)], 0.03, end=0.02, steps=3)
    tuft = ellipsoid(0.035, 0.035, 0.08, 10).move(-0.87, 0, z - 0.42)
    tusks = tube([(1.0, 0.13, z + 0.05), (1.2, 0.17, z - 0.08), (1.38, 0.15, z - 0.02)], 0.04, end=0.012, steps=3).both()
    return [
        join([torso, head, trunk, ears, legs, tail]).paint(hide),
        inner.paint(shade(PINK, 0.8)),
        toes.paint(WHITE),
        tuft.paint(BLACK),
        *eyes(1.02, 0.19, z + 0.34, 0.035),
        *([tusks.paint(WHITE)] if rng.random() < 0.7 else []),
    ]


def rooster(rng: random.Random) -> list[Part]:
    """Cock with comb, beak and a fan of tail feathers."""
    coat, tail_coat = fur(rng), Material(linear(rng.random(), rng.uniform(0.4, 0.8), rng.uniform(0.15, 0.5)), 0.8)
    bulk = rng.uniform(0.9, 1.15)
    body = loft(
        [(-0.38, 0.72, 0.06, 0.07), (-0.2, 0.62, 0.18 * bulk, 0.2), (0.08, 0.55, 0.23 * bulk, 0.24), (0.28, 0.6, 0.12, 0.16)]
    )
    neck = tube([(0.15, 0, 0.66), (0.28, 0, 0.9), (0.3, 0, 1.05)], 0.15, end=0.09, steps=3)
    head = ellipsoid(0.12, 0.09, 0.1).move(0.32, 0, 1.1)
    beak = cylinder(0.05, 0.14, top=0.004, axis="x", sides=10).move(0.48, 0, 1.08)
    comb = join(ellipsoid(0.05, 0.022, 0.075, 10).move(0.24 + 0.07 * i, 0, 1.21 - 0.01 * i) for i in range(3))
    wattle = ellipsoid(0.035, 0.03, 0.065, 10).move(0.41, 0, 0.98)
    feathers = join(
        tube(
            [(-0.25, 0.03 * y, 0.72), (-0.5, 0.06 * y, 1.0 + 0.07 * k), (-0.72, 0.08 * y, 0.95 + 0.13 * k - 0.1)],
            0.05,
            end=0.03,
            steps=4,
        )
        for k in range(4)
        for y in (-1, 1)
    )
    wings = ellipsoid(0.22, 0.045, 0.13).turn("y", 14).move(-0.03, 0.2 * bulk, 0.6).both()
    legs = tube([(0, 0.09, 0.4), (0.02, 0.09, 0.03)], 0.022).both()
    toes = join(
        tube([(0.02, 0.09, 0.02), (0.02 + 0.12 * dx, 0.09 + 0.05 * dy, 0.02)], 0.018).both()
        for dx, dy in ((1, 0), (0.8, 1), (0.8, -1), (-0.6, 0))
    )
    return [
        join([body, neck, head]).paint(coat),
        wings.paint(shade(coat, 0.6)),
        feathers.paint(tail_coat),
        join([comb, wattle]).paint(RED_LAMP),
        join([beak, legs, toes]).paint(ORANGE),
        *eyes(0.38, 0.06, 1.13, 0.024),
    ]


ANIMALS = (
    Category("dog", "dog", "none", dog),
    Category("horse", "horse", "none", horse),
    Category("duck", "duck", "none", duck),
    Category("fish", "fish", "none", fish),
    Category("elephant", "elephant", "none", elephant),
    Category("rooster", "rooster", "none", rooster),
)
