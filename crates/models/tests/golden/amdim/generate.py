"""AMDIM's encoder and its heads on small images: outputs in both modes, feature maps, running statistics, fp64 gradients.

Needs Python 3.11 with torch==2.11.0 safetensors. Run it in its own folder. The weights are not stored: both sides fill
every tensor by the same rule from its place in the alphabet of names (`fill`), so the case stays small.
"""

import math

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F


class Unit(nn.Module):
    """Section 3.4 of the paper: two convolutions beside a mean over the same window, channels that are missing are 0."""

    def __init__(self, inputs, outputs, side, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, side, stride, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 1, bias=False)
        self.side, self.stride = side, stride

    def forward(self, x):
        y = self.conv2(F.relu(self.conv1(x)))
        mean = x.unfold(2, self.side, self.stride).unfold(3, self.side, self.stride).mean((4, 5))
        missing = torch.zeros(len(y), y.shape[1] - x.shape[1], *y.shape[2:], dtype=y.dtype)
        return y + torch.cat([mean, missing], 1)


class Amdim(nn.Module):
    def __init__(self, size, width, rkhs, depth):
        super().__init__()
        stem = {32: [(3, 1)], 64: [(3, 1)], 128: [(5, 2), (3, 1)]}[size]
        self.stem, inputs = len(stem), 3
        for number, (side, stride) in enumerate(stem, 1):
            setattr(self, f"conv{number}", nn.Conv2d(inputs, width, side, stride))
            inputs = width
        # Multiples of the width, kernel, stride, units.
        small = [(1, 1, 1, 1), (2, 4, 2, depth), (4, 2, 2, depth), (4, 3, 1, depth), (4, 3, 1, depth)]
        large = [(2, 4, 2, depth), (4, 4, 2, depth), (8, 2, 2, depth), (8, 3, 1, depth), (8, 3, 1, depth)]
        blocks = [(times * width, *rest) for times, *rest in (small if size == 32 else large)]
        for number, (outputs, side, stride, units) in enumerate(blocks + [(rkhs, 3, 1, 1)], 1):
            first = Unit(inputs, outputs, side, stride)
            others = [Unit(outputs, outputs, 1, 1) for _ in range(units - 1)]
            setattr(self, f"block{number}", nn.Sequential(first, *others))
            inputs = outputs
        self.bn = nn.BatchNorm2d(rkhs)

    def stages(self, x):
        for number in range(1, self.stem + 1):
            layer = getattr(self, f"conv{number}")
            if layer.kernel_size == (5, 5):
                x = F.pad(x, (2, 2, 2, 2), mode="reflect")
            x = F.relu(layer(x))
        maps = []
        for number in range(1, 7):
            x = getattr(self, f"block{number}")(x)
            maps.append(x)
        return maps[:-1] + [self.bn(maps[-1])]

    def forward(self, x):
        return self.stages(x)[-1].flatten(1)


class Head(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.conv2 = nn.Conv2d(outputs, outputs, 1, bias=False)
        self.shortcut = nn.Conv2d(inputs, outputs, 1)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.bn(self.conv2(F.relu(self.conv1(x))) + self.shortcut(x))


def fill(place, shape):
    i = torch.arange(math.prod(shape), dtype=torch.float64).reshape(shape)
    wave = torch.sin(i * 0.7391 + place * 1.37 + torch.sin(i * 0.0113))
    return wave * math.sqrt(4 / math.prod(shape[1:])) if len(shape) == 4 else 1 + 0.3 * wave


def filled(model):
    names = sorted(n for n in model.state_dict() if "batches" not in n)
    values = {name: fill(place, model.state_dict()[name].shape) for place, name in enumerate(names)}
    model.load_state_dict(values, strict=False)
    return model, names


case = {}
for size in (32, 64, 128):
    images = fill(1000, (3, 3, size, size)).float()
    model, names = filled(Amdim(size, 4, 36, 2))
    model.eval()
    with torch.no_grad():
        case[f"{size}.eval"] = model(images)
        for stage, maps in enumerate(model.stages(images)):
            case[f"{size}.stage{stage}"] = maps[:1, :8, :4, :4]
    model = filled(Amdim(size, 4, 36, 2))[0].double().train()
    maps = model.stages(images.double())
    case[f"{size}.train"] = maps[-1].flatten(1).detach()
    case[f"{size}.running_var"] = model.bn.running_var.clone()
    # What the loss reads: the maps of one cell, of 5x5 and of 7x7.
    sum((maps[which] * fill(2000 + which, maps[which].shape)).sum() for which in (5, 3, 2)).backward()
    case[f"{size}.gradient_stem"] = model.conv1.weight.grad.clone()
    case[f"{size}.gradient_bias"] = model.conv1.bias.grad.clone()
    case[f"{size}.gradient_unit"] = getattr(model.block3, "1").conv2.weight.grad.clone()
    case[f"{size}.names"] = torch.tensor(list("\n".join(names).encode()), dtype=torch.uint8)
    case[f"{size}.parameters"] = torch.tensor(sum(p.numel() for p in model.parameters()))
head, names = filled(Head(16, 36))
head = head.double().train()
cells = fill(3000, (3, 16, 5, 5)).requires_grad_()
out = head(cells)
case["head"], case["head.running_mean"] = out.detach(), head.bn.running_mean.clone()
(out * fill(3001, out.shape)).sum().backward()
case["head.gradient_cells"], case["head.gradient_shortcut"] = cells.grad, head.shortcut.weight.grad.clone()
case["head.names"] = torch.tensor(list("\n".join(names).encode()), dtype=torch.uint8)
save_file({k: v.contiguous() for k, v in case.items()}, "case.safetensors")
