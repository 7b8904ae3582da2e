import numpy as np
import pytest

from lm_eval_ext.orientation import mesh

CLOSED = {
    "box": mesh.box(1, 2, 3),
    "rounded_box": mesh.rounded_box(1, 2, 3, 0.2),
    "ellipsoid": mesh.ellipsoid(1, 2, 3),
    "cylinder": mesh.cylinder(1, 2, axis="x"),
    "cone": mesh.cylinder(1, 2, top=0.1),
    "lathe": mesh.lathe([(0, 0), (1, 0), (0.5, 1), (0, 1)]),
    "torus": mesh.torus(1, 0.2),
    "loft": mesh.loft([(-1, 0, 0.1, 0.1), (0, 0, 0.5, 0.4), (1, 0.2, 0.1, 0.1)]),
    "tube": mesh.tube([(0, 0, 0), (1, 0, 0), (1, 1, 0.5)], 0.1, steps=4),
    "extrude": mesh.extrude([(0, 0), (2, 0), (2, 1), (1, 0.4), (0, 1)], 0.5, bevel=0.1),
}


@pytest.mark.parametrize("name", CLOSED)
def test_primitives_look_outward(name: str) -> None:
    assert mesh.volume(CLOSED[name]) > 0


@pytest.mark.parametrize("name", CLOSED)
def test_primitives_are_closed(name: str) -> None:
    made = CLOSED[name]
    _, index = np.unique(made.vertices.round(9), axis=0, return_inverse=True)
    faces = index.reshape(-1)[made.faces]
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges = edges[edges[:, 0] != edges[:, 1]]
    there = {tuple(edge) for edge in edges.tolist()}
    assert all((b, a) in there for a, b in there)


def test_volumes_agree_with_the_formulas() -> None:
    assert mesh.volume(CLOSED["box"]) == pytest.approx(6)
    assert mesh.volume(CLOSED["ellipsoid"]) == pytest.approx(8 * np.pi, rel=0.06)
    assert mesh.volume(CLOSED["cylinder"]) == pytest.approx(2 * np.pi, rel=0.02)
    assert mesh.volume(CLOSED["torus"]) == pytest.approx(2 * np.pi**2 * 0.04, rel=0.09)
    # The polygon's area is 2 x 1 less a notch of 2 x 0.6 / 2; the bevel takes a little of the flanks.
    assert mesh.volume(mesh.extrude([(0, 0), (2, 0), (2, 1), (1, 0.4), (0, 1)], 0.5)) == pytest.approx(0.5 * 1.4)


def test_turning_is_counter_clockwise_from_the_positive_end() -> None:
    for axis, start, end in (("x", "y", "z"), ("y", "z", "x"), ("z", "x", "y")):
        turned = mesh.rotation(axis, 90) @ np.eye(3)["xyz".index(start)]
        assert turned == pytest.approx(np.eye(3)["xyz".index(end)])


def test_along_lays_the_top_of_a_cone_along_the_axis() -> None:
    for axis in "xyz":
        made = mesh.cylinder(1.0, 4.0, top=0.1, axis=axis)
        tip = made.vertices[made.vertices["xyz".index(axis) == np.arange(3)[None].repeat(len(made.vertices), 0)] > 1.9]
        assert np.linalg.norm(np.delete(tip, "xyz".index(axis), axis=1), axis=1).max() == pytest.approx(0.1)


def test_mirroring_keeps_faces_outward() -> None:
    made = CLOSED["loft"]
    assert mesh.volume(made.scale(1, -1, 1)) == pytest.approx(mesh.volume(made))
    assert mesh.volume(made.both()) == pytest.approx(2 * mesh.volume(made))


def test_normals_are_flat_on_caps_and_smooth_on_a_sphere() -> None:
    drum = CLOSED["cylinder"]
    points, normals = mesh.corners(drum.vertices, drum.faces)
    caps = (np.abs(normals[:, 0]) > 0.5).reshape(-1, 3).all(axis=1).repeat(3)
    assert np.abs(normals[caps]) == pytest.approx(np.tile([1.0, 0.0, 0.0], (caps.sum(), 1)))
    assert np.linalg.norm(normals, axis=1) == pytest.approx(1.0)
    points, normals = mesh.corners(*((ball := mesh.ellipsoid(1, 1, 1, 40)).vertices, ball.faces))
    assert (np.einsum("ci,ci->c", points, normals) > 0.98).all()


def test_a_crossing_outline_is_refused() -> None:
    with pytest.raises(ValueError, match="crosses itself"):
        mesh.extrude([(0, 0), (1, 1), (1, 0), (0, 1), (0.5, -1)], 1.0)
