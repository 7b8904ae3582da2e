"""Tools and footwear with a working end in front."""

import random

from lm_eval_ext.orientation.mesh import Material, Part, box, cylinder, ellipsoid, extrude, join, loft, rounded_box, torus, tube
from lm_eval_ext.orientation.objects.catalogue import Category
from lm_eval_ext.orientation.objects.colours import BLACK, CHROME, RED_LAMP, RUBBER, STEEL, WHITE, linear, paint, shade


def drill(rng: random.Random) -> list[Part]:
    """Cordless drill standing on its battery; the bit points forward."""
    case, grip = paint(rng), rng.choice([BLACK, RUBBER])
    length, height, bit = rng.uniform(0.17, 0.22), rng.uniform(0.17, 0.21), rng.uniform(0.08, 0.14)
    motor = loft(
        [
            (-length / 2, height, 0.025, 0.028),
            (-length / 2 + 0.02, height, 0.034, 0.037),
            (length * 0.2, height, 0.034, 0.036),
            (length / 2, height, 0.026, 0.028),
        ]
    )
    chuck = cylinder(0.027, 0.05, top=0.014, axis="x").move(length / 2 + 0.025, 0, height)
    collar = cylinder(0.03, 0.022, axis="x").move(length / 2 - 0.005, 0, height)
    steel = cylinder(0.006, bit, top=0.003, axis="x", sides=10).move(length / 2 + 0.045 + bit / 2, 0, height)
    handle = tube([(-0.03, 0, height - 0.02), (-0.055, 0, 0.05)], 0.026)
    trigger = rounded_box(0.024, 0.02, 0.04, 0.008).move(-0.005, 0, height - 0.052)
    battery = rounded_box(0.13, 0.075, 0.048, 0.012).move(-0.03, 0, 0.024)
    vents = join(box(0.012, 0.072, 0.006).move(-length / 2 + 0.045 + 0.02 * i, 0, height) for i in range(3))
    lamp = ellipsoid(0.008, 0.008, 0.006, 10).move(0.05, 0, height - 0.036)
    stripe = box(0.05, 0.07, 0.012).move(length * 0.12, 0, height + 0.014)
    return [
        motor.paint(case),
        join([chuck, battery, collar]).paint(grip),
        steel.paint(CHROME),
        handle.paint(shade(case, 0.6)),
        vents.paint(BLACK),
        trigger.paint(RED_LAMP),
        lamp.paint(WHITE),
        stripe.paint(WHITE),
    ]


def watering_can(rng: random.Random) -> list[Part]:
    """Watering can: spout with a rose in front, handle behind."""
    body = rng.choice([paint(rng), paint(rng), STEEL])
    trim = shade(body, 0.6)
    r, h, reach = rng.uniform(0.11, 0.14), rng.uniform(0.2, 0.27), rng.uniform(0.2, 0.3)
    pot = cylinder(r, h, top=r * 0.85).move(0, 0, h / 2)
    rim = torus(r * 0.85, 0.008, axis="z").move(0, 0, h)
    foot = torus(r, 0.008, axis="z").move(0, 0, 0.008)
    lid = box(r * 0.9, r * 1.6, 0.012).move(r * 0.35, 0, h)
    dark = cylinder(r * 0.8, 0.01).move(0, 0, h - 0.002)
    tip = (r + reach, 0.0, h * 1.12)
    spout = tube([(r * 0.7, 0, h * 0.25), (r + reach * 0.4, 0, h * 0.55), tip], 0.03, end=0.016, steps=3)
    rose = cylinder(0.018, 0.05, top=0.05).turn("y", 48).move(tip[0] + 0.02, 0, tip[2] + 0.02)
    plate = cylinder(0.046, 0.012).turn("y", 48).move(tip[0] + 0.041, 0, tip[2] + 0.039)
    brace = tube([(r * 0.8, 0, h * 0.9), (r + reach * 0.5, 0, h * 0.66)], 0.007)
    handle = tube([(r * 0.5, 0, h), (-r * 0.2, 0, h * 1.45), (-r * 1.5, 0, h * 1.1), (-r * 0.95, 0, h * 0.35)], 0.014, steps=5)
    return [
        join([pot, spout, rose, lid]).paint(body),
        join([rim, foot, brace, handle]).paint(trim),
        plate.paint(BLACK),
        dark.paint(BLACK),
    ]


def trainer(rng: random.Random) -> list[Part]:
    """Sports shoe; the toe points forward."""
    upper, sole, trim = paint(rng, roughness=0.8), rng.choice([WHITE, BLACK, Material((0.5, 0.25, 0.08), 0.8)]), paint(rng)
    length, ankle = rng.uniform(0.27, 0.31), rng.uniform(0.09, 0.13)
    f, b = length / 2, -length / 2
    base = loft(
        [
            (b, 0.018, 0.022, 0.014),
            (b + 0.03, 0.018, 0.04, 0.018),
            (-0.01, 0.018, 0.038, 0.018),
            (f - 0.07, 0.018, 0.05, 0.017),
            (f - 0.015, 0.02, 0.032, 0.015),
            (f, 0.024, 0.01, 0.008),
        ],
        power=3,
    )
    toe = loft(
        [
            (b + 0.005, 0.045, 0.018, 0.03),
            (b + 0.04, 0.05, 0.036, 0.04),
            (0.0, 0.05, 0.036, 0.045),
            (f - 0.08, 0.04, 0.044, 0.035),
            (f - 0.02, 0.034, 0.03, 0.02),
            (f - 0.005, 0.03, 0.008, 0.01),
        ]
    )
    shaft = cylinder(0.04, ankle, top=0.036).scale(1.35, 0.9, 1).move(b + 0.07, 0, 0.02 + ankle / 2)
    opening = cylinder(0.031, 0.006).scale(1.35, 0.88, 1).move(b + 0.07, 0, 0.021 + ankle)
    tongue = rounded_box(0.016, 0.046, 0.075, 0.007).turn("y", -30).move(b + 0.122, 0, 0.03 + ankle * 0.8)
    rows = [(-0.005 + 0.026 * i, 0.088 - 0.009 * i) for i in range(4)]
    laces = join(tube([(x, 0.026, z), (x, -0.026, z)], 0.0045, sides=8) for x, z in rows)
    cap = ellipsoid(0.035, 0.036, 0.024).move(f - 0.045, 0, 0.034)
    stripes = join(
        box(0.012, 0.088, 0.045).turn("y", 25).move(-0.035 + 0.024 * i, 0, 0.055) for i in range(rng.choice([1, 2, 3]))
    )
    heel = box(0.012, 0.03, 0.06).move(b + 0.016, 0, 0.075)
    return [
        base.paint(sole),
        join([toe, shaft]).paint(upper),
        join([tongue, cap, heel]).paint(trim),
        join([laces, stripes]).paint(WHITE),
        opening.paint(BLACK),
    ]


def iron(rng: random.Random) -> list[Part]:
    """Flat iron: pointed front, cord behind."""
    shell = Material(linear(rng.random(), rng.uniform(0.4, 0.8), rng.uniform(0.5, 0.9)), 0.35)
    grip = rng.choice([BLACK, WHITE, paint(rng)])
    length, width = rng.uniform(0.24, 0.28), rng.uniform(0.11, 0.13)
    f, b, w = length / 2, -length / 2, width / 2
    flank = [(b, w * 0.85), (b + 0.06, w), (0.02, w * 0.8), (f - 0.04, w * 0.35)]
    plan = [(b, -w * 0.85), *flank, (f, 0), *((x, -y) for x, y in flank[:0:-1])]
    plate = extrude(plan, 0.014).turn("x", 90).move(0, 0, 0.007)
    body = extrude([(x * 0.94, y * 0.94) for x, y in plan], 0.07, bevel=0.12).turn("x", 90).move(0, 0, 0.045)
    body = body.warp(lambda v: v - (0, 0, 1) * ((v[:, :1] - b) * 0.16 * (v[:, 2:] > 0.05)))
    handle = tube(
        [(b + 0.03, 0, 0.07), (b + 0.02, 0, 0.13), (b + 0.09, 0, 0.15), (0.03, 0, 0.135), (0.07, 0, 0.07)], 0.017, steps=4
    )
    dial = cylinder(0.022, 0.012).move(0.0, 0, 0.08)
    button = ellipsoid(0.01, 0.01, 0.008, 10).move(0.02, 0, 0.155)
    cord = tube([(b + 0.02, 0, 0.13), (b - 0.05, 0, 0.12), (b - 0.08, 0.03, 0.03), (b - 0.04, 0.08, 0.008)], 0.006, steps=4)
    return [
        plate.paint(CHROME),
        body.paint(shell),
        handle.paint(grip),
        join([cord, dial]).paint(BLACK),
        button.paint(RED_LAMP),
    ]


TOOLS = (
    Category("drill", "drill", "none", drill),
    Category("watering_can", "watering can", "none", watering_can),
    Category("trainer", "sports shoe", "none", trainer),
    Category("iron", "iron", "none", iron),
)
