"""Multinomial logistic regression with an L2 penalty, for several penalties at once."""

import numpy as np
from jaxtyping import Float

MOST_STEPS = 60
MOST_INNER = 40
MOST_HALVINGS = 30


def log_softmax(logits: Float[np.ndarray, "*c k n"]) -> Float[np.ndarray, "*c k n"]:
    """Log-probabilities, with classes on the last axis but one.

    Example:
        >>> log_softmax(np.zeros((2, 1))).round(3).tolist()
        [[-0.693], [-0.693]]
    """
    shifted = logits - logits.max(axis=-2, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-2, keepdims=True))


def one_hot(levels: np.ndarray, n_levels: int) -> Float[np.ndarray, "k n"]:
    """A row per level, 1.0 where an observation has it.

    Example:
        >>> one_hot(np.array([1, 0]), 2).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    return (np.arange(n_levels)[:, None] == levels[None, :]).astype(np.float64)


def fit_logistic(
    design: Float[np.ndarray, "n p"],
    targets: Float[np.ndarray, "k n"],
    penalty: Float[np.ndarray, "c p"],
    *,
    start: Float[np.ndarray, "c k p"] | None = None,
    tolerance: float = 1e-9,
) -> Float[np.ndarray, "c k p"]:
    """Weights that minimise summed log-loss + ½ Σ penalty · weight², one solution per row of ``penalty``.

    Newton steps whose linear systems are solved by preconditioned conjugate gradients. With penalty 1/C on features and 0 on a
    column of ones, a solution is that of scikit-learn's ``LogisticRegression(C=C)``. All penalties are solved in the same matrix
    products, which for some hundred rows and tens of columns is an order of magnitude faster than one fit after another.

    Args:
        design: Features; a column of ones for the intercept.
        targets: One-hot classes.
        penalty: Weight of each squared coefficient, one row per solution.
        start: Weights to begin at; zeros by default.
        tolerance: Stops when the Newton decrement is below this many nats per row.

    Raises:
        ArithmeticError: No convergence, which finite features and a positive penalty rule out.
    """
    n, k = len(design), len(targets)
    transposed, square = np.ascontiguousarray(design.T), np.einsum("np,np->p", design, design) / n
    weights = np.zeros((len(penalty), k, design.shape[1])) if start is None else start.copy()
    logits = _times(weights, transposed)
    active = np.arange(len(penalty))
    for _ in range(MOST_STEPS):
        w, z, ridge = weights[active], logits[active], penalty[active][:, None]
        log_share = log_softmax(z)
        share = np.exp(log_share)
        gradient = _times(share - targets, design) + ridge * w
        curvature = (share * (1.0 - share)).sum(axis=2)[..., None]
        scale = 1.0 / (curvature * square + ridge + 1e-12)
        going = 0.5 * _dot(gradient, scale * gradient) > tolerance * n
        if not going.any():
            return weights
        active = active[going]
        newton = _Newton(design, transposed, share[going], ridge[going])
        step, moved = newton.solve(gradient[going], scale[going])
        before = _penalised(-np.einsum("ckn,kn->c", log_share, targets), w, ridge)[going]
        length = _step_length(before, w[going], z[going], step, moved, targets, ridge[going], _dot(gradient[going], step))
        weights[active] = w[going] + length * step
        logits[active] = z[going] + length * moved
    raise ArithmeticError(f"logistic regression on {n} rows did not settle in {MOST_STEPS} Newton steps. Check its features.")


def _dot(left: Float[np.ndarray, "c k p"], right: Float[np.ndarray, "c k p"]) -> Float[np.ndarray, "c"]:
    return np.einsum("ckp,ckp->c", left, right)


def _times(left: Float[np.ndarray, "c k a"], right: Float[np.ndarray, "a b"]) -> Float[np.ndarray, "c k b"]:
    """One product for all solutions: many thin ones would leave the processor waiting for memory."""
    c, k, a = left.shape
    return (left.reshape(c * k, a) @ right).reshape(c, k, right.shape[1])


class _Newton:
    """The linear system of one Newton step, never written out."""

    def __init__(
        self,
        design: Float[np.ndarray, "n p"],
        transposed: Float[np.ndarray, "p n"],
        share: Float[np.ndarray, "c k n"],
        ridge: Float[np.ndarray, "c 1 p"],
    ) -> None:
        self.design, self.transposed, self.share, self.ridge = design, transposed, share, ridge

    def apply(self, direction: Float[np.ndarray, "c k p"], moved: Float[np.ndarray, "c k n"]) -> Float[np.ndarray, "c k p"]:
        """Hessian times direction; ``moved`` is what the direction does to the logits."""
        weighed = self.share * moved
        weighed -= self.share * weighed.sum(axis=1, keepdims=True)
        return _times(weighed, self.design) + self.ridge * direction

    def solve(
        self, gradient: Float[np.ndarray, "c k p"], scale: Float[np.ndarray, "c k p"]
    ) -> tuple[Float[np.ndarray, "c k p"], Float[np.ndarray, "c k n"]]:
        """Step towards the minimum and what it does to the logits, more exact the nearer the minimum is."""
        n = len(self.design)
        step, shift = np.zeros_like(gradient), np.zeros_like(self.share)
        rest = -gradient
        direction = scale * rest
        size = _dot(rest, direction)
        goal = np.minimum(0.25, 4.0 * np.sqrt(size / n)) * size
        for _ in range(MOST_INNER):
            moved = _times(direction, self.transposed)
            bent = self.apply(direction, moved)
            length = (size / np.maximum(_dot(direction, bent), 1e-300))[:, None, None]
            step += length * direction
            shift += length * moved
            rest = rest - length * bent
            scaled = scale * rest
            smaller = _dot(rest, scaled)
            if (smaller <= goal).all():
                break
            direction = scaled + (smaller / np.maximum(size, 1e-300))[:, None, None] * direction
            size = smaller
        return step, shift


def _step_length(  # noqa: PLR0917 - the state of one step
    before: Float[np.ndarray, "c"],
    weights: Float[np.ndarray, "c k p"],
    logits: Float[np.ndarray, "c k n"],
    step: Float[np.ndarray, "c k p"],
    moved: Float[np.ndarray, "c k n"],
    targets: Float[np.ndarray, "k n"],
    ridge: Float[np.ndarray, "c 1 p"],
    slope: Float[np.ndarray, "c"],
) -> Float[np.ndarray, "c 1 1"]:
    length = np.ones(len(before))
    for _ in range(MOST_HALVINGS):
        by = length[:, None, None]
        after = _objective(weights + by * step, logits + by * moved, targets, ridge)
        worse = after > before + 1e-4 * length * slope + 1e-10 * np.abs(before)
        if not worse.any():
            break
        length[worse] *= 0.5
    return length[:, None, None]


def _objective(
    weights: Float[np.ndarray, "c k p"],
    logits: Float[np.ndarray, "c k n"],
    targets: Float[np.ndarray, "k n"],
    ridge: Float[np.ndarray, "c 1 p"],
) -> Float[np.ndarray, "c"]:
    top = logits.max(axis=1)
    total = np.log(np.exp(logits - top[:, None]).sum(axis=1)) + top
    return _penalised(total.sum(axis=1) - np.einsum("ckn,kn->c", logits, targets), weights, ridge)


def _penalised(
    loss: Float[np.ndarray, "c"], weights: Float[np.ndarray, "c k p"], ridge: Float[np.ndarray, "c 1 p"]
) -> Float[np.ndarray, "c"]:
    return loss + 0.5 * (weights * weights * ridge).sum(axis=(1, 2))
