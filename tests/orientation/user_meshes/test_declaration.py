from pathlib import Path

import pytest

from lm_eval_ext.errors import InputError
from lm_eval_ext.orientation.user_meshes.declaration import Declaration, MeshEntry, read_declaration

MUG = "  - {name: mug, file: mug.glb, front: '+z', up: '+y', symmetry: none}\n"


def declared(folder: Path, text: str) -> Declaration:
    (folder / "objects.yaml").write_text(text)
    return read_declaration(folder)


def test_axes_are_names_or_any_vectors(tmp_path: Path) -> None:
    made = declared(
        tmp_path,
        "objects:\n" + MUG + "  - name: cup\n    file: a/cup.obj\n    front: [0, -2, 0]\n    up: [3, 0, 3]\n    symmetry: none\n",
    )
    first, second = made.objects
    assert (first.front, first.up) == ((0, 0, 1), (0, 1, 0))
    assert second.front == (0, -1, 0)
    assert second.up == pytest.approx((0.5**0.5, 0, 0.5**0.5))
    assert not made.meshes_only


@pytest.mark.parametrize("up", ["+x", "-y", "+z", [1, 2, 3], [-1, 0.1, 0]])
def test_a_round_mesh_gets_a_front_across_its_up(up: object) -> None:
    front, upward = MeshEntry(name="jar", file="jar.obj", up=up, symmetry="round").axes()  # pyright: ignore[reportArgumentType]
    assert sum(a * b for a, b in zip(front, upward, strict=True)) == pytest.approx(0, abs=1e-12)
    assert sum(a * a for a in front) == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "objects:\n" + MUG.replace("front: '+z', ", ""),
            r"objects.yaml, line 2: objects.0: a mesh with symmetry none needs a front",
        ),
        (
            "objects:\n" + MUG.replace("none", "round"),
            r"line 2: objects.0: a mesh with symmetry none needs a front, a round one has",
        ),
        ("objects:\n" + MUG + MUG.replace("file: mug.glb, ", ""), r"line 3: objects\.1\.file: Field required"),
        ("objects:\n- name: mug\n  file: mug.glb\n  up: '+y'\n  front: '+w'\n  symmetry: none\n", r"line 5: objects\.0\.front: "),
        (
            "objects:\n- name: mug\n  file: m.glb\n  up: [0, 0, 0]\n  front: '+x'\n  symmetry: none\n",
            r"line 4: .*an axis is \"\+x\"",
        ),
        ("objects:\n" + MUG.replace("'+z'", "[0, .nan, 0]"), r"line 2: objects\.0\.front: an axis is"),
        ("objects:\n" + MUG.replace("'+z'", "'-y'"), "front and up must be at a right angle"),
        ("objects:\n" + MUG.replace("mug,", "Mug!,"), r"line 2: objects\.0\.name: String should match"),
        ("objects:\n" + MUG.replace("none", "twofold"), r"symmetry: Input should be 'none' or 'round'"),
        ("objects:\n" + MUG.replace("}", ", colour: red}"), r"colour: String should match"),
        ("objects:\n" + MUG.replace("}", ", scale: 2}"), r"line 2: objects\.0\.scale: Extra inputs are not permitted"),
        ("objects:\n" + MUG + MUG, "mug is named twice"),
        ("objects: []\n", "objects: Tuple should have at least 1 item"),
        ("objects:\n" + MUG + "objects:\n" + MUG, "line 3: objects stands twice"),
        ("meshes_only: true\nobjects:\n" + MUG, "meshes_only needs two meshes of symmetry none and a round one"),
        ("", "Input should be a valid dictionary"),
        ("objects: [", "is no YAML"),
        ("objects: !!python/object/apply:os.system [ls]", "is no YAML"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nobjects: [*b, *b]", r"line 1: a: Extra inputs|objects\.0"),
        ("#" * 300_000, "larger than 256,000 bytes"),
    ],
)
def test_what_is_not_accepted_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        declared(tmp_path, text)


def test_a_folder_without_a_declaration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"objects.yaml can't be read .*tasks/dori/README.md shows one"):
        read_declaration(tmp_path)


def test_layers_of_aliases_are_read_in_no_time(tmp_path: Path) -> None:
    layers = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 40))
    with pytest.raises(InputError, match=r"Extra inputs|valid"):
        declared(tmp_path, "a0: &a0 [x, x]\n" + layers + "objects: *a39\n")
