"""Golden hashes: a change of documents or prompts needs a new task version.

Run ``python -m tests.conformance.golden`` after such a change; it refuses while the version in the YAML is the old one.
"""

import json
import sys
from pathlib import Path
from typing import Any

from tests.conformance.leaves import SEED, N, fingerprints

FILE = Path(__file__).with_name("golden.json")


def changed_without_version(old: dict[str, dict[str, Any]], new: dict[str, dict[str, Any]]) -> list[str]:
    """Tasks whose bytes differ from the golden ones while their version does not.

    Example:
        >>> old = {"a": {"version": 1, "sha256": "x"}, "b": {"version": 1, "sha256": "x"}}
        >>> changed_without_version(old, {"a": {"version": 1, "sha256": "y"}, "b": {"version": 2, "sha256": "y"}})
        ['a']
    """
    known = [name for name in new if name in old]
    return [name for name in known if old[name]["sha256"] != new[name]["sha256"] and old[name]["version"] == new[name]["version"]]


def read() -> dict[str, dict[str, Any]]:
    """The golden hashes by task."""
    return json.loads(FILE.read_text(encoding="utf-8"))["tasks"] if FILE.exists() else {}


def main() -> None:
    """Write the file anew, unless a version is missing."""
    new = fingerprints()
    refused = changed_without_version(read(), new)
    if refused:
        sys.exit(
            f"Documents or prompts of {', '.join(refused)} changed. Raise 'version' in their YAML, and say so in CHANGELOG.md."
        )
    text = json.dumps({"seed": SEED, "n": N, "tasks": new}, indent=1)
    FILE.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
