"""Devices with a screen, a door, a lens or a spout in front."""

import random

from lm_eval_ext.orientation.mesh import (
    Material,
    Mesh,
    Number,
    Part,
    box,
    cylinder,
    ellipsoid,
    join,
    lathe,
    rounded_box,
    torus,
    tube,
)
from lm_eval_ext.orientation.objects.catalogue import Category
from lm_eval_ext.orientation.objects.colours import (
    BLACK,
    CHROME,
    GLASS,
    ORANGE,
    RED_LAMP,
    RUBBER,
    STEEL,
    WHITE,
    linear,
    paint,
    shade,
    wood,
)


def _picture(rng: random.Random, width: float, height: float) -> list[Part]:
    """A landscape on a screen: sky, sun and hills, in the plane x = 0."""
    sky = Material(linear(rng.uniform(0.52, 0.62), 0.5, 0.9), 0.25)
    land = Material(linear(rng.uniform(0.2, 0.4), 0.6, 0.5), 0.25)
    hills = join(ellipsoid(0.004, width * 0.3, height * 0.24, 16).move(0, y * width, -height * 0.2) for y in (-0.18, 0.2))
    field = box(0.008, width, height * 0.36).move(0, 0, -height * 0.32)
    sun = cylinder(height * 0.1, 0.01, axis="x").move(0, width * rng.uniform(-0.3, 0.3), height * 0.25)
    return [box(0.006, width, height).paint(sky), join([hills, field]).paint(land), sun.paint(Material((0.95, 0.75, 0.2), 0.3))]


def _shifted(parts: list[Part], x: Number, y: Number, z: Number) -> list[Part]:
    return [Mesh(part.vertices, part.faces).move(x, y, z).paint(part.material) for part in parts]


def television(rng: random.Random) -> list[Part]:
    """Flat television on a foot, switched on or off."""
    case, width = rng.choice([BLACK, STEEL, paint(rng)]), rng.uniform(0.9, 1.25)
    height, foot = width * rng.uniform(0.54, 0.62), rng.uniform(0.08, 0.16)
    z = foot + height / 2
    body = rounded_box(0.06, width, height, 0.015).move(0, 0, z)
    bulge = rounded_box(0.09, width * 0.6, height * 0.55, 0.03).move(-0.06, 0, z - height * 0.12)
    if rng.random() < 0.5:
        stand = join(
            [
                rounded_box(0.28, width * 0.45, 0.02, 0.01).move(0, 0, 0.01),
                box(0.05, 0.12, foot + 0.1).move(-0.02, 0, foot / 2 + 0.03),
            ]
        )
    else:
        stand = tube([(0.13, width * 0.34, 0.01), (0, width * 0.32, foot), (-0.13, width * 0.34, 0.01)], 0.013).both()
    screen = [box(0.006, width * 0.94, height * 0.9).paint(GLASS)]
    if rng.random() < 0.65:
        screen = _picture(rng, width * 0.94, height * 0.9)
    vents = join(box(0.01, width * 0.4, 0.012).move(-0.106, 0, z - 0.02 - 0.04 * i) for i in range(4))
    return [
        body.paint(case),
        bulge.paint(BLACK),
        stand.paint(rng.choice([BLACK, STEEL])),
        *_shifted(screen, 0.031, 0, z + 0.01),
        vents.paint(STEEL),
        ellipsoid(0.006, 0.01, 0.01, 8).move(0.032, 0, foot + 0.018).paint(RED_LAMP),
    ]


def laptop(rng: random.Random) -> list[Part]:
    """Open laptop; the screen and the keyboard look to the front."""
    case, width = rng.choice([STEEL, BLACK, paint(rng), WHITE]), rng.uniform(0.32, 0.38)
    depth, angle = width * rng.uniform(0.64, 0.74), rng.uniform(10, 28)
    base = rounded_box(depth, width, 0.02, 0.008).move(0, 0, 0.01)
    keys = join(
        box(depth * 0.09, width * 0.072, 0.006).move(-depth * 0.35 + depth * 0.11 * r, (c - 4.5) * width * 0.086, 0.022)
        for r in range(5)
        for c in range(10)
    )
    pad = box(depth * 0.22, width * 0.3, 0.004).move(depth * 0.34, 0, 0.0205)
    lid = rounded_box(0.012, width, depth, 0.005).move(0, 0, depth / 2)
    screen = _shifted(_picture(rng, width * 0.92, depth * 0.86), 0.006, 0, depth * 0.52)
    logo = cylinder(0.025, 0.004, axis="x").move(-0.007, 0, depth * 0.5)
    upper = [lid.paint(case), *screen, logo.paint(WHITE)]
    opened = [
        Mesh(part.vertices, part.faces).turn("y", -angle).move(-depth / 2 + 0.005, 0, 0.016).paint(part.material)
        for part in upper
    ]
    return [base.paint(case), keys.paint(BLACK if case != BLACK else STEEL), pad.paint(shade(case, 0.6)), *opened]


def microwave(rng: random.Random) -> list[Part]:
    """Microwave oven with a window, a handle and a panel on its own right."""
    case = rng.choice([WHITE, STEEL, BLACK, paint(rng)])
    width, depth, height = rng.uniform(0.46, 0.58), rng.uniform(0.34, 0.4), rng.uniform(0.26, 0.33)
    front, panel = depth / 2, width * 0.24
    body = rounded_box(depth, width, height, 0.012).move(0, 0, height / 2 + 0.015)
    z = height / 2 + 0.015
    door = rounded_box(0.025, width - panel - 0.02, height - 0.03, 0.01).move(front, panel / 2, z)
    window = rounded_box(0.03, width - panel - 0.12, height - 0.12, 0.01).move(front + 0.002, panel / 2, z)
    handle = tube([(front, -(width / 2 - panel - 0.02), h) for h in (height * 0.2, height * 0.9)], 0.012).move(0.035, 0, 0)
    y = -(width / 2 - panel / 2)
    board = box(0.02, panel * 0.9, height - 0.03).move(front + 0.002, y, z)
    clock = box(0.01, panel * 0.7, height * 0.14).move(front + 0.012, y, height * 0.85)
    keys = join(
        box(0.012, panel * 0.2, height * 0.07).move(front + 0.012, y + panel * 0.26 * i, height * (0.3 + 0.13 * j))
        for i in (-1, 0, 1)
        for j in range(4)
    )
    feet = cylinder(0.018, 0.02).move(0.1, width * 0.4, 0.01).both()
    vents = join(box(0.01, 0.012, height * 0.5).move(-front, -width * 0.3 + 0.035 * i, height * 0.55) for i in range(7))
    cord = tube(
        [(-front, width * 0.3, 0.06), (-front - 0.06, width * 0.3, 0.02), (-front - 0.1, width * 0.1, 0.01)], 0.008, steps=3
    )
    dark = BLACK if case != BLACK else STEEL
    return [
        body.paint(case),
        door.paint(shade(case, 0.8)),
        window.paint(GLASS),
        handle.paint(CHROME),
        board.paint(dark),
        keys.paint(WHITE),
        clock.paint(Material(linear(rng.choice([0.3, 0.5, 0.08]), 0.9, 1.0), 0.3)),
        join([feet, vents, cord]).paint(BLACK),
    ]


def washing_machine(rng: random.Random) -> list[Part]:
    """Washing machine with a round door."""
    case = rng.choice([WHITE, WHITE, STEEL, paint(rng)])
    width, depth, height = 0.6, rng.uniform(0.5, 0.6), rng.uniform(0.8, 0.9)
    front, z, r = depth / 2, height * 0.45, rng.uniform(0.17, 0.22)
    body = rounded_box(depth, width, height, 0.02).move(0, 0, height / 2)
    rim = torus(r, 0.03, axis="x").move(front + 0.01, 0, z)
    glass = ellipsoid(0.05, r, r).move(front, 0, z)
    grip = rounded_box(0.04, 0.04, 0.12, 0.015).move(front + 0.035, -r, z)
    panel = box(0.02, width - 0.03, 0.12).move(front, 0, height - 0.08)
    drawer = rounded_box(0.03, 0.2, 0.09, 0.01).move(front + 0.005, 0.17, height - 0.08)
    dial = cylinder(0.035, 0.05, axis="x").move(front + 0.02, -0.02, height - 0.08)
    screen = box(0.026, 0.14, 0.05).move(front, -0.17, height - 0.08)
    flap = box(0.02, 0.12, 0.08).move(front, -0.2, 0.08)
    back = join(
        [
            box(0.02, width * 0.8, height * 0.7).move(-front, 0, height * 0.45),
            tube([(-front, 0.15, 0.3), (-front - 0.06, 0.16, 0.4), (-front - 0.05, 0.1, height * 0.8)], 0.02, steps=3),
        ]
    )
    return [
        body.paint(case),
        rim.paint(rng.choice([CHROME, shade(case, 0.5)])),
        glass.paint(GLASS),
        join([grip, dial]).paint(CHROME),
        panel.paint(shade(case, 0.55)),
        drawer.paint(case),
        screen.paint(BLACK),
        join([flap, back]).paint(shade(case, 0.4)),
    ]


def camera(rng: random.Random) -> list[Part]:
    """Photo camera; the lens looks to the front."""
    body, grip = rng.choice([BLACK, STEEL, paint(rng)]), rng.choice([RUBBER, wood(rng), Material(linear(0.05, 0.6, 0.3), 0.8)])
    width, height, barrel = rng.uniform(0.13, 0.15), rng.uniform(0.08, 0.095), rng.uniform(0.035, 0.09)
    case = rounded_box(0.05, width, height, 0.012).move(0, 0, height / 2)
    leather = rounded_box(0.054, width + 0.003, height * 0.55, 0.01).move(0, 0, height * 0.45)
    hump = rounded_box(0.055, 0.045, 0.03, 0.008).move(0.002, 0, height + 0.008)
    window = box(0.004, 0.026, 0.014).move(0.03, 0, height + 0.01)
    z = height * 0.47
    outside = [(0.034, 0), (0.036, barrel * 0.5), (0.031, barrel * 0.55), (0.033, barrel)]
    hollow = [(0.028, barrel), (0.027, barrel - 0.012), (0, barrel - 0.012)]
    objective = lathe([*outside, *hollow]).turn("y", 90).move(0.024, 0, z)
    ring = cylinder(0.0372, 0.008, axis="x").move(0.03 + barrel * 0.25, 0, z)
    lens = ellipsoid(0.008, 0.026, 0.026).move(0.02 + barrel - 0.006, 0, z)
    handle = rounded_box(0.03, 0.026, height * 0.85, 0.01).move(0.03, width / 2 - 0.016, height * 0.45)
    knobs = join(
        [
            cylinder(0.008, 0.012).move(0.02, width / 2 - 0.016, height + 0.004),
            cylinder(0.013, 0.014).move(-0.005, width * 0.28, height + 0.005),
            cylinder(0.012, 0.01).move(-0.003, -width * 0.33, height + 0.004),
        ]
    )
    flash = box(0.006, 0.03, 0.014).move(0.025, -width * 0.33, height * 0.88)
    screen = box(0.004, width * 0.55, height * 0.6).move(-0.0275, -0.012, height * 0.45)
    eyepiece = rounded_box(0.012, 0.03, 0.018, 0.004).move(-0.028, 0, height + 0.008)
    pad = cylinder(0.012, 0.005, axis="x").move(-0.027, width * 0.36, height * 0.4)
    return [
        join([case, hump]).paint(body),
        join([leather, handle]).paint(grip),
        objective.paint(rng.choice([BLACK, STEEL])),
        ring.paint(rng.choice([CHROME, RED_LAMP, ORANGE])),
        join([lens, window]).paint(GLASS),
        knobs.paint(CHROME),
        flash.paint(WHITE),
        screen.paint(Material((0.12, 0.3, 0.5), 0.2)),
        join([eyepiece, pad]).paint(RUBBER),
    ]


def kettle(rng: random.Random) -> list[Part]:
    """Kettle: spout in front, handle behind."""
    body = rng.choice([CHROME, STEEL, paint(rng), paint(rng)])
    r, h = rng.uniform(0.09, 0.11), rng.uniform(0.17, 0.25)
    pot = lathe([(0, 0), (r, 0), (r * 1.04, h * 0.2), (r * rng.uniform(0.8, 1.0), h * 0.7), (r * 0.62, h), (0, h)])
    spout = tube([(r * 0.75, 0, h * 0.45), (r * 1.35, 0, h * 0.65), (r * 1.75, 0, h * 1.02)], r * 0.26, end=r * 0.14, steps=4)
    tip = torus(r * 0.13, r * 0.05, axis="z").turn("y", 35).move(r * 1.78, 0, h * 1.05)
    hole = cylinder(r * 0.12, 0.01).turn("y", 30).move(r * 1.8, 0, h * 1.07)
    bow = [(-r * 0.6, 0, h * 0.93), (-r * 1.45, 0, h * 0.95), (-r * 1.6, 0, h * 0.45), (-r * 0.95, 0, h * 0.22)]
    grip = tube(bow, r * 0.13, steps=5)
    knob = [(0, 0.05), (0.014, 0.048), (0.016, 0.03), (0.008, 0.016)]
    lid = lathe([*knob, (r * 0.5, 0.01), (r * 0.62, 0.0), (0, 0.0)]).move(0, 0, h)
    base = cylinder(r * 1.1, 0.02).move(0, 0, -0.01)
    return [
        pot.paint(body),
        spout.paint(body),
        join([tip, hole, grip, base]).paint(BLACK),
        lid.paint(rng.choice([BLACK, shade(body, 0.6)])),
    ]


APPLIANCES = (
    Category("television", "television", "none", television),
    Category("laptop", "laptop", "none", laptop),
    Category("microwave", "microwave oven", "none", microwave),
    Category("washing_machine", "washing machine", "none", washing_machine),
    Category("camera", "camera", "none", camera),
    Category("kettle", "kettle", "none", kettle),
)
