"""Embedding a folder of JPEGs with ResNet-18 at 224 pixels: `kontrast embed` beside torchvision's ImageFolder with a DataLoader,
and beside the bare forward pass on images that are in memory already. The network is torchvision's, with random weights, so
that embeddings can be compared too.

Needs Python 3.11 with torch==2.11.0 torchvision==0.26.0 pillow, and kontrast built (`cargo xtask run -- --help` builds it).
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torchvision.datasets import ImageFolder
from torchvision.models import resnet18
from torchvision.transforms import v2

SIDE = 256
BATCH = 64

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--kontrast", required=True, help="the program, such as target/debug/kontrast")
parser.add_argument("--images", type=int, default=10_000)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--workers", type=int, default=2, help="of the DataLoader")
parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
asked = parser.parse_args()


def drawn(folder, count):
    """JPEGs of quality 90 of smooth fields with some noise: about 20 kB each, as photographs of that size."""
    rng = np.random.default_rng(0)
    for index in range(count):
        coarse = Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8))
        fine = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC), dtype=np.int16)
        fine = np.clip(fine + rng.normal(0, 6, fine.shape), 0, 255).astype(np.uint8)
        Image.fromarray(fine).save(folder / f"{index:05}.jpg", quality=90)


def rate(work):
    started = time.perf_counter()
    found = work()
    return asked.images / (time.perf_counter() - started), found


with tempfile.TemporaryDirectory() as name:
    root = Path(name)
    images = root / "images" / "all"
    images.mkdir(parents=True)
    drawn(images, asked.images)
    size = sum(path.stat().st_size for path in images.iterdir()) / asked.images
    print(f"{asked.images} JPEGs of {SIDE} pixels, {size / 1000:.0f} kB each, {asked.precision}, {torch.get_num_threads()} threads")
    torch.manual_seed(0)
    network = resnet18().eval()
    torch.save(network.state_dict(), root / "resnet18.pth")
    network.fc = torch.nn.Identity()
    network = network.to(memory_format=torch.channels_last)
    transform = v2.Compose(
        [
            v2.ToImage(),
            v2.Resize(224, antialias=True),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )

    def forward(batch):
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=asked.precision == "bf16"):
            return network(batch.to(memory_format=torch.channels_last)).float()

    def bare():
        batch = torch.randn(BATCH, 3, 224, 224)
        for _ in range(0, asked.images, BATCH):
            forward(batch)

    def by_torchvision():
        loader = torch.utils.data.DataLoader(ImageFolder(root / "images", transform), BATCH, num_workers=asked.workers)
        return torch.cat([forward(batch) for batch, _ in loader])

    def by_kontrast():
        out = root / "ours.npy"
        command = [asked.kontrast, "embed", root / "resnet18.pth", "--images", images, "--size", "224", "--out", out, "--force"]
        if asked.precision == "bf16":
            command += ["--bf16"]
        subprocess.run(command, check=True, capture_output=True)
        return torch.from_numpy(np.load(out))

    rates = {"bare forward": [], "torchvision": [], "kontrast": []}
    for _ in range(asked.rounds):
        for key, work in (("bare forward", bare), ("torchvision", by_torchvision), ("kontrast", by_kontrast)):
            value, found = rate(work)
            rates[key].append(value)
            if key == "torchvision":
                theirs = found
            if key == "kontrast":
                ours = found
    cosine = torch.nn.functional.cosine_similarity(ours, theirs).min().item()
    medians = {key: statistics.median(values) for key, values in rates.items()}
    for key, value in medians.items():
        print(f"{key}: {value:.1f} images/s, ours {medians['kontrast'] / value:.2f} x")
    print(f"least cosine of an image's two embeddings: {cosine:.6f}")
    print(json.dumps({**medians, "cosine": cosine}))
