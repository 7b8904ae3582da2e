"""Furniture."""

import random

from lm_eval_ext.orientation.mesh import Material, Mesh, Part, box, cylinder, ellipsoid, join, lathe, rounded_box, tube
from lm_eval_ext.orientation.objects.catalogue import Category
from lm_eval_ext.orientation.objects.colours import BLACK, CHROME, STEEL, WHITE, cloth, linear, paint, shade, wood


def chair(rng: random.Random) -> list[Part]:
    """Dining or garden chair; one who sits looks along the front."""
    frame = rng.choice([wood(rng), wood(rng), paint(rng)])
    width, depth, seat, back = rng.uniform(0.4, 0.5), rng.uniform(0.4, 0.48), rng.uniform(0.42, 0.48), rng.uniform(0.42, 0.6)
    x, y = depth / 2 - 0.03, width / 2 - 0.03
    legs = [
        tube([(x, y, seat), (x + 0.03, y + 0.02, 0)], 0.022).both(),
        tube([(-x, y, seat), (-x - 0.06, y + 0.02, 0)], 0.022).both(),
    ]
    posts = tube([(-x, y, seat), (-x - 0.09, y, seat + back)], 0.022).both()
    lean = 0.09 / back
    style = rng.choice(["slats", "spindles", "panel"])
    if style == "slats":
        backs = [box(0.02, width - 0.04, 0.07).move(-x - lean * h, 0, seat + h) for h in (back * 0.35, back * 0.62, back * 0.9)]
    elif style == "spindles":
        backs = [
            tube([(-x, y * 0.33 * i, seat), (-x - 0.085, y * 0.33 * i, seat + back * 0.95)], 0.011, sides=8)
            for i in (-2, -1, 0, 1, 2)
        ]
        backs.append(box(0.03, width, 0.08).move(-x - 0.085, 0, seat + back * 0.96))
    else:
        backs = [
            rounded_box(0.03, width - 0.02, back * 0.6, 0.012).turn("y", -9).move(-x - lean * back * 0.68, 0, seat + back * 0.68)
        ]
    plate = rounded_box(depth, width, 0.04, 0.015).move(z=seat)
    rungs = join(
        [box(0.02, width - 0.06, 0.03).move(x, 0, seat * 0.45), box(depth - 0.05, 0.02, 0.03).move(0, y, seat * 0.35).both()]
    )
    arms: list[Mesh] = []
    if rng.random() < 0.3:
        rest = tube([(-x - 0.04, y + 0.02, seat + 0.22), (x + 0.02, y + 0.03, seat + 0.2)], 0.02).both()
        arms = [rest, tube([(x, y + 0.02, seat), (x + 0.02, y + 0.03, seat + 0.2)], 0.018).both()]
    cushion = [rounded_box(depth * 0.86, width * 0.84, 0.06, 0.025).move(0.01, 0, seat + 0.04).paint(cloth(rng))]
    return [join([*legs, posts, plate, rungs, *backs, *arms]).paint(frame), *(cushion if rng.random() < 0.6 else [])]


def sofa(rng: random.Random) -> list[Part]:
    """Two- or three-seat sofa."""
    return _seat(rng, rng.choice([2, 3]), rng.uniform(0.6, 0.7))


def armchair(rng: random.Random) -> list[Part]:
    """Armchair, some with a wing back."""
    parts = _seat(rng, 1, rng.uniform(0.62, 0.72))
    if rng.random() < 0.4:
        wings = rounded_box(0.34, 0.1, 0.5, 0.05).move(-0.2, 0.4, 0.82).both()
        parts.append(wings.paint(parts[0].material))
    return parts


def _seat(rng: random.Random, places: int, place: float) -> list[Part]:
    cover = cloth(rng)
    width, depth, arm, soft = places * place, rng.uniform(0.78, 0.92), rng.uniform(0.14, 0.22), rng.uniform(0.04, 0.09)
    arm_height, back_height = rng.uniform(0.55, 0.66), rng.uniform(0.8, 1.02)
    base = rounded_box(depth, width + 2 * arm, 0.26, 0.04).move(0, 0, 0.25)
    back = rounded_box(0.22, width + 2 * arm, back_height - 0.12, soft).move(-depth / 2 + 0.11, 0, back_height / 2 + 0.06)
    arms = rounded_box(depth, arm, arm_height - 0.12, soft).move(0, width / 2 + arm / 2, arm_height / 2 + 0.06).both()
    middles = [(i - (places - 1) / 2) * place for i in range(places)]
    seats = join(rounded_box(depth - 0.2, place - 0.015, 0.17, 0.05).move(0.1, y, 0.44) for y in middles)
    backs = join(rounded_box(0.18, place - 0.03, 0.4, 0.08).turn("y", -12).move(-depth / 2 + 0.28, y, 0.68) for y in middles)
    pillow = [
        rounded_box(0.12, 0.34, 0.34, 0.06)
        .turn("y", -20)
        .move(-0.02, (width / 2 - 0.2) * s, 0.66)
        .paint(paint(rng, roughness=0.95))
        for s in (1, -1)[: rng.choice([0, 1, 2])]
    ]
    feet = join(cylinder(0.03, 0.13).move(x, width / 2, 0.065).both() for x in (depth / 2 - 0.08, -depth / 2 + 0.08))
    return [
        join([base, back, arms]).paint(cover),
        join([seats, backs]).paint(shade(cover, rng.choice([0.75, 1.2, 1.45]))),
        feet.paint(wood(rng)),
        *pillow,
    ]


def office_chair(rng: random.Random) -> list[Part]:
    """Swivel chair on castors."""
    seat, trim = cloth(rng), rng.choice([BLACK, STEEL, WHITE])
    height, back = rng.uniform(0.46, 0.54), rng.uniform(0.5, 0.68)
    cushion = rounded_box(0.5, 0.5, 0.1, 0.05).move(0.02, 0, height)
    rest = (
        rounded_box(0.08, 0.46, back, 0.035)
        .warp(lambda v: v + (1, 0, 0) * (0.35 * v[:, 1:2] ** 2))
        .turn("y", -8)
        .move(-0.27, 0, height + 0.14 + back / 2)
    )
    spine = tube([(-0.05, 0, height - 0.06), (-0.3, 0, height - 0.02), (-0.34, 0, height + back * 0.5)], 0.03, steps=3)
    head = [rounded_box(0.07, 0.28, 0.14, 0.03).move(-0.36, 0, height + back + 0.2).paint(seat)] if rng.random() < 0.5 else []
    arms = join(
        [
            tube([(-0.05, 0.22, height - 0.04), (0.0, 0.3, height), (-0.02, 0.3, height + 0.22)], 0.02, steps=3).both(),
            rounded_box(0.28, 0.07, 0.04, 0.015).move(0.03, 0.3, height + 0.23).both(),
        ]
    )
    pole = cylinder(0.03, height - 0.08).move(0, 0, height / 2)
    star = join(tube([(0, 0, 0.12), (0.3, 0, 0.07)], 0.025).turn("z", 72 * i + 36) for i in range(5))
    castors = join(cylinder(0.035, 0.05, axis="y").move(0.3, 0, 0.035).turn("z", 72 * i + 36) for i in range(5))
    return [
        join([cushion, rest]).paint(seat),
        *head,
        join([spine, arms, star]).paint(trim),
        pole.paint(CHROME),
        castors.paint(BLACK),
    ]


def dresser(rng: random.Random) -> list[Part]:
    """Chest of drawers with handles in front and a mirror on top of some."""
    body = rng.choice([wood(rng), wood(rng), paint(rng, roughness=0.6)])
    front = shade(body, rng.choice([0.7, 1.35]))
    width, depth, height, rows, columns = (
        rng.uniform(0.75, 1.15),
        rng.uniform(0.42, 0.52),
        rng.uniform(0.75, 1.05),
        rng.choice([3, 4]),
        rng.choice([1, 2]),
    )
    carcass = box(depth, width, height - 0.1).move(0, 0, height / 2 + 0.05)
    top = rounded_box(depth + 0.05, width + 0.06, 0.05, 0.015).move(0.01, 0, height + 0.02)
    legs = join(
        cylinder(0.025, 0.12, top=0.035).move(x, width / 2 - 0.06, 0.06).both() for x in (depth / 2 - 0.05, -depth / 2 + 0.05)
    )
    drawers: list[Mesh] = []
    knobs: list[Mesh] = []
    h, w = (height - 0.14) / rows, (width - 0.04) / columns
    for r in range(rows):
        for c in range(columns):
            y, z = (c - (columns - 1) / 2) * w, 0.12 + h * (r + 0.5)
            drawers.append(rounded_box(0.03, w - 0.03, h - 0.03, 0.008).move(depth / 2 + 0.01, y, z))
            knobs.extend(ellipsoid(0.022, 0.022, 0.022, 10).move(depth / 2 + 0.045, y + w * 0.25 * s, z) for s in (1, -1))
    glass: list[Part] = []
    if rng.random() < 0.35:
        frame = rounded_box(0.04, width * 0.6, 0.6, 0.015).move(-depth / 2 + 0.06, 0, height + 0.35)
        pane = box(0.02, width * 0.54, 0.53).move(-depth / 2 + 0.075, 0, height + 0.35)
        glass = [frame.paint(body), pane.paint(Material((0.8, 0.85, 0.88), 0.05, 1.0))]
    return [
        join([carcass, top, legs]).paint(body),
        join(drawers).paint(front),
        join(knobs).paint(rng.choice([CHROME, BLACK, WHITE])),
        *glass,
    ]


def desk_lamp(rng: random.Random) -> list[Part]:
    """Desk lamp with a jointed arm and a shade that points forward."""
    colour = paint(rng)
    low, high, reach = rng.uniform(0.25, 0.34), rng.uniform(0.5, 0.66), rng.uniform(0.12, 0.26)
    base = lathe([(0, 0), (0.14, 0), (0.14, 0.02), (0.1, 0.045), (0, 0.045)]).move(-0.05, 0, 0)
    elbow, top = (-0.22, 0.0, low), (reach * 0.4, 0.0, high)
    arms = [tube([(-0.05, s * 0.012, 0.03), (elbow[0], s * 0.012, low), (top[0], s * 0.012, high)], 0.009) for s in (1, -1)]
    joints = join(cylinder(0.026, 0.06, axis="y").move(*point) for point in ((-0.05, 0, 0.06), elbow, top))
    tilt = rng.uniform(40, 62)
    hood = lathe([(0.035, 0.02), (0.05, 0.0), (0.06, -0.06), (0.13, -0.18), (0.125, -0.18), (0.05, -0.05), (0, -0.03)]).turn(
        "y", -tilt
    )
    bulb = ellipsoid(0.055, 0.055, 0.06, 14).move(0, 0, -0.12).turn("y", -tilt)
    switch = ellipsoid(0.02, 0.02, 0.015, 10).move(0.05, 0, 0.045)
    return [
        join([base, hood.move(top[0] + 0.03, 0, high)]).paint(colour),
        join(arms).paint(CHROME),
        joints.paint(BLACK),
        bulb.move(top[0] + 0.03, 0, high).paint(Material((0.98, 0.9, 0.6), 0.3)),
        switch.paint(Material(linear(0.0, 0.9, 0.8), 0.4)),
    ]


FURNITURE = (
    Category("chair", "chair", "none", chair),
    Category("sofa", "sofa", "none", sofa),
    Category("armchair", "armchair", "none", armchair),
    Category("office_chair", "office chair", "none", office_chair),
    Category("dresser", "chest of drawers", "none", dresser),
    Category("desk_lamp", "desk lamp", "none", desk_lamp),
)
