"""Parts of a tensor that tensor parallelism spreads over processes."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from torch import Tensor

SPREAD = frozenset({"z", "neuron", "attn"})
"""Sites of which every process has a part: neighbouring heads or neurons, in the order of the processes."""


class Shards(NamedTuple):
    """One process among those that share a model.

    Attributes:
        rank: Its number.
        size: How many there are.
    """

    rank: int = 0
    size: int = 1

    def whole(self, site: str, part: "Tensor", dim: int = -1) -> "Tensor":
        """What all processes hold of a site, one after another; all of them must call this."""
        if self.size == 1 or site not in SPREAD:
            return part
        from vllm.distributed import tensor_model_parallel_all_gather  # pyright: ignore[reportMissingImports]

        return tensor_model_parallel_all_gather(part.contiguous(), dim)

    def own(self, site: str, whole: "Tensor") -> "Tensor":
        """This process's part of the last dimension."""
        if self.size == 1 or site not in SPREAD:
            return whole
        return whole.chunk(self.size, -1)[self.rank]


def this_process() -> Shards:
    """The process that calls, as vLLM counts them."""
    from vllm.distributed import (  # pyright: ignore[reportMissingImports]
        get_tensor_model_parallel_rank,
        get_tensor_model_parallel_world_size,
    )

    return Shards(get_tensor_model_parallel_rank(), get_tensor_model_parallel_world_size())
