"""A decoder that mirrors a ResNet-18 of width 8 with the CIFAR stem: outputs in both modes and fp64 gradients.

Needs Python 3.11 with torch==2.11.0 torchvision==0.26.0 safetensors. Run it in its own folder. The weights are not
stored: both sides fill every tensor by the same rule from its place in the alphabet of names (`fill`).
"""

import math

import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.models.resnet import BasicBlock

MAPS = ((8, 32), (16, 16), (32, 8), (64, 4))


def block(inputs, planes):
    shortcut = nn.Sequential(nn.Conv2d(inputs, planes, 1, bias=False), nn.BatchNorm2d(planes))
    return BasicBlock(inputs, planes, downsample=shortcut)


class Decoder(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.expand = nn.Linear(width, 64 * 4 * 4)
        for stage in (1, 2, 3):
            setattr(self, f"block{stage}", block(MAPS[stage][0], MAPS[stage - 1][0]))
        self.last = nn.Conv2d(8, 3, 3, padding=1)

    def forward(self, z):
        x = torch.relu(self.expand(z)).view(-1, 64, 4, 4)
        for stage in (3, 2, 1):
            side = MAPS[stage - 1][1]
            x = getattr(self, f"block{stage}")(nn.functional.interpolate(x, (side, side)))
        return self.last(x)


def fill(place, shape):
    i = torch.arange(math.prod(shape), dtype=torch.float64).reshape(shape)
    wave = torch.sin(i * 0.7391 + place * 1.37 + torch.sin(i * 0.0113))
    return wave * math.sqrt(4 / math.prod(shape[1:])) if len(shape) > 1 else 1 + 0.3 * wave


def build():
    model = Decoder(24)
    names = sorted(n for n in model.state_dict() if "batches" not in n)
    values = {name: fill(place, model.state_dict()[name].shape) for place, name in enumerate(names)}
    model.load_state_dict(values, strict=False)
    return model.double(), names


z = fill(1000, (4, 24))
model, names = build()
case = {"names": torch.tensor(list("\n".join(names).encode()), dtype=torch.uint8)}
with torch.no_grad():
    case["eval"] = model.eval()(z)[:1]
z = z.clone().requires_grad_()
out = model.train()(z)
case["train"] = out.detach()[:1].clone()
(out * fill(2000, out.shape)).sum().backward()
case["gradient_z"] = z.grad.clone()
case["gradient_last"] = model.last.weight.grad.clone()
case["gradient_expand"] = model.expand.weight.grad[:8].clone()
save_file({k: v.contiguous() for k, v in case.items()}, "case.safetensors")
