from pathlib import Path

import pytest
import torch

from lm_eval_ext.probing.organism import OrganismItem, build_organism, organism_items
from tests.probing.organism.runs import Organism, Place, load, record


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("organism")
    build_organism(target)
    return target


@pytest.fixture(scope="session")
def organism(folder: Path) -> Organism:
    return load(folder)


@pytest.fixture(scope="session")
def selection() -> list[OrganismItem]:
    """Items on which components are chosen: half of the facts."""
    return halves()[0]


@pytest.fixture(scope="session")
def evaluation() -> list[OrganismItem]:
    """Items on which the choice is judged: the other facts."""
    return halves()[1]


@pytest.fixture(scope="session")
def means(organism: Organism, selection: list[OrganismItem]) -> dict[Place, torch.Tensor]:
    """Mean activation at every position over the items of both labels; shape (words, width)."""
    return {place: values.mean(0) for place, values in record(organism, [item.prompt for item in selection]).items()}


def halves() -> tuple[list[OrganismItem], list[OrganismItem]]:
    items = organism_items(seed=3, n=96)
    facts = sorted({item.cluster_id for item in items})
    first = set(facts[::2])
    return [item for item in items if item.cluster_id in first], [item for item in items if item.cluster_id not in first]
