"""Settings of vLLM that make its tests quick on a CPU; they must stand before vLLM is imported."""

import os

os.environ.update(
    TORCH_COMPILE_DISABLE="1",
    VLLM_ENABLE_V1_MULTIPROCESSING="0",
    VLLM_HOST_IP="127.0.0.1",
    VLLM_LOGGING_LEVEL="ERROR",
    VLLM_NO_USAGE_STATS="1",
)
