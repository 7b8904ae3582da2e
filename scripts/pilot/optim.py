"""Muon for matrices, AdamW for the rest."""

from collections.abc import Iterable

import torch


class Muon(torch.optim.Optimizer):
    """Momentum whose update is made orthogonal by five Newton-Schulz steps, in float32.

    torch's own Muon iterates in bfloat16, which a CPU without such instructions computes thirty times slower.

    Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks".
    """

    def __init__(
        self, params: Iterable[torch.nn.Parameter], lr: float, momentum: float = 0.95, weight_decay: float = 0.01
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """One update."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                slow = self.state[weight].setdefault("momentum", torch.zeros_like(weight))
                slow.lerp_(weight.grad, 1 - group["momentum"])
                update = orthogonal(weight.grad.lerp(slow, group["momentum"]))
                scale = max(1.0, weight.shape[0] / weight.shape[1]) ** 0.5
                weight.mul_(1 - group["lr"] * group["weight_decay"]).add_(update, alpha=-group["lr"] * scale)


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """The nearest matrix with singular values of about 1; float32 [m, n]."""
    x = matrix / (matrix.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(5):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x.T if tall else x


def make_optimisers(model: torch.nn.Module, *, muon: float = 0.02, adam: float = 3e-3) -> list[torch.optim.Optimizer]:
    """Muon at rate ``muon`` for the matrices inside layers, AdamW at rate ``adam`` for embeddings, heads and norms."""
    matrices: list[torch.nn.Parameter] = []
    rest: list[torch.nn.Parameter] = []
    for name, weight in model.named_parameters():
        inner = weight.ndim == 2 and "embed" not in name and "head" not in name
        (matrices if inner else rest).append(weight)
    return [Muon(matrices, lr=muon), torch.optim.AdamW(rest, lr=adam, betas=(0.9, 0.98), weight_decay=0.0)]
