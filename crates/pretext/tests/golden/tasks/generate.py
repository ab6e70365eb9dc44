"""Golden cases of turned images (arXiv 1803.07728) and of jigsaw tiles (arXiv 1603.09246), pixel by pixel.

Needs Python 3.11 with torch==2.11.0 torchvision==0.26.0 safetensors. Run it in its own folder; it also asserts that
torchvision's rotation turns in the same direction.
"""

import math

import torch
import torchvision.transforms.functional as F
from safetensors.torch import save_file

torch.manual_seed(0)
out = {}


def bilinear(image, y, x):
    """The value between pixel middles at whole numbers; nothing outside is ever asked for."""
    top, left = math.floor(y), math.floor(x)
    value = 0
    for row, column in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
        weight = (1 - abs(y - row)) * (1 - abs(x - column))
        if weight > 1e-12:
            value = value + weight * image[:, row, column]
    return value


def turned(image, degrees, zoom):
    """Counter-clockwise to the eye; the middle of the image, `zoom` times as large."""
    side = image.shape[1]
    middle = (side - 1) / 2
    angle = math.radians(degrees)
    result = torch.zeros_like(image)
    for row in range(side):
        for column in range(side):
            up, right = middle - row, column - middle
            # What is shown here was turned away from there.
            from_right = (right * math.cos(angle) + up * math.sin(angle)) / zoom
            from_up = (-right * math.sin(angle) + up * math.cos(angle)) / zoom
            result[:, row, column] = bilinear(image, middle - from_up, middle + from_right)
    return result


images = torch.rand(3, 3, 12, 12, dtype=torch.float64)
out["images"] = images.float()
for classes in (2, 4, 8):
    for number in range(classes):
        degrees = number * 360 // classes
        zoom = math.sqrt(2) if classes == 8 else 1.0
        expected = torch.stack([turned(image, degrees, zoom) for image in images])
        out[f"turned.{classes}.{number}"] = expected.float()
        if classes == 4:
            assert torch.allclose(expected, F.rotate(images, degrees), atol=1e-9)

grid, tile, side = 3, 3, 12
cell = side // grid
offsets = torch.randint(0, cell - tile + 1, (3, grid * grid, 2))
orders = torch.stack([torch.randperm(grid * grid) for _ in range(3)])
cut = torch.zeros(3, grid * grid, 3, tile, tile, dtype=torch.float64)
for n in range(3):
    for number in range(grid * grid):
        down = number // grid * cell + offsets[n, number, 0].item()
        right = number % grid * cell + offsets[n, number, 1].item()
        for row in range(tile):
            for column in range(tile):
                cut[n, number, :, row, column] = images[n, :, down + row, right + column]
normalised = torch.zeros_like(cut)
for n in range(3):
    for number in range(grid * grid):
        for channel in range(3):
            one = cut[n, number, channel]
            normalised[n, number, channel] = (one - one.mean()) / (one.std(unbiased=False) + 1e-5)
shuffled = torch.stack([torch.stack([cut[n, orders[n, place]] for place in range(grid * grid)]) for n in range(3)])
out |= {"offsets": offsets, "orders": orders, "cut": cut.float(), "normalised": normalised.float(), "shuffled": shuffled.float()}
save_file({name: tensor.contiguous() for name, tensor in out.items()}, "case.safetensors")
