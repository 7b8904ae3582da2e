"""Things that drive, fly and swim."""

import random
from collections.abc import Sequence

from lm_eval_ext.orientation.mesh import (
    Material,
    Mesh,
    Part,
    Vertices,
    box,
    cylinder,
    ellipsoid,
    extrude,
    join,
    loft,
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
    WHITE_LAMP,
    paint,
    shade,
    wood,
)


def _wheels(xs: Sequence[float], y: float, *, radius: float, width: float, hub: Material) -> list[Part]:
    """Pairs of wheels at ``xs``, outer face at ``y``."""
    tyre = join(cylinder(radius, width, axis="y").move(x, y - width / 2, radius) for x in xs).both()
    rim = join(cylinder(radius * 0.62, width, axis="y").move(x, y - width / 2 + 0.012, radius) for x in xs).both()
    spokes = join(
        box(radius * 1.1, 0.02, radius * 0.18).turn("y", turn).move(x, y + 0.014, radius) for x in xs for turn in (0, 60, 120)
    )
    return [tyre.paint(RUBBER), rim.paint(hub), spokes.both().paint(shade(hub, 0.35))]


def _tumblehome(mesh: Mesh, bottom: float, slope: float) -> Mesh:
    """Sides lean inward above the height ``bottom``."""

    def lean(vertices: Vertices) -> Vertices:
        factor = 1 - slope * (vertices[:, 2] - bottom).clip(0)
        return vertices * (factor[:, None] ** [0, 1, 0])

    return mesh.warp(lean)


def car(rng: random.Random) -> list[Part]:
    """Passenger car: saloon, hatchback or estate."""
    length, width, height = rng.uniform(3.7, 4.8), rng.uniform(1.65, 1.9), rng.uniform(1.4, 1.65)
    body, hub = paint(rng), rng.choice([CHROME, STEEL, WHITE])
    belt, floor, radius = height * 0.58, 0.26, rng.uniform(0.31, 0.37)
    front, rear = length / 2, -length / 2
    style = rng.choice(["saloon", "hatchback", "estate"])
    roof_end = {"saloon": rear + 1.15, "hatchback": rear + 0.65, "estate": rear + 0.25}[style]
    glass_end = {"saloon": rear + 0.55, "hatchback": rear + 0.12, "estate": rear + 0.05}[style]
    lower = [
        (rear, floor + 0.12),
        (rear + 0.1, floor),
        (front - 0.12, floor),
        (front, floor + 0.1),
        (front, belt - 0.22),
        (front - 0.14, belt - 0.1),
        (front - 1.15, belt + 0.02),
        (glass_end, belt + 0.04),
        (rear + 0.02, belt - 0.02),
    ]
    hood = front - 1.1
    cabin = [(hood, belt), (hood - 0.75, height), (roof_end, height), (glass_end, belt)]
    parts = [
        extrude(lower, width, bevel=0.05).paint(body),
        _tumblehome(extrude(cabin, width * 0.95, bevel=0.02), belt, 0.25).paint(GLASS),
        *_roof(cabin, width * 0.95, 1 - 0.25 * (height - belt), body),
        *_wheels([front - 0.8, rear + 0.75], width / 2 + 0.03, radius=radius, width=0.22, hub=hub),
        *_car_face(front, width, belt=belt, floor=floor),
    ]
    handles = join(box(0.18, 0.03, 0.04).move(x, width / 2, belt - 0.08) for x in (0.15, -0.75)).both()
    seams = join(
        box(0.02, 0.02, belt - floor - 0.15).move(x, width / 2 - 0.003, (belt + floor) / 2) for x in (0.7, -0.25, -1.05)
    ).both()
    mirrors = rounded_box(0.12, 0.2, 0.14, 0.05).move(hood - 0.25, width / 2 + 0.06, belt + 0.1).both()
    return [*parts, handles.paint(CHROME), seams.paint(BLACK), mirrors.paint(body)]


def _roof(cabin: list[tuple[float, float]], width: float, narrow: float, body: Material) -> list[Part]:
    """Roof and pillars over a cabin of that width at its foot, ``narrow`` times as wide at its top."""
    (hood, belt), (top_front, height), (top_rear, _), (end, _) = cabin
    roof = rounded_box(top_front - top_rear + 0.12, width * narrow + 0.02, 0.07, 0.03)
    pillars = [
        tube([(x0, width / 2 - 0.01, belt), (x1, width / 2 * narrow - 0.01, height)], 0.04, sides=8)
        for x0, x1 in [(hood, top_front), (end, top_rear), ((hood + end) / 2, (top_front + top_rear) / 2)]
    ]
    return [join([roof.move((top_front + top_rear) / 2, 0, height), join(pillars).both()]).paint(body)]


def _car_face(front: float, width: float, *, belt: float, floor: float) -> list[Part]:
    """Lamps, grille, bumper and plates of a car that reaches from ``-front`` to ``front``."""
    rear = -front
    lamps = ellipsoid(0.08, 0.2, 0.11).move(front - 0.03, width * 0.36, belt - 0.27).both()
    grille = rounded_box(0.06, width * 0.42, 0.16, 0.02).move(front, 0, belt - 0.3)
    intake = rounded_box(0.06, width * 0.7, 0.1, 0.02).move(front, 0, floor + 0.13)
    tails = rounded_box(0.06, 0.36, 0.15, 0.02).move(rear, width * 0.36, belt - 0.15).both()
    plates = join(
        [box(0.02, 0.45, 0.11).move(front + 0.03, 0, floor + 0.2), box(0.03, 0.45, 0.12).move(rear - 0.01, 0, belt - 0.3)]
    )
    bumper = rounded_box(0.1, width * 0.96, 0.12, 0.04).move(rear, 0, floor + 0.12)
    return [lamps.paint(WHITE_LAMP), join([grille, intake, bumper]).paint(BLACK), tails.paint(RED_LAMP), plates.paint(WHITE)]


def bus(rng: random.Random) -> list[Part]:
    """City bus or coach."""
    length, width, height = rng.uniform(7.0, 10.5), 2.4, rng.uniform(2.7, 3.3)
    body, stripe = paint(rng), paint(rng)
    front, rear = length / 2, -length / 2
    shell = rounded_box(length, width, height - 0.35, 0.18).move(z=(height + 0.35) / 2)
    band = rounded_box(length + 0.02, width + 0.02, 0.3, 0.02).move(z=0.95)
    count, start, end = rng.randint(4, 6), rear + 0.5, front - 1.5
    pane = (end - start) / count
    panes = join(
        box(pane * 0.88, width + 0.04, height * 0.28).move(start + pane * (i + 0.5), 0, height * 0.66) for i in range(count)
    )
    screen = rounded_box(0.1, width * 0.92, height * 0.42, 0.04).move(front, 0, height * 0.6)
    back = rounded_box(0.1, width * 0.7, height * 0.2, 0.04).move(rear, 0, height * 0.7)
    sign = rounded_box(0.12, width * 0.7, 0.22, 0.03).move(front + 0.01, 0, height - 0.2)
    doors = join(box(0.9, 0.06, height * 0.68).move(x, -width / 2, height * 0.5) for x in (front - 0.7, rear + length * 0.42))
    lamps = ellipsoid(0.07, 0.16, 0.14).move(front, width * 0.36, 0.75).both()
    tails = rounded_box(0.08, 0.16, 0.5, 0.03).move(rear, width * 0.42, 1.1).both()
    mirrors = tube([(front - 0.05, width / 2, height * 0.8), (front + 0.3, width / 2 + 0.15, height * 0.75)], 0.04).both()
    glasses = rounded_box(0.1, 0.18, 0.4, 0.04).move(front + 0.3, width / 2 + 0.15, height * 0.65).both()
    bumper = rounded_box(0.14, width, 0.25, 0.05).move(front, 0, 0.48)
    return [
        shell.paint(body),
        band.paint(stripe),
        join([panes, screen, back, doors]).paint(GLASS),
        sign.paint(BLACK),
        rounded_box(0.05, width * 0.45, 0.14, 0.02).move(front + 0.06, 0, height - 0.2).paint(ORANGE),
        lamps.paint(WHITE_LAMP),
        tails.paint(RED_LAMP),
        join([mirrors, glasses, bumper]).paint(BLACK),
        *_wheels([front - 1.9, rear + 1.7], width / 2 + 0.03, radius=0.47, width=0.3, hub=STEEL),
    ]


def truck(rng: random.Random) -> list[Part]:
    """Lorry: a cab in front of a box or an open bed."""
    width, cab_length, load_length = 2.3, rng.uniform(1.5, 1.9), rng.uniform(3.2, 5.2)
    cab_height, load_height = rng.uniform(2.3, 2.7), rng.uniform(2.5, 3.2)
    cab, load = paint(rng), paint(rng, roughness=0.6)
    length = cab_length + load_length + 0.2
    front, rear = length / 2, -length / 2
    z = 0.55
    outline = [
        (front - cab_length, z),
        (front, z),
        (front + 0.05, z + 0.75),
        (front - 0.3, cab_height),
        (front - cab_length, cab_height),
    ]
    screen = box(0.06, width * 0.86, 0.85).turn("y", -16).move(front - 0.12, 0, z + 1.28)
    window = box(0.75, width + 0.04, 0.62).move(front - cab_length * 0.55, 0, z + 1.25)
    grille = rounded_box(0.08, width * 0.6, 0.38, 0.03).move(front + 0.03, 0, z + 0.42)
    bumper = rounded_box(0.2, width, 0.28, 0.06).move(front, 0, z - 0.02)
    lamps = ellipsoid(0.06, 0.16, 0.13).move(front + 0.03, width * 0.4, z + 0.4).both()
    tails = box(0.06, 0.3, 0.15).move(rear, width * 0.38, 0.75).both()
    mirrors = rounded_box(0.1, 0.2, 0.42, 0.04).move(front - 0.15, width / 2 + 0.2, z + 1.25).both()
    frame = box(length - 0.3, width * 0.5, 0.22).move(0, 0, 0.6)
    return [
        extrude(outline, width, bevel=0.04).paint(cab),
        join([screen, window]).paint(GLASS),
        join([grille, mirrors, frame]).paint(BLACK),
        bumper.paint(STEEL),
        lamps.paint(WHITE_LAMP),
        tails.paint(RED_LAMP),
        *_load(rng, (load_length, width, load_height), rear, load),
        *_wheels([front - cab_length * 0.5, rear + 0.75, rear + 1.75], width / 2 + 0.03, radius=0.48, width=0.34, hub=STEEL),
    ]


def _load(rng: random.Random, size: tuple[float, float, float], rear: float, colour: Material) -> list[Part]:
    """A closed box or an open bed with cargo, of that length, width and height, from ``rear`` forward."""
    length, width, height = size
    middle = rear + length / 2
    if rng.random() < 0.6:
        body = rounded_box(length, width + 0.1, height - 0.75, 0.05).move(middle, 0, (height + 0.75) / 2)
        ribs = join(
            box(0.05, width + 0.14, height - 0.8).move(rear + length * (i + 0.5) / 5, 0, (height + 0.75) / 2) for i in range(5)
        )
        doors = join(
            box(0.04, 0.04, height - 0.9).move(rear - 0.01, y, (height + 0.75) / 2) for y in (-width * 0.4, 0, width * 0.4)
        )
        return [body.paint(colour), join([ribs, doors]).paint(shade(colour, 0.6))]
    side = box(length, 0.08, 0.6).move(middle, width / 2, 1.1).both()
    ends = join(box(0.08, width, 0.6).move(x, 0, 1.1) for x in (rear + 0.04, rear + length - 0.04))
    floor = box(length, width, 0.1).move(middle, 0, 0.8)
    cargo = ellipsoid(length * 0.42, width * 0.42, 0.75).move(middle, 0, 0.95)
    return [join([side, ends, floor]).paint(colour), cargo.paint(wood(rng))]


def aeroplane(rng: random.Random) -> list[Part]:
    """Airliner with two or four jet engines."""
    body, tail, length = rng.choice([WHITE, WHITE, paint(rng)]), paint(rng), rng.uniform(9.0, 11.5)
    r, f, b = rng.uniform(0.55, 0.72), length / 2, -length / 2
    hull = loft(
        [
            (b, r * 0.55, 0.05, 0.08),
            (b + 1.2, r * 0.4, r * 0.45, r * 0.5),
            (b + 3, 0, r, r),
            (0, 0, r, r),
            (f - 1.4, 0, r, r),
            (f - 0.4, -0.06, r * 0.62, r * 0.6),
            (f, -0.12, 0.08, 0.06),
        ]
    )
    sweep, span = rng.uniform(1.4, 2.4), rng.uniform(4.2, 5.4)
    wing = _wing((-1.0, 1.1), sweep, span, 0.16).move(z=-r * 0.45)
    tailplane = _wing((b + 0.55, b + 1.5), 0.75, 1.8, 0.1).move(z=r * 0.5)
    fin = extrude([(b + 1.8, r * 0.7), (b + 0.35, r * 0.7), (b - 0.15, r + 1.75), (b + 0.55, r + 1.75)], 0.12)
    band = hull.scale(0.985, 1.012, 0.12).move(z=-0.02)
    panes = join(
        ellipsoid(0.07, 0.03, 0.09, 8).move(x * 0.42, r * 0.985, r * 0.25) for x in range(-6, int((f - 1.2) / 0.42))
    ).both()
    cockpit = join(
        box(0.42, 0.3, 0.2).turn("y", 28).turn("z", turn).move(f - 0.68, y, r * 0.42) for y, turn in ((0.24, 22), (-0.24, -22))
    )
    engines: list[Part] = []
    for y in [span * 0.34, span * 0.62][: rng.choice([1, 1, 2])]:
        x = 0.95 - sweep * y / span
        engines.append(cylinder(0.26, 1.15, top=0.34, axis="x").move(x, y, -r * 0.45 - 0.38).both().paint(tail))
        engines.append(cylinder(0.29, 0.04, axis="x").move(x + 0.575, y, -r * 0.45 - 0.38).both().paint(BLACK))
        engines.append(ellipsoid(0.14, 0.1, 0.1).move(x + 0.6, y, -r * 0.45 - 0.38).both().paint(WHITE))
    legs = [tube([(x, y, -r * 0.6), (x, y, -r - 0.55)], 0.05) for x, y in ((f - 1.6, 0), (-0.5, 0.7), (-0.5, -0.7))]
    tyres = [cylinder(0.2, 0.22, axis="y").move(x, y, -r - 0.6) for x, y in ((f - 1.6, 0), (-0.5, 0.7), (-0.5, -0.7))]
    return [
        hull.paint(body),
        band.paint(tail),
        join([wing, tailplane]).paint(shade(body, 0.8)),
        fin.paint(tail),
        join([panes, cockpit]).paint(GLASS),
        *engines,
        join(legs).paint(STEEL),
        join(tyres).paint(RUBBER),
    ]


def _wing(root: tuple[float, float], sweep: float, span: float, thick: float) -> Mesh:
    """Both halves of a swept wing at height 0; ``root`` is where it begins and ends along the fuselage."""
    trail, lead = root
    tip = 0.35 * (lead - trail)
    plan = [(trail, 0.0), (lead, 0.0), (lead - sweep, span), (lead - sweep - tip, span)]
    half = extrude(plan, thick).turn("x", 90)
    return half.scale(1, 1 if half.vertices[:, 1].max() > 0.1 else -1, 1).both()


def boat(rng: random.Random) -> list[Part]:
    """Motor boat with a cabin and an outboard engine."""
    hull, deck, trim = paint(rng), rng.choice([wood(rng), WHITE]), paint(rng)
    length, width = rng.uniform(3.8, 5.0), rng.uniform(1.5, 1.9)
    f, b, w = length / 2, -length / 2, width / 2
    body = loft(
        [
            (b, 0.5, w * 0.9, 0.46),
            (b + 0.6, 0.48, w, 0.48),
            (0.3, 0.5, w, 0.5),
            (f - 0.9, 0.62, w * 0.62, 0.5),
            (f, 0.85, 0.03, 0.3),
        ],
        power=2.6,
    )
    # Everything above the rail is pressed flat, which leaves a deck.
    shell = body.warp(lambda v: v * (1, 1, 0) + (0, 0, 1) * v[:, 2:].clip(None, 0.55 + 0.1 * (v[:, :1] / f).clip(0)))
    rail = body.warp(lambda v: v * (0.985, 0.93, 0) + (0, 0, 1) * v[:, 2:].clip(0.3, 0.575 + 0.1 * (v[:, :1] / f).clip(0)))
    cabin_x = rng.uniform(-0.1, 0.35)
    house = extrude(
        [(cabin_x - 0.75, 0.55), (cabin_x + 0.8, 0.55), (cabin_x + 0.35, 1.25), (cabin_x - 0.7, 1.25)], width * 0.62, bevel=0.03
    )
    glass = box(0.05, width * 0.54, 0.45).turn("y", -33).move(cabin_x + 0.6, 0, 0.95)
    sides = box(0.75, width * 0.62 + 0.03, 0.3).move(cabin_x - 0.25, 0, 0.98)
    roof = rounded_box(1.5, width * 0.72, 0.09, 0.04).move(cabin_x - 0.2, 0, 1.3)
    motor = rounded_box(0.38, 0.36, 0.55, 0.1).move(b - 0.12, 0, 0.95)
    leg = box(0.14, 0.1, 0.9).move(b - 0.14, 0, 0.4)
    rails = tube([(0.9, w * 0.72, 0.65), (f - 0.7, w * 0.5, 0.98), (f - 0.05, 0.02, 1.1)], 0.025, steps=4).both()
    mast = tube([(cabin_x - 0.5, 0, 1.3), (cabin_x - 0.6, 0, 1.9)], 0.03)
    flag = box(0.35, 0.02, 0.22).move(cabin_x - 0.78, 0, 1.8)
    return [
        shell.paint(hull),
        rail.paint(deck),
        house.paint(WHITE),
        join([glass, sides]).paint(GLASS),
        roof.paint(trim),
        join([motor, leg]).paint(BLACK),
        join([rails, mast]).paint(CHROME),
        flag.paint(RED_LAMP),
    ]


def bicycle(rng: random.Random) -> list[Part]:
    """Bicycle with a lamp, a saddle and, sometimes, a basket."""
    frame, radius, base = paint(rng), rng.uniform(0.31, 0.36), rng.uniform(0.98, 1.08)
    f, b, top = base / 2, -base / 2, rng.uniform(0.82, 0.92)
    crank, seat, head = (-0.06, 0, 0.3), (-0.22, 0, top), (f - 0.17, 0, top + 0.02)
    tubes = [(crank, seat), (crank, (f - 0.14, 0, top - 0.12)), (seat, head)]
    bars = [tube([a, c], 0.022) for a, c in tubes] + [
        tube([(seat[0], 0.0, top - 0.05), (b, 0.05, radius)], 0.014).both(),
        tube([crank, (b, 0.05, radius)], 0.014).both(),
    ]
    fork = join(
        [tube([head, (f - 0.12, 0.05, top - 0.2), (f, 0.05, radius)], 0.018).both(), tube([head, (f - 0.2, 0, top + 0.12)], 0.02)]
    )
    half = [(f - 0.36, 0.3, top + 0.1), (f - 0.22, 0.26, top + 0.14), (f - 0.2, 0, top + 0.12)]
    handle = tube([*half, *((x, -y, z) for x, y, z in half[1::-1])], 0.016, steps=3)
    saddle = loft(
        [
            (-0.38, top + 0.1, 0.09, 0.03),
            (-0.3, top + 0.1, 0.1, 0.035),
            (-0.18, top + 0.09, 0.04, 0.03),
            (-0.1, top + 0.08, 0.02, 0.02),
        ]
    )
    post = tube([seat, (-0.26, 0, top + 0.08)], 0.018)
    tyres = join(torus(radius - 0.025, 0.028).move(x, 0, radius) for x in (f, b))
    spokes = join(
        cylinder(0.004, 2 * radius - 0.05, sides=5).turn("y", a).move(x, 0, radius) for x in (f, b) for a in range(0, 180, 20)
    )
    pedals = [box(0.1, 0.08, 0.02).move(-0.06 + 0.14 * s, 0.13 * s, 0.3 - 0.09 * s) for s in (1, -1)]
    arms = [tube([(-0.06, 0.07 * s, 0.3), (-0.06 + 0.14 * s, 0.07 * s, 0.3 - 0.09 * s)], 0.012) for s in (1, -1)]
    guard = torus(radius + 0.03, 0.02).move(b, 0, radius)
    guard = guard.warp(lambda v: v * (1, 1, 0) + (0, 0, 1) * v[:, 2:].clip(radius + 0.1))
    extra = _basket(f, top) if rng.random() < 0.5 else []
    lamp = ellipsoid(0.06, 0.05, 0.05).move(f - 0.08, 0, top + 0.02)
    return [
        join([*bars, guard]).paint(frame),
        join([fork, handle, post, *arms]).paint(CHROME),
        saddle.paint(rng.choice([BLACK, wood(rng)])),
        join([tyres, *pedals]).paint(RUBBER),
        spokes.paint(STEEL),
        cylinder(0.09, 0.015, axis="y").move(-0.06, -0.06, 0.3).paint(STEEL),
        lamp.paint(WHITE_LAMP),
        ellipsoid(0.03, 0.03, 0.04).move(b - 0.12, 0, top - 0.1).paint(RED_LAMP),
        *extra,
    ]


def _basket(front: float, top: float) -> list[Part]:
    floor = box(0.3, 0.36, 0.015).move(front + 0.02, 0, top - 0.1)
    walls = [
        tube([(front + x, y, top - 0.1), (front + x * 1.15, y * 1.15, top + 0.12)], 0.008, sides=6)
        for x in (-0.13, 0, 0.15)
        for y in (-0.17, 0, 0.17)
    ]
    rim = rounded_box(0.36, 0.42, 0.03, 0.012).move(front + 0.03, 0, top + 0.12)
    return [join([floor, *walls, rim]).paint(Material((0.4, 0.22, 0.08), 0.8))]


def helicopter(rng: random.Random) -> list[Part]:
    """Helicopter with skids, a glass nose and a tail rotor."""
    body, trim = paint(rng), paint(rng)
    cabin = loft(
        [(-1.3, 1.25, 0.25, 0.3), (-0.9, 1.15, 0.6, 0.65), (0.1, 1.1, 0.75, 0.75), (0.9, 1.0, 0.6, 0.6), (1.35, 0.85, 0.12, 0.18)]
    )
    glass = cabin.warp(lambda v: v * (1.02, 1.02, 1.02) - (0.0, 0, 0.02)).warp(lambda v: v.clip((0.25, -9, 0.95), (9, 9, 9)))
    boom = tube([(-1.1, 0, 1.35), (-3.2, 0, 1.6)], 0.25, end=0.1)
    fin = extrude([(-2.95, 1.5), (-3.3, 1.5), (-3.6, 2.3), (-3.3, 2.3)], 0.08)
    stabiliser = box(0.3, 1.2, 0.05).move(-2.7, 0, 1.55)
    mast = cylinder(0.09, 0.5).move(-0.1, 0, 2.0)
    turn = rng.uniform(0, 90)
    blades = join(box(4.4, 0.2, 0.03).turn("z", turn + a).move(-0.1, 0, 2.25) for a in ([0, 90] if rng.random() < 0.6 else [0]))
    rotor = join(box(0.9, 0.03, 0.1).turn("y", a).move(-3.35, 0.12, 2.0) for a in (25, 115))
    skids = tube([(1.05, 0.65, 0.22), (0.9, 0.65, 0.06), (-0.95, 0.65, 0.06)], 0.05).both()
    struts = join(tube([(x, 0.35, 0.6), (x, 0.65, 0.06)], 0.04).both() for x in (0.5, -0.6))
    doors = box(0.03, 1.52, 0.8).move(-0.15, 0, 1.05)
    return [
        cabin.paint(body),
        glass.paint(GLASS),
        join([boom, doors]).paint(body),
        join([fin, stabiliser]).paint(trim),
        join([mast, blades, rotor]).paint(BLACK),
        join([skids, struts]).paint(STEEL),
        ellipsoid(0.1, 0.1, 0.08).move(1.15, 0, 0.42).paint(WHITE_LAMP),
    ]


VEHICLES = (
    Category("car", "car", "none", car),
    Category("bus", "bus", "none", bus),
    Category("truck", "truck", "none", truck),
    Category("aeroplane", "aeroplane", "none", aeroplane),
    Category("helicopter", "helicopter", "none", helicopter),
    Category("boat", "boat", "none", boat),
    Category("bicycle", "bicycle", "none", bicycle),
)
