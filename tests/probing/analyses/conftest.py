"""Simulations and refusals run without shape checks."""

from tests.statistics.conftest import unchecked

__all__ = ["unchecked"]
