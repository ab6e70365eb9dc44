"""RotNet's network in network on small images: outputs in both modes, feature maps, running statistics, fp64 gradients.

Needs Python 3.11 with torch==2.11.0 safetensors. Run it in its own folder. The weights are not stored: both sides fill
every tensor by the same rule from its place in the alphabet of names (`fill`), so the case stays small.
"""

import math

import torch
from safetensors.torch import save_file
from torch import nn


class Block(nn.Module):
    def __init__(self, inputs, widths, side):
        super().__init__()
        before = inputs
        for number, (width, kernel) in enumerate(zip(widths, (side, 1, 1)), 1):
            setattr(self, f"conv{number}", nn.Conv2d(before, width, kernel, padding=kernel // 2, bias=False))
            setattr(self, f"bn{number}", nn.BatchNorm2d(width))
            before = width

    def forward(self, x):
        for number in (1, 2, 3):
            x = torch.relu(getattr(self, f"bn{number}")(getattr(self, f"conv{number}")(x)))
        return x


class Nin(nn.Module):
    """Section 3.1 and the published code: 192, 160, 96 channels first, pooling with windows of 3 after two blocks."""

    def __init__(self, blocks, width=192):
        super().__init__()
        self.block1 = Block(3, (width, width * 5 // 6, width // 2), 5)
        self.block2 = Block(width // 2, (width,) * 3, 5)
        self.pools = [nn.MaxPool2d(3, 2, 1), nn.AvgPool2d(3, 2, 1)]
        for number in range(3, blocks + 1):
            setattr(self, f"block{number}", Block(width, (width,) * 3, 3))
        self.blocks = blocks

    def stages(self, x):
        for number in range(1, self.blocks + 1):
            x = getattr(self, f"block{number}")(x)
            x = self.pools[number - 1](x) if number <= 2 else x
            yield x

    def forward(self, x):
        return list(self.stages(x))[-1].mean((2, 3))


def fill(place, shape):
    i = torch.arange(math.prod(shape), dtype=torch.float64).reshape(shape)
    wave = torch.sin(i * 0.7391 + place * 1.37 + torch.sin(i * 0.0113))
    return wave * math.sqrt(4 / math.prod(shape[1:])) if len(shape) == 4 else 1 + 0.3 * wave


def build(blocks):
    model = Nin(blocks)
    names = sorted(n for n in model.state_dict() if "batches" not in n)
    values = {name: fill(place, model.state_dict()[name].shape) for place, name in enumerate(names)}
    model.load_state_dict(values, strict=False)
    return model, names


case = {}
images = fill(1000, (4, 3, 32, 32)).float()
for blocks in (3, 4, 5):
    model, names = build(blocks)
    model.eval()
    with torch.no_grad():
        case[f"{blocks}.eval"] = model(images)
        for stage, maps in enumerate(model.stages(images)):
            case[f"{blocks}.stage{stage}"] = maps[:1, :8, :4, :4]
    model = build(blocks)[0].double().train()
    h = model(images.double())
    case[f"{blocks}.train"] = h.detach()
    case[f"{blocks}.running_var"] = model.block2.bn3.running_var.clone()
    (h * fill(2000, h.shape)).sum().backward()
    case[f"{blocks}.gradient_conv"] = model.block1.conv1.weight.grad[:8].clone()
    case[f"{blocks}.gradient_bn"] = model.block3.bn2.weight.grad.clone()
    case[f"{blocks}.names"] = torch.tensor(list("\n".join(names).encode()), dtype=torch.uint8)
    case[f"{blocks}.parameters"] = torch.tensor(sum(p.numel() for p in model.parameters()))
save_file({k: v.contiguous() for k, v in case.items()}, "case.safetensors")
