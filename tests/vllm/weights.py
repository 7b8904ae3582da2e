"""LLaVA weights as vLLM reads them."""

from pathlib import Path


def give_vision_tower_its_official_names(folder: Path) -> None:
    """Rename weights to `vision_tower.vision_model.X`, which vLLM's llava wants; transformers >= 5.1 leaves a level out."""
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    renamed = {
        name if "vision_model." in name else name.replace("vision_tower.", "vision_tower.vision_model."): weight.clone()
        for name, weight in weights.items()
    }
    save_file(renamed, folder / "model.safetensors", metadata={"format": "pt"})
