"""Vision transformers beside timm's: representations, maps of blocks and fp64 gradients, at the size that the positions
are made for and at another; and the positions of MoCo v3.

Needs Python 3.11 with torch==2.11.0 timm==1.0.31 safetensors. Run it in its own folder. The weights are not stored: both
sides fill every tensor by the same rule from its place in the alphabet of names (`fill`).
"""

import math

import torch
from safetensors.torch import save_file
from timm.models.vision_transformer import VisionTransformer

WIDTH, DEPTH, HEADS, PATCH, SIDE = 24, 3, 3, 4, 16


def fill(place, shape):
    i = torch.arange(math.prod(shape), dtype=torch.float64).reshape(shape)
    wave = torch.sin(i * 0.7391 + place * 1.37 + torch.sin(i * 0.0113))
    return wave * math.sqrt(4 / math.prod(shape[1:])) if len(shape) > 1 else 1 + 0.3 * wave


def build():
    model = VisionTransformer(
        img_size=SIDE, patch_size=PATCH, embed_dim=WIDTH, depth=DEPTH, num_heads=HEADS, num_classes=0,
        dynamic_img_size=True,
    )
    names = sorted(model.state_dict())
    model.load_state_dict({n: fill(p, model.state_dict()[n].shape) for p, n in enumerate(names)})
    return model.double(), names


def sines(side, width):
    """As in MoCo v3's published code, `build_2d_sincos_position_embedding`, written out."""
    place = torch.arange(side, dtype=torch.float64)
    slow, fast = torch.meshgrid(place, place, indexing="ij")
    rate = 1.0 / 10_000 ** (torch.arange(width // 4, dtype=torch.float64) / (width // 4))
    slow, fast = slow.flatten()[:, None] * rate, fast.flatten()[:, None] * rate
    return torch.cat([slow.sin(), slow.cos(), fast.sin(), fast.cos()], 1)[None]


model, names = build()
case = {"names": torch.tensor(list("\n".join(names).encode()), dtype=torch.uint8)}
for side in (SIDE, 24):
    x = fill(1000 + side, (2, 3, side, side)).requires_grad_()
    model.zero_grad()
    h = model(x)
    maps = model.get_intermediate_layers(x, n=range(DEPTH), reshape=True, norm=False)
    case[f"h.{side}"] = h.detach().clone()
    case[f"map.{side}"] = maps[1].detach().contiguous()
    (h * fill(2000, h.shape)).sum().backward()
    case[f"images.{side}.grad"] = x.grad[:1].clone()
    for name, variable in model.named_parameters():
        if "blocks.1" in name or "blocks" not in name:
            # Of each gradient its product with a known direction and its largest value: one number would miss much.
            case[f"{name}.{side}.grad"] = torch.stack(
                [(variable.grad * fill(3000, variable.shape)).sum(), variable.grad.abs().max()]
            )
case["sines"] = sines(3, WIDTH)
save_file({name: (t if t.dtype == torch.uint8 else t.float()) for name, t in case.items()}, "case.safetensors")
