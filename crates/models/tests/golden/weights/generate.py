"""Files of weights as other programs write them, and the features that their networks give, to be equal here.

Needs torch==2.11.0 torchvision==0.26.0 timm==1.0.27 lightly==1.6.0 safetensors. Run it in its own folder. The networks are
tiny, and their names, wrappers and classes those of the programs: torchvision, timm, lightly, solo-learn, MoCo, MoCo v3 and
Spijkervet's SimCLR.
"""

import argparse
import math
import os
from collections import OrderedDict, defaultdict

import timm
import torch
import torchvision
from lightly.models import ResNetGenerator
from lightly.models.modules import SimCLRProjectionHead
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

WIDTH = 2
TOKENS = dict(embed_dim=12, depth=2, num_heads=2)


def fill(seed, tensor):
    """Noise from a sine in fp64, scaled to the usual size of such a tensor."""
    i = torch.arange(tensor.numel(), dtype=torch.float64)
    wave = torch.fmod(torch.sin(i * 12.9898 + seed * 7.13) * 43758.5453, 1.0).reshape(tensor.shape)
    if tensor.dim() == 4:
        return (wave * math.sqrt(6 / (tensor.shape[0] * tensor.shape[2] * tensor.shape[3]))).float()
    if tensor.dim() == 1:
        return (1 + 0.3 * wave).float()
    return (0.3 * wave).float()


def filled(model, seed):
    state = model.state_dict()
    new = {k: v + 7 if "batches" in k else fill(seed + n, v) for n, (k, v) in enumerate(state.items())}
    model.load_state_dict(new)
    return model.eval()


def resnet(stem, seed):
    block = torchvision.models.resnet.BasicBlock
    model = torchvision.models.ResNet(block, [2, 2, 2, 2], num_classes=3)
    model.inplanes = WIDTH
    model.conv1 = nn.Conv2d(3, WIDTH, 7, 2, 3, bias=False)
    if stem == "cifar":
        model.conv1 = nn.Conv2d(3, WIDTH, 3, 1, 1, bias=False)
        model.maxpool = nn.Identity()
    model.bn1 = nn.BatchNorm2d(WIDTH)
    for stage, stride in enumerate((1, 2, 2, 2)):
        setattr(model, f"layer{stage + 1}", model._make_layer(block, WIDTH << stage, 2, stride))
    model.fc = nn.Linear(8 * WIDTH, 3)
    return filled(model, seed)


def features(model, images):
    if hasattr(model, "fc"):
        model.fc = nn.Identity()
    with torch.no_grad():
        return model(images).flatten(1)


class Lightning(nn.Module):
    """What a LightningModule's state dictionary looks like."""

    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)


def checkpoint(module, momentum=False):
    """A checkpoint of Lightning: hyperparameters are an object, and the optimizer has a state."""
    parameters = list(module.parameters())[:2]
    buffers = {n: {"momentum_buffer": torch.zeros_like(p)} for n, p in enumerate(parameters)}
    groups = [{"lr": 0.1, "params": [0, 1], "betas": (0.9, 0.999), "foreach": None}]
    return {
        "epoch": 3,
        "global_step": 1000,
        "pytorch-lightning_version": "2.5.0",
        "state_dict": module.state_dict(),
        "hyper_parameters": argparse.Namespace(lr=0.1, name="run", nested=defaultdict(dict)),
        "optimizer_states": [{"state": buffers, "param_groups": groups}],
        "callbacks": {"best": torch.tensor(0.5), "big": 2**80, "path": None, "tags": {"a", "b"}},
    }


def data_parallel(parts):
    return OrderedDict((f"module.{name}.{k}", v) for name, state in parts.items() for k, v in state.items())


def sines(side, width):
    """MoCo v3's positions, of row and column."""
    rates = 1 / 10000 ** (torch.arange(width // 4) / (width // 4))
    column, row = torch.arange(side).repeat(side), torch.arange(side).repeat_interleave(side)
    slow, fast = torch.outer(row.float(), rates), torch.outer(column.float(), rates)
    return torch.cat([slow.sin(), slow.cos(), fast.sin(), fast.cos()], 1)[None]


case = {"images": fill(99, torch.empty(2, 3, 16, 16)), "large": fill(98, torch.empty(2, 3, 32, 32))}
x = case["images"]

model = resnet("imagenet", 1)
torch.save(model.state_dict(), "torchvision.pth")
case["torchvision"] = features(model, case["large"])

model = resnet("cifar", 2)
head = SimCLRProjectionHead(8 * WIDTH, 8, 4)
sequence = nn.Sequential(*list(model.children())[:-1])
torch.save(checkpoint(Lightning(backbone=sequence, projection_head=head)), "lightly.ckpt")
case["lightly"] = features(sequence.eval(), x)

# lightly's own ResNet in a sequence has no ReLU behind its first batch norm; the expected features are with it.
own = filled(ResNetGenerator("resnet-18", width=WIDTH / 64), 3)
sequence = nn.Sequential(*list(own.children())[:-1], nn.AdaptiveAvgPool2d(1))
torch.save({"state_dict": Lightning(backbone=sequence).state_dict()}, "lightly_own.ckpt")
with torch.no_grad():
    maps = functional.relu(own.bn1(own.conv1(x)))
    for stage in (own.layer1, own.layer2, own.layer3, own.layer4):
        maps = stage(maps)
    case["lightly_own"] = maps.mean((2, 3))

# In half precision, with the queue beside it.
query, key = resnet("imagenet", 4).half(), resnet("imagenet", 5).half()
state = data_parallel({"encoder_q": query.state_dict(), "encoder_k": key.state_dict()})
state["module.queue"], state["module.queue_ptr"] = torch.zeros(4, 8), torch.zeros(1, dtype=torch.long)
torch.save({"epoch": 200, "arch": "resnet18", "state_dict": state, "optimizer": {"state": {}}}, "moco.pth")
case["moco"] = features(query.float(), case["large"])

model = resnet("cifar", 6)
part = nn.Sequential(OrderedDict(conv1=nn.Conv2d(3, WIDTH, 3, bias=False)))
module = Lightning(backbone=model, projector=nn.Sequential(nn.Linear(8 * WIDTH, 4), nn.BatchNorm1d(4)), momentum_backbone=part)
torch.save(checkpoint(module), "solo_learn.ckpt")
case["solo_learn"] = features(model, x)

# In the strides of channels-last, as a parameter and in bf16.
model = resnet("cifar", 7).to(memory_format=torch.channels_last).bfloat16()
state = {f"encoder.{k}": nn.Parameter(v) if v.is_floating_point() else v for k, v in model.state_dict().items() if not k.startswith("fc.")}
torch.save({**state, "projector.0.weight": torch.zeros(4, 8)}, "simclr.pth")
case["simclr"] = features(model.float(), x)

# Views of one storage, in double precision.
model = resnet("cifar", 8).double()
flat = torch.cat([v.flatten() for v in model.state_dict().values()])
views, at = OrderedDict(), 0
for name, value in model.state_dict().items():
    views[name] = flat[at : at + value.numel()].view(value.shape)
    at += value.numel()
views["conv1.weight"] = views["conv1.weight"].transpose(2, 3).contiguous().transpose(2, 3)
torch.save(views, "views.pth", pickle_protocol=4)
case["views"] = features(model.float(), x)

vit = filled(timm.models.VisionTransformer(img_size=16, patch_size=4, num_classes=3, **TOKENS), 20)
save_file(vit.state_dict(), "timm.safetensors")
with torch.no_grad():
    case["timm"] = vit.forward_features(x)[:, 0]

theirs = torchvision.models.VisionTransformer(
    image_size=16, patch_size=4, num_layers=2, num_heads=2, hidden_dim=12, mlp_dim=48, num_classes=3
)
theirs = filled(theirs, 40)
torch.save(theirs.state_dict(), "torchvision_vit.pth")
theirs.heads = nn.Identity()
case["torchvision_vit"] = features(theirs, x)

vit = filled(timm.models.VisionTransformer(img_size=16, patch_size=4, num_classes=3, **TOKENS), 60)
with torch.no_grad():
    vit.pos_embed.copy_(torch.cat([torch.zeros(1, 1, 12), sines(4, 12)], 1))
state = data_parallel({"base_encoder": vit.state_dict(), "momentum_encoder": {"cls_token": vit.cls_token}})
torch.save({"epoch": 1, "state_dict": state}, "mocov3.pth.tar")
with torch.no_grad():
    case["mocov3"] = vit.forward_features(x)[:, 0]

# What is refused: the format before PyTorch 1.6, a pickled network, a program, and one that would run a command.
torch.save({"conv1.weight": torch.zeros(2)}, "legacy.pth", _use_new_zipfile_serialization=False)
torch.save(nn.Linear(1, 1), "object.pth")
torch.jit.save(torch.jit.trace(nn.Linear(1, 1), torch.zeros(1, 1)), "script.pt")


class Command:
    def __reduce__(self):
        return os.system, ("echo run > ran",)


torch.save({"state_dict": {"conv1.weight": torch.ones(2)}, "hyper_parameters": Command()}, "command.pth")
save_file({name: tensor.float().contiguous() for name, tensor in case.items()}, "case.safetensors")
