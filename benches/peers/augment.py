"""SimCLR's distortions in other libraries: views per second on one thread.

The same images in shape and smoothness, and the same settings, as `cargo run --bin augment`. What each library usually
ends with is left in: lightly and albumentations normalise, torchvision converts to floats.
Needs Python 3.11 with torch==2.11.0 torchvision==0.26.0 lightly==1.6.0 kornia==0.9.0 albumentations==2.0.8.
"""

import argparse
import json
import time
import warnings

import albumentations
import kornia.augmentation as kornia
import numpy
import torch
from lightly.transforms import SimCLRTransform
from PIL import Image
from torchvision.transforms import v2

ROUNDS = 3
# Name, width of the view, size of the images (height, width), their number, strength, blur.
CASES = [("simclr 32px", 32, (32, 32), 512, 0.5, False), ("simclr 224px", 224, (256, 300), 48, 1.0, True)]


def smooth_images(count, height, width):
    """Coarse noise, enlarged: neighbours are alike, as in photographs."""
    draw = numpy.random.default_rng(0)
    coarse = draw.integers(0, 256, (count, 8, 8, 3), dtype=numpy.uint8)
    return [numpy.asarray(Image.fromarray(image).resize((width, height), Image.BICUBIC)) for image in coarse]


def views_per_second(render, views):
    """The best of some rounds, after one that does not count."""
    render()
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        render()
        seconds.append(time.perf_counter() - start)
    return views / min(seconds)


def in_lightly(images, size, strength, blur):
    plan = SimCLRTransform(input_size=size, cj_strength=strength, gaussian_blur=0.5 if blur else 0.0)
    pictures = [Image.fromarray(image) for image in images]
    return lambda: [plan(picture) for picture in pictures], 2 * len(images)


def in_torchvision(images, size, strength, blur):
    steps = [
        v2.RandomResizedCrop(size, scale=(0.08, 1.0), antialias=True),
        v2.RandomHorizontalFlip(),
        v2.RandomApply([v2.ColorJitter(*(s * strength for s in (0.8, 0.8, 0.8, 0.2)))], p=0.8),
        v2.RandomGrayscale(0.2),
    ]
    if blur:
        steps.append(v2.RandomApply([v2.GaussianBlur(23, (0.1, 2.0))], p=0.5))
    plan = v2.Compose([*steps, v2.ToDtype(torch.float32, scale=True)])
    tensors = [torch.from_numpy(image.copy()).permute(2, 0, 1).contiguous() for image in images]
    return lambda: [plan(tensor) for tensor in tensors], len(images)


def in_albumentations(images, size, strength, blur):
    steps = [
        albumentations.RandomResizedCrop((size, size), scale=(0.08, 1.0)),
        albumentations.HorizontalFlip(),
        albumentations.ColorJitter(*(s * strength for s in (0.8, 0.8, 0.8, 0.2)), p=0.8),
        albumentations.ToGray(p=0.2),
    ]
    if blur:
        steps.append(albumentations.GaussianBlur(blur_limit=(23, 23), sigma_limit=(0.1, 2.0), p=0.5))
    plan = albumentations.Compose([*steps, albumentations.Normalize()])
    return lambda: [plan(image=image)["image"] for image in images], len(images)


def in_kornia(images, size, strength, blur):
    steps = [
        kornia.RandomResizedCrop((size, size), scale=(0.08, 1.0)),
        kornia.RandomHorizontalFlip(),
        kornia.ColorJitter(*(s * strength for s in (0.8, 0.8, 0.8, 0.2)), p=0.8),
        kornia.RandomGrayscale(p=0.2),
    ]
    if blur:
        steps.append(kornia.RandomGaussianBlur((23, 23), (0.1, 2.0), p=0.5))
    plan = kornia.AugmentationSequential(*steps)
    batch = torch.stack([torch.from_numpy(image.copy()).permute(2, 0, 1) for image in images]).float() / 255
    return lambda: plan(batch), len(images)


PEERS = {
    "lightly": in_lightly,
    "torchvision v2": in_torchvision,
    "albumentations": in_albumentations,
    "kornia": in_kornia,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print the figures as lines of JSON too")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    for name, size, shape, count, strength, blur in CASES:
        images = smooth_images(count, *shape)
        for peer, prepare in PEERS.items():
            speed = views_per_second(*prepare(images, size, strength, blur))
            print(f"{name} {peer}: {speed:.0f} views/s", flush=True)
            # kornia renders whole batches, as the device renderer does.
            names = [name, f"{name}, device"] if peer == "kornia" else [name]
            for name_of_row in names if arguments.json else []:
                print(json.dumps({"name": name_of_row, "peer": peer, "value": speed, "unit": "views/s"}), flush=True)


if __name__ == "__main__":
    main()
