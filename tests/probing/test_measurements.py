"""Reductions of activations against numpy."""

import numpy as np
import torch

from lm_eval_ext.probing.measurements import reduce_values
from lm_eval_ext.probing.sites import VALUE_STATISTICS


def test_statistics_of_vectors_are_numpys() -> None:
    values = np.random.default_rng(0).normal(size=(3, 2, 7)).astype(np.float32)
    found = reduce_values(torch.from_numpy(values), VALUE_STATISTICS).numpy()
    expected = [np.linalg.norm(values, axis=-1), values.mean(-1), values.std(-1), np.abs(values).mean(-1), (values > 0).mean(-1)]
    np.testing.assert_allclose(found, np.stack(expected, -1), atol=1e-6)


def test_half_precision_is_kept_in_single() -> None:
    assert reduce_values(torch.ones(2, 3, dtype=torch.bfloat16), ()).dtype == torch.float32
