"""A change of documents or prompts is noticed, and needs a new task version."""

import pytest

from tests.conformance import golden
from tests.conformance.leaves import fingerprint, load, names


def test_every_task_has_a_golden_hash() -> None:
    assert sorted(golden.read()) == sorted(names())


@pytest.mark.parametrize("name", names())
def test_documents_and_prompts_are_the_golden_ones(name: str) -> None:
    leaf = load(name)
    found = {"version": leaf.version, "sha256": fingerprint(leaf)}
    text = f"{name} changed. Raise its version, run python -m tests.conformance.golden, and say so in CHANGELOG.md."
    assert found == golden.read().get(name), text


def test_new_bytes_under_an_old_version_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    name, entry = next(iter(golden.read().items()))
    monkeypatch.setattr(golden, "fingerprints", lambda: {name: entry | {"sha256": "0"}})
    with pytest.raises(SystemExit, match=f"Documents or prompts of {name} changed. Raise 'version' in their YAML"):
        golden.main()
