"""CLIP beside open_clip's model with a vision transformer of timm: loss and fp64 gradients of every variable.

Needs Python 3.11 with torch==2.11.0 open_clip_torch==3.3.0 timm==1.0.31 safetensors. Run it in its own folder. The weights are
not stored: both sides fill every tensor by the same rule from its place in the alphabet of names (`fill`).
"""

import math

import open_clip
import torch
from open_clip.loss import ClipLoss
from open_clip.model import CLIPTextCfg, CLIPVisionCfg
from safetensors.torch import save_file
from timm.models import register_model
from timm.models.vision_transformer import VisionTransformer

VOCABULARY, LENGTH, WIDTH, DEPTH, HEADS, DIMENSION = 40, 8, 24, 2, 3, 16


@register_model
def vit_of_the_test(pretrained=False, num_classes=0, **_):
    model = VisionTransformer(
        img_size=16, patch_size=4, embed_dim=WIDTH, depth=DEPTH, num_heads=HEADS, num_classes=num_classes
    )
    model.default_cfg = {}
    return model


def fill(place, shape):
    i = torch.arange(math.prod(shape), dtype=torch.float64).reshape(shape)
    wave = torch.sin(i * 0.7391 + place * 1.37 + torch.sin(i * 0.0113))
    return wave * math.sqrt(4 / math.prod(shape[1:])) if len(shape) > 1 else 1 + 0.3 * wave


vision = CLIPVisionCfg(timm_model_name="vit_of_the_test", timm_pool="token", timm_proj="linear", image_size=16)
text = CLIPTextCfg(context_length=LENGTH, vocab_size=VOCABULARY, width=WIDTH, heads=HEADS, layers=DEPTH)
model = open_clip.CLIP(DIMENSION, vision, text)
state = model.state_dict()
names = sorted(name for name in state if name != "logit_scale")
values = {name: fill(place, state[name].shape) for place, name in enumerate(names)}
model.load_state_dict({**values, "logit_scale": state["logit_scale"]})
model = model.double()

images = fill(1000, (4, 3, 16, 16))
ids = torch.tensor([[38, 5, 9, 39, 0, 0, 0, 0], [38, 7, 39, 0, 0, 0, 0, 0], [38, 1, 2, 3, 4, 5, 6, 39], [38, 9, 5, 39, 0, 0, 0, 0]])
z, u, scale = model(images, ids)
loss = ClipLoss()(z, u, scale)
loss.backward()
case = {
    "names": torch.tensor(list("\n".join(names).encode()), dtype=torch.uint8),
    "ids": ids,
    "lengths": torch.tensor([4, 3, 8, 4]),
    "images": z.detach().clone(),
    "texts": u.detach().clone(),
    "loss": loss.detach().clone(),
}
for name, value in model.named_parameters():
    # Of each gradient its product with a known direction and its largest value: one number would miss much.
    product = (value.grad * fill(3000, value.shape)).sum()
    case[f"{name}.grad"] = torch.stack([product, value.grad.abs().max()])
kept = (torch.long, torch.uint8)
save_file({name: (t if t.dtype in kept else t.float()) for name, t in case.items()}, "case.safetensors")
print("\n".join(names), loss)
