"""People and figures with a face."""

import random

from lm_eval_ext.orientation.mesh import (
    Material,
    Mesh,
    Part,
    box,
    cylinder,
    ellipsoid,
    join,
    lathe,
    loft,
    rounded_box,
    torus,
    tube,
)
from lm_eval_ext.orientation.objects.animals import eyes
from lm_eval_ext.orientation.objects.catalogue import Category
from lm_eval_ext.orientation.objects.colours import (
    BLACK,
    CHROME,
    GLASS,
    ORANGE,
    RED_LAMP,
    STEEL,
    WHITE,
    cloth,
    fur,
    linear,
    paint,
    shade,
    skin_tone,
    wood,
)


def person(rng: random.Random) -> list[Part]:
    """Standing or walking person with a face, hair at the back and shoes that point forward."""
    skin, shirt, trousers = skin_tone(rng), cloth(rng), cloth(rng)
    hair = Material(linear(rng.uniform(0.03, 0.12), rng.uniform(0.2, 0.8), rng.choice([0.08, 0.25, 0.45, 0.75])), 0.9)
    hips, wide, stride = rng.uniform(0.82, 0.92), rng.uniform(0.19, 0.25), rng.uniform(0.0, 0.2)
    shoulder = hips + rng.uniform(0.5, 0.56)
    torso = loft(
        [
            (0, 0, 0.13, wide * 0.8),
            (0.2, 0, 0.12, wide * 0.78),
            (0.42, 0, 0.13, wide),
            (shoulder - hips + 0.03, 0, 0.07, wide * 0.55),
        ]
    )
    torso = _upright(torso).move(0, 0, hips)
    legs = join(
        tube(
            [(0, 0.1 * s, hips), (0.03 + stride * s * 0.5, 0.1 * s, hips * 0.52), (stride * s - 0.02, 0.1 * s, 0.1)],
            0.095,
            end=0.06,
            steps=3,
        )
        for s in (1, -1)
    )
    shoes = join(rounded_box(0.27, 0.1, 0.09, 0.04).move(stride * s + 0.05, 0.1 * s, 0.045) for s in (1, -1))
    return [
        torso.paint(shirt),
        legs.paint(trousers),
        shoes.paint(rng.choice([BLACK, WHITE, wood(rng)])),
        *_arms(rng, shoulder, wide, stride=stride, skin=skin, shirt=shirt),
        *_head(rng, shoulder, skin, hair),
        *_extras(rng, hips, shoulder, wide),
    ]


def _upright(mesh: Mesh) -> Mesh:
    """A loft stood on end: its axis x becomes up, its half widths the depth and its half heights the breadth."""
    return Mesh(mesh.vertices[:, [1, 2, 0]], mesh.faces)


def _arms(rng: random.Random, shoulder: float, wide: float, *, stride: float, skin: Material, shirt: Material) -> list[Part]:
    sleeves: list[Mesh] = []
    fore: list[Mesh] = []
    bend = rng.uniform(0.05, 0.22)
    for s in (1, -1):
        y, swing = (wide + 0.05) * s, -stride * s * 0.8
        elbow = (swing * 0.4 - 0.02, y + 0.04 * s, shoulder - 0.32)
        hand = (swing + bend, y + 0.03 * s, shoulder - 0.55 + bend * 0.5)
        sleeves.append(tube([(0, y - 0.02 * s, shoulder - 0.06), elbow], 0.065, end=0.05))
        fore.append(tube([elbow, hand], 0.045, end=0.035))
        fore.append(ellipsoid(0.05, 0.04, 0.06, 12).move(hand[0] + 0.02, hand[1], hand[2] - 0.03))
    return [join(sleeves).paint(shirt), join(fore).paint(skin)]


def _head(rng: random.Random, shoulder: float, skin: Material, hair: Material) -> list[Part]:
    z = shoulder + 0.24
    head = join([ellipsoid(0.115, 0.1, 0.14).move(0.01, 0, z), cylinder(0.055, 0.16).move(-0.01, 0, shoulder + 0.07)])
    nose = ellipsoid(0.032, 0.02, 0.032, 10).move(0.125, 0, z - 0.01)
    ears = ellipsoid(0.025, 0.018, 0.035, 10).move(0.0, 0.105, z).both()
    mouth = ellipsoid(0.012, 0.035, 0.01, 10).move(0.108, 0, z - 0.07)
    cap = ellipsoid(0.125, 0.112, 0.145).move(-0.022, 0, z + 0.022).warp(lambda v: v.clip((-9, -9, z - 0.03), (0.062, 9, 9)))
    locks = [cap]
    if rng.random() < 0.45:
        locks.append(_upright(loft([(0, 0, 0.04, 0.07), (0.15, 0, 0.055, 0.11), (0.3, 0, 0.055, 0.1)])).move(-0.08, 0, z - 0.24))
    brows = box(0.012, 0.045, 0.012).move(0.112, 0.042, z + 0.055).both()
    return [
        join([head, nose, ears]).paint(skin),
        mouth.paint(Material((0.5, 0.12, 0.1), 0.6)),
        join([*locks, brows]).paint(hair),
        *eyes(0.1, 0.042, z + 0.025, 0.02),
    ]


def _extras(rng: random.Random, hips: float, shoulder: float, wide: float) -> list[Part]:
    colour = paint(rng)
    choice = rng.choice(["pack", "tie", "badge"])
    if choice == "pack":
        sack = rounded_box(0.17, wide * 1.5, 0.4, 0.06).move(-0.2, 0, shoulder - 0.24)
        straps = tube(
            [
                (-0.1, 0.11, shoulder),
                (0.09, 0.12, shoulder - 0.03),
                (0.125, 0.12, shoulder - 0.25),
                (0.06, 0.14, shoulder - 0.38),
            ],
            0.02,
            steps=3,
        ).both()
        return [join([sack, straps]).paint(colour)]
    if choice == "tie":
        return [box(0.02, 0.06, 0.34).turn("y", 3).move(0.135, 0, shoulder - 0.2).paint(colour)]
    stripe = box(0.02, wide * 0.9, 0.14).move(0.13, 0, shoulder - 0.18)
    buckle = box(0.02, 0.07, 0.05).move(0.135, 0, hips + 0.02)
    return [stripe.paint(colour), buckle.paint(CHROME)]


def robot(rng: random.Random) -> list[Part]:
    """Toy robot with a face panel, buttons on its chest and a pack on its back."""
    shell, trim = rng.choice([STEEL, paint(rng), WHITE]), paint(rng)
    glow = Material(linear(rng.choice([0.0, 0.15, 0.45, 0.55]), 0.85, 1.0), 0.3)
    head_w, body_h, leg = rng.uniform(0.42, 0.6), rng.uniform(0.55, 0.75), rng.uniform(0.2, 0.38)
    z = leg + 0.1
    torso = rounded_box(0.42, 0.6, body_h, 0.06).move(z=z + body_h / 2)
    head_z = z + body_h + 0.27
    head = rounded_box(0.38, head_w, 0.38, 0.07).move(z=head_z)
    face = rounded_box(0.04, head_w * 0.84, 0.28, 0.02).move(0.185, 0, head_z)
    lamp = cylinder(0.065, 0.04, axis="x").move(0.21, head_w * 0.2, head_z + 0.045).both()
    grin = join(box(0.03, 0.03, 0.05).move(0.21, 0.05 * i, head_z - 0.085) for i in range(-2, 3))
    neck = cylinder(0.09, 0.14).move(z=z + body_h + 0.04)
    panel = rounded_box(0.04, 0.38, body_h * 0.5, 0.02).move(0.21, 0, z + body_h * 0.58)
    buttons = join(cylinder(0.035, 0.04, axis="x").move(0.235, 0.11 * i, z + body_h * 0.68) for i in (-1, 0, 1))
    screen = box(0.03, 0.28, body_h * 0.16).move(0.228, 0, z + body_h * 0.47)
    pack = join(
        [
            rounded_box(0.18, 0.4, body_h * 0.7, 0.04).move(-0.28, 0, z + body_h * 0.5),
            cylinder(0.07, body_h * 0.75).move(-0.38, 0.11, z + body_h * 0.5).both(),
        ]
    )
    lift, y = rng.uniform(-0.1, 0.25), 0.41
    arms = tube(
        [(0, y, z + body_h * 0.85), (0.05, y + 0.03, z + body_h * 0.45), (0.3, y, z + body_h * 0.4 + lift)], 0.06, steps=3
    ).both()
    claws = torus(0.07, 0.025, axis="z").move(0.4, y, z + body_h * 0.4 + lift).both()
    shoulders = ellipsoid(0.1, 0.1, 0.1).move(0, 0.36, z + body_h * 0.85).both()
    feet = join(
        [
            rounded_box(0.34, 0.2, 0.12, 0.04).move(0.06, 0.16, 0.06).both(),
            cylinder(0.07, leg + 0.1).move(0, 0.16, leg / 2 + 0.06).both(),
        ]
    )
    mast = join([cylinder(0.015, 0.2).move(0, 0, head_z + 0.28), ellipsoid(0.04, 0.04, 0.04, 10).move(0, 0, head_z + 0.39)])
    return [
        join([torso, head]).paint(shell),
        join([neck, arms, pack]).paint(STEEL if shell != STEEL else BLACK),
        join([face, panel]).paint(BLACK),
        join([lamp, grin, screen]).paint(glow),
        buttons.paint(RED_LAMP),
        join([shoulders, feet, claws]).paint(trim),
        *([mast.paint(RED_LAMP)] if rng.random() < 0.6 else []),
    ]


def teddy(rng: random.Random) -> list[Part]:
    """Seated teddy bear."""
    coat = fur(rng) if rng.random() < 0.7 else cloth(rng)
    light = shade(coat, 1.7)
    tall, arm = rng.uniform(0.9, 1.1), rng.uniform(0.0, 0.2)
    body = ellipsoid(0.3, 0.32, 0.38 * tall).move(z=0.38 * tall)
    belly = ellipsoid(0.2, 0.22, 0.27 * tall).move(0.13, 0, 0.38 * tall)
    z = 0.92 * tall
    head = ellipsoid(0.27, 0.29, 0.26).move(0.03, 0, z)
    ears = ellipsoid(0.06, 0.11, 0.11, 14).move(0.0, 0.22, z + 0.22).both()
    inner = ellipsoid(0.04, 0.065, 0.065, 12).move(0.05, 0.22, z + 0.22).both()
    muzzle = ellipsoid(0.13, 0.14, 0.1).move(0.24, 0, z - 0.06)
    nose = ellipsoid(0.05, 0.06, 0.04, 12).move(0.35, 0, z - 0.02)
    legs = tube([(0.1, 0.2, 0.16), (0.5, 0.27, 0.14)], 0.14).both()
    soles = ellipsoid(0.03, 0.11, 0.11, 14).move(0.63, 0.285, 0.14).both()
    arms = tube([(0.05, 0.26, 0.66 * tall), (0.22, 0.4, 0.5 * tall + arm)], 0.12, end=0.105).both()
    tail = ellipsoid(0.08, 0.08, 0.08, 12).move(-0.32, 0, 0.2)
    loops = [cylinder(a, 0.08, top=b, axis="y").move(0, y, 0) for a, b, y in ((0.1, 0.03, -0.06), (0.03, 0.1, 0.06))]
    bow = join(loops).move(0.27, 0, 0.68 * tall)
    pupils = ellipsoid(0.035, 0.035, 0.04, 12).move(0.26, 0.1, z + 0.07).both()
    return [
        join([body, head, ears, legs, arms, tail]).paint(coat),
        join([belly, inner, muzzle, soles]).paint(light),
        join([nose, pupils]).paint(BLACK),
        bow.paint(paint(rng)),
    ]


def snowman(rng: random.Random) -> list[Part]:
    """Snowman with a carrot nose, buttons, stick arms, a hat and a scarf."""
    snow = Material((0.86, 0.88, 0.92), 0.9)
    r = [rng.uniform(0.4, 0.48), rng.uniform(0.29, 0.35), rng.uniform(0.21, 0.26)]
    centres = [r[0] * 0.9, r[0] * 1.75 + r[1] * 0.55, r[0] * 1.75 + r[1] * 1.4 + r[2] * 0.6]
    balls = join(ellipsoid(size, size, size * 0.95).move(z=z) for size, z in zip(r, centres, strict=True))
    z = centres[2]
    carrot = cylinder(0.05, 0.34, top=0.004, axis="x", sides=12).move(r[2] + 0.12, 0, z)
    coals = ellipsoid(0.035, 0.035, 0.035, 10).move(r[2] * 0.88, 0.09, z + 0.08).both()
    smile = join(ellipsoid(0.02, 0.02, 0.02, 8).move(r[2] * 0.88, 0.045 * i, z - 0.11 + 0.012 * i * i) for i in range(-2, 3))
    buttons = join(
        ellipsoid(0.035, 0.035, 0.035, 10).move(r[1] * 0.96 - 0.03 * abs(i), 0, centres[1] + 0.12 * i) for i in (-1, 0, 1)
    )
    lift = rng.uniform(-0.1, 0.3)
    hand = (0.1, r[1] + 0.32, centres[1] + 0.15 + lift)
    arms = tube([(0, r[1] * 0.8, centres[1] + 0.08), hand], 0.022, end=0.015).both()
    wrist = (0.08, r[1] + 0.26, centres[1] + 0.14 + lift * 0.85)
    tips = [(0.16 + d, r[1] + 0.36, centres[1] + 0.22 + lift - d) for d in (0.0, 0.08)]
    fingers = join(tube([wrist, tip], 0.013).both() for tip in tips)
    hat = lathe([(0.0, 0), (0.27, 0), (0.27, 0.03), (0.18, 0.03), (0.18, 0.26), (0, 0.26)]).move(-0.02, 0, z + r[2] * 0.75)
    scarf = join(
        [
            torus(r[2] * 0.85, 0.06, axis="z").move(0, 0, z - r[2] * 0.8),
            box(0.06, 0.12, 0.32).turn("x", 8).move(r[1] * 0.93, 0.13, centres[1] + 0.05),
        ]
    )
    return [
        balls.paint(snow),
        carrot.paint(ORANGE),
        join([coals, smile, buttons]).paint(BLACK),
        join([arms, fingers]).paint(wood(rng)),
        hat.paint(rng.choice([BLACK, paint(rng)])),
        scarf.paint(paint(rng)),
    ]


def astronaut(rng: random.Random) -> list[Part]:
    """Figure in a space suit with a dark visor and a life-support pack."""
    suit = rng.choice([WHITE, shade(WHITE, 0.7), Material((0.8, 0.35, 0.1), 0.8), paint(rng, roughness=0.8)])
    trim, leg, stride = paint(rng), rng.uniform(0.5, 0.6), rng.uniform(0.0, 0.16)
    z = leg + 0.62
    body = rounded_box(0.38, 0.52, 0.62, 0.14).move(0, 0, leg + 0.28)
    legs = join(tube([(0, 0.14 * s, leg), (stride * s, 0.15 * s, 0.14)], 0.13, end=0.12) for s in (1, -1))
    boots = join(rounded_box(0.36, 0.2, 0.16, 0.06).move(stride * s + 0.06, 0.15 * s, 0.08) for s in (1, -1))
    bend = rng.uniform(0.0, 0.3)
    arms = join(
        tube([(0, 0.29 * s, z - 0.12), (0.05, 0.42 * s, z - 0.4), (0.25, 0.4 * s, z - 0.55 + bend)], 0.1, end=0.085, steps=3)
        for s in (1, -1)
    )
    gloves = ellipsoid(0.1, 0.09, 0.1).move(0.32, 0.4, z - 0.55 + bend).both()
    helmet = ellipsoid(0.27, 0.27, 0.27).move(0.0, 0, z + 0.2)
    visor = ellipsoid(0.2, 0.215, 0.175).move(0.115, 0, z + 0.2)
    pack = rounded_box(0.24, 0.46, 0.62, 0.07).move(-0.28, 0, leg + 0.4)
    chest = rounded_box(0.1, 0.26, 0.16, 0.03).move(0.2, 0, leg + 0.38)
    lights = join(box(0.03, 0.05, 0.05).move(0.25, 0.08 * i, leg + 0.4) for i in (-1, 0, 1))
    collar = torus(0.2, 0.05, axis="z").move(0, 0, z)
    hoses = tube(
        [(0.2, 0.1, leg + 0.34), (0.3, 0.25, leg + 0.2), (0.0, 0.3, leg + 0.15), (-0.2, 0.2, leg + 0.3)], 0.025, steps=4
    ).both()
    return [
        join([body, legs, arms, helmet]).paint(suit),
        visor.paint(rng.choice([GLASS, Material((0.5, 0.3, 0.05), 0.15, 1.0)])),
        join([boots, gloves, collar]).paint(trim),
        pack.paint(shade(suit, 0.75)),
        join([chest, hoses]).paint(STEEL),
        lights.paint(RED_LAMP),
    ]


PEOPLE = (
    Category("person", "person", "none", person),
    Category("robot", "robot", "none", robot),
    Category("teddy", "teddy bear", "none", teddy),
    Category("snowman", "snowman", "none", snowman),
    Category("astronaut", "astronaut", "none", astronaut),
)
