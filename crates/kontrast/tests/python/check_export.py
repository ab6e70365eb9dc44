"""Opens exported encoders as their readers do, in PyTorch, torchvision, timm and onnxruntime, and compares what they make of
the sample image with what stands in the file.

    python3.11 -m venv target/export
    target/export/bin/pip install torch==2.11.0 torchvision==0.26.0 timm safetensors onnx onnxruntime numpy
    target/export/bin/python crates/kontrast/tests/python/check_export.py FILE...

Prints a line a file: the largest difference as a fraction of the largest value. Exit code 1 where one is too large.
"""

import base64
import json
import sys

import numpy as np
import onnx
import onnxruntime
import timm
import torch
import torchvision
from safetensors import safe_open
from safetensors.torch import load_file

KEY = "kontrast.export"
TOLERANCE = {"fp32": 1e-4, "fp16": 1e-2}


def card_of(path):
    """What the file says of itself, whatever its format."""
    with open(path, "rb") as file:
        start = file.read(4)
    if start[:2] == b"PK":
        texts = {KEY: ""}
        torch.jit.load(path, _extra_files=texts)
        return json.loads(texts[KEY])
    try:
        with safe_open(path, "pt") as file:
            return json.loads(file.metadata()[KEY])
    except Exception:
        properties = onnxruntime.InferenceSession(path).get_modelmeta().custom_metadata_map
        return json.loads(properties[KEY])


def network_of(card):
    """The library's network, changed as the card says."""
    own = card["network"]
    if "arguments" in own:
        return timm.models.vision_transformer.VisionTransformer(**own["arguments"])
    if own["library"] == "timm":
        network = timm.create_model(own["name"], num_classes=0)
    else:
        network = getattr(torchvision.models, own["name"])()
        network.fc = torch.nn.Identity()
    network.conv1 = torch.nn.Conv2d(**own["conv1"], bias=False)
    if not own["maxpool"]:
        network.maxpool = torch.nn.Identity()
    return network


def opened(path, card):
    """The file as a function of normalised images."""
    if card["format"] == "onnx":
        onnx.checker.check_model(onnx.load(path), full_check=True)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        return lambda images: torch.from_numpy(session.run(["h"], {"images": images.numpy()})[0])
    if card["format"] == "torchscript":
        module = torch.jit.load(path)
        assert not module.training and len(list(module.parameters())) > 0
        return module
    network = network_of(card).eval()
    network.load_state_dict(load_file(path), strict=True)
    return network


def sample_of(card):
    """The sample image, normalised, `[1, c, h, w]`, and its representation."""
    sample, steps = card["sample"], card["preprocessing"]
    assert steps["color_space"] == "rgb"
    image = np.frombuffer(base64.b64decode(sample["image"]), np.uint8).reshape(sample["shape"])
    mean, std = (torch.tensor(steps[name]).view(-1, 1, 1) for name in ("mean", "std"))
    image = torch.from_numpy(image.copy()).permute(2, 0, 1) / 255
    return ((image - mean) / std).float().unsqueeze(0), torch.tensor(sample["h"]).unsqueeze(0)


def main(paths):
    failed = False
    for path in paths:
        card = card_of(path)
        forward = opened(path, card)
        image, h = sample_of(card)
        # The sample among other images, in batches of several sizes: each row stands for itself.
        noise = torch.randn(4, *image.shape[1:], generator=torch.Generator().manual_seed(0))
        with torch.inference_mode():
            found = [forward(image), forward(torch.cat([noise, image]))[-1:], forward(torch.cat([image, noise[:1]]))[:1]]
        difference = max(((one - h).abs().max() / h.abs().max()).item() for one in found)
        near = difference <= TOLERANCE[card["precision"]]
        failed |= not near
        name = card["network"]["name"] if "network" in card else "graph"
        print(f"{path}: {card['format']} {card['precision']}, {name}, {h.shape[1]} values: {difference:.1e}" + ("" if near else " TOO LARGE"))
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
