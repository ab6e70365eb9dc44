"""torchvision's ResNet-18 and 50 on small images: outputs in both modes, running statistics, fp64 gradients.

Needs Python 3.11 with torch==2.11.0 torchvision==0.26.0 safetensors. Run it in its own folder. The weights are not
stored: both sides fill every tensor by the same rule from its name and place (`fill`), so the case stays small.
"""

import math

import torch
import torchvision
from safetensors.torch import save_file


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return value


def fill(name, tensor):
    """Noise between -1 and 1 from a sine in fp64, scaled to the usual size of such a tensor."""
    i = torch.arange(tensor.numel(), dtype=torch.float64)
    wave = torch.fmod(torch.sin(i * 12.9898 + fnv1a(name) % 1000) * 43758.5453, 1.0).reshape(tensor.shape)
    if tensor.dim() == 4:
        return (wave * math.sqrt(6 / (tensor.shape[0] * tensor.shape[2] * tensor.shape[3]))).float()
    if name.endswith("running_var") or name.endswith("weight"):
        # A faint residual keeps the network well conditioned: fp32 and fp64 agree to 1e-6.
        faint = 0.1 if ".bn2.weight" in name or ".bn3.weight" in name else 1
        return (faint * (1 + 0.3 * wave)).float()
    return (0.1 * wave).float()


def build(depth, stem, width):
    model = getattr(torchvision.models, f"resnet{depth}")(width_per_group=64)
    if width != 64:
        block = torchvision.models.resnet.BasicBlock
        model = torchvision.models.ResNet(block, [2, 2, 2, 2])
        model.inplanes = width
        model.bn1 = torch.nn.BatchNorm2d(width)
        model.conv1 = torch.nn.Conv2d(3, width, 7, 2, 3, bias=False)
        for stage, stride in enumerate((1, 2, 2, 2)):
            setattr(model, f"layer{stage + 1}", model._make_layer(block, width << stage, 2, stride))
    model.fc = torch.nn.Identity()
    if stem == "cifar":
        model.conv1 = torch.nn.Conv2d(3, width, 3, 1, 1, bias=False)
        model.maxpool = torch.nn.Identity()
    state = model.state_dict()
    model.load_state_dict({k: v if "batches" in k else fill(k, v) for k, v in state.items()})
    return model


case = {}
images = fill("images", torch.empty(16, 3, 96, 96))
for name, depth, stem, width, size in (
    ("r18-cifar", 18, "cifar", 64, 32), ("r18-imagenet", 18, "imagenet", 64, 96),
    ("r50-cifar", 50, "cifar", 64, 32), ("r50-imagenet", 50, "imagenet", 64, 96),
    ("r18-narrow", 18, "cifar", 16, 32),
):
    x = images[:, :, :size, :size]
    model = build(depth, stem, width).eval()
    with torch.no_grad():
        case[f"{name}.eval"] = model(x)[:4]
    model.train()
    with torch.no_grad():
        case[f"{name}.train"] = model(x)[:4]
    case[f"{name}.running_mean"] = model.layer4[-1].bn2.running_mean.clone()
    case[f"{name}.running_var"] = model.layer4[-1].bn2.running_var.clone()
    # Gradients in fp64: through batch norm fp32 loses three digits of them, in any library.
    model = build(depth, stem, width).double().train()
    h = model(x.double())
    (h * fill("direction", h).double()).sum().backward()
    case[f"{name}.gradient_conv1"] = model.conv1.weight.grad[:8].clone()
    case[f"{name}.gradient_bn"] = model.layer3[0].bn1.weight.grad.clone()
    names = [n for n in model.state_dict() if "batches" not in n]
    case[f"{name}.names"] = torch.tensor(list("\n".join(names).encode()), dtype=torch.uint8)
    case[f"{name}.parameters"] = torch.tensor(sum(p.numel() for p in model.parameters()))

# Deviations of torchvision's own initialisation, over the seeds 0 to 4.
for layer in ("conv1", "layer1.0.conv1", "layer4.1.conv2"):
    values = []
    for seed in range(5):
        torch.manual_seed(seed)
        values.append(dict(torchvision.models.resnet18().named_parameters())[f"{layer}.weight"].std())
    case[f"init.{layer}"] = torch.stack(values).mean().detach()
case = {k: v.contiguous() for k, v in case.items()}
save_file(case, "case.safetensors")
