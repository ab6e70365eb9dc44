"""torchvision's ResNets with group norm of one group and without any norm: outputs, and gradients in fp64.

Needs Python 3.11 with torch==2.11.0 torchvision==0.26.0 safetensors. Run it in its own folder. The weights are not
stored: both sides fill every tensor by the same rule from its place in the alphabet of names (`fill`), so the case stays
small.
"""

import math

import torch
import torchvision
from safetensors.torch import save_file


def fill(place, shape):
    i = torch.arange(math.prod(shape), dtype=torch.float64).reshape(shape)
    wave = torch.sin(i * 0.7391 + place * 1.37 + torch.sin(i * 0.0113))
    return wave * math.sqrt(4 / math.prod(shape[1:])) if len(shape) > 1 else 1 + 0.3 * wave


NORMS = {"group": lambda channels: torch.nn.GroupNorm(1, channels), "none": lambda channels: torch.nn.Identity()}
case = {}
images = fill(99, (3, 3, 16, 16)) * 5
for depth in (18, 50):
    for norm, layer in NORMS.items():
        name = f"r{depth}-{norm}"
        model = getattr(torchvision.models, f"resnet{depth}")(norm_layer=layer)
        model.conv1 = torch.nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        model.maxpool = torch.nn.Identity()
        model.fc = torch.nn.Identity()
        model = model.double()
        state = sorted(model.state_dict().items())
        model.load_state_dict({key: fill(place, value.shape) for place, (key, value) in enumerate(state)})
        x = images.clone().requires_grad_()
        h = model(x)
        case[f"{name}.h"] = h.detach()
        (h * fill(7, (3, h.shape[1]))).sum().backward()
        case[f"{name}.gradient.images"] = x.grad[:, :, :4]
        gradients = {key: value.grad for key, value in model.named_parameters()}
        for key in ["conv1.weight", "layer4.1.conv2.weight", "layer3.0.downsample.0.weight"]:
            case[f"{name}.gradient.{key}"] = gradients[key][:8, :8]
        if norm == "group":
            case[f"{name}.gradient.layer3.0.bn1.weight"] = gradients["layer3.0.bn1.weight"]
            case[f"{name}.gradient.layer2.0.downsample.1.bias"] = gradients["layer2.0.downsample.1.bias"]
        case[f"{name}.names"] = torch.tensor(list("\n".join(key for key, _ in state).encode()), dtype=torch.uint8)
save_file({key: value.contiguous().clone() for key, value in case.items()}, "case.safetensors")
