"""MAE (arXiv 2111.06377) on timm's blocks, and beside transformers' model: loss and fp64 gradients of every variable, of one mask.

Needs Python 3.11 with torch==2.11.0 timm==1.0.31 transformers==5.24.0 safetensors. Run it in its own folder. The weights are
not stored: both sides fill every tensor by the same rule from its place in the alphabet of names (`fill`).
"""

import math
from functools import partial

import torch
from safetensors.torch import save_file
from timm.models.vision_transformer import Block, VisionTransformer
from torch import nn
from transformers import ViTMAEConfig, ViTMAEForPreTraining

WIDTH, DEPTH, HEADS, PATCH, SIDE = 24, 2, 3, 4, 16
DECODER_WIDTH, DECODER_DEPTH, DECODER_HEADS = 16, 2, 2
IMAGES, GRID, KEPT = 3, SIDE // PATCH, 4


def fill(place, shape):
    i = torch.arange(math.prod(shape), dtype=torch.float64).reshape(shape)
    wave = torch.sin(i * 0.7391 + place * 1.37 + torch.sin(i * 0.0113))
    return wave * math.sqrt(4 / math.prod(shape[1:])) if len(shape) > 1 else 1 + 0.3 * wave


def sines(side, width):
    """Row, then column; at frequencies from 1 down to nearly 1 / 10,000."""
    rate = 1.0 / 10_000 ** (torch.arange(width // 4, dtype=torch.float64) / (width // 4))
    row, column = torch.meshgrid(*[torch.arange(side, dtype=torch.float64)] * 2, indexing="ij")
    row, column = row.reshape(-1, 1) * rate, column.reshape(-1, 1) * rate
    return torch.cat([row.sin(), row.cos(), column.sin(), column.cos()], 1)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        norm = partial(nn.LayerNorm, eps=1e-6)
        self.embed = nn.Linear(WIDTH, DECODER_WIDTH)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, DECODER_WIDTH))
        self.blocks = nn.ModuleList(
            Block(DECODER_WIDTH, DECODER_HEADS, qkv_bias=True, norm_layer=norm) for _ in range(DECODER_DEPTH)
        )
        self.norm = norm(DECODER_WIDTH)
        self.predict = nn.Linear(DECODER_WIDTH, 3 * PATCH**2)


class Mae(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = VisionTransformer(
            img_size=SIDE, patch_size=PATCH, embed_dim=WIDTH, depth=DEPTH, num_heads=HEADS, num_classes=0
        )
        self.decoder = Decoder()

    def forward(self, images, keep):
        encoder, decoder = self.encoder, self.decoder
        tokens = encoder.patch_embed(images) + encoder.pos_embed[:, 1:]
        rows = []
        for of_image, own in zip(tokens, keep):
            rows.append(torch.cat([encoder.cls_token[0] + encoder.pos_embed[0, :1], of_image[own]]))
        x = torch.stack(rows)
        for block in encoder.blocks:
            x = block(x)
        x = decoder.embed(encoder.norm(x))
        places, rows = sines(GRID, DECODER_WIDTH), []
        for of_image, own in zip(x, keep):
            seen = {int(place): of_image[1 + i] for i, place in enumerate(own)}
            patches = [seen.get(place, decoder.mask_token[0, 0]) + places[place] for place in range(GRID**2)]
            rows.append(torch.stack([of_image[0], *patches]))
        x = torch.stack(rows)
        for block in decoder.blocks:
            x = block(x)
        return decoder.predict(decoder.norm(x))[:, 1:]


def loss_of(images, predictions, keep, normalise):
    terms = []
    for image, found, own in zip(images, predictions, keep):
        for place in set(range(GRID**2)) - set(own.tolist()):
            top, left = PATCH * (place // GRID), PATCH * (place % GRID)
            target = image[:, top : top + PATCH, left : left + PATCH].permute(1, 2, 0).reshape(-1)
            if normalise:
                target = (target - target.mean()) / torch.sqrt(target.var(unbiased=True) + 1e-6)
            terms.append(((found[place] - target) ** 2).mean())
    return torch.stack(terms).mean()


# What transformers calls the parts of a layer, beside timm.
LAYER = {
    "norm1": "layernorm_before", "norm2": "layernorm_after", "attn.proj": "attention.o_proj", "mlp.fc1": "mlp.fc1",
    "mlp.fc2": "mlp.fc2",
}
AROUND = {
    "encoder.cls_token": "vit.embeddings.cls_token", "encoder.pos_embed": "vit.embeddings.position_embeddings",
    "encoder.patch_embed.proj": "vit.embeddings.patch_embeddings.projection", "encoder.norm": "vit.layernorm",
    "decoder.embed": "decoder.decoder_embed", "decoder.mask_token": "decoder.mask_token", "decoder.norm": "decoder.decoder_norm",
    "decoder.predict": "decoder.decoder_pred",
}


def theirs(name):
    """The names of transformers' that hold a variable of ours, and that one's rows in turn."""
    part, _, rest = name.partition(".blocks.")
    if not rest:
        stem, _, leaf = name.rpartition(".")
        return [AROUND[name]] if name in AROUND else [f"{AROUND[stem]}.{leaf}"]
    place, _, rest = rest.partition(".")
    layer = f"vit.layers.{place}" if part == "encoder" else f"decoder.decoder_layers.{place}"
    stem, _, leaf = rest.rpartition(".")
    if stem == "attn.qkv":
        return [f"{layer}.attention.{which}_proj.{leaf}" for which in "qkv"]
    return [f"{layer}.{LAYER[stem]}.{leaf}"]


def transformers_model(state, normalise):
    config = ViTMAEConfig(
        hidden_size=WIDTH, num_hidden_layers=DEPTH, num_attention_heads=HEADS, intermediate_size=4 * WIDTH, image_size=SIDE,
        patch_size=PATCH, decoder_hidden_size=DECODER_WIDTH, decoder_num_hidden_layers=DECODER_DEPTH,
        decoder_num_attention_heads=DECODER_HEADS, decoder_intermediate_size=4 * DECODER_WIDTH, layer_norm_eps=1e-6,
        norm_pix_loss=normalise, mask_ratio=1 - KEPT / GRID**2,
    )
    model = ViTMAEForPreTraining(config).double()
    # Their positions of the decoder have the column's half first; ours stand in their place.
    values = {"decoder.decoder_pos_embed": torch.cat([torch.zeros(1, DECODER_WIDTH), sines(GRID, DECODER_WIDTH)])[None]}
    for name, value in state.items():
        found = theirs(name)
        values.update(zip(found, value.chunk(len(found))))
    model.load_state_dict(values)
    model.vit.embeddings.position_embeddings.requires_grad_()
    return model


images = fill(1000, (IMAGES, 3, SIDE, SIDE))
torch.manual_seed(0)
noise = torch.rand(IMAGES, GRID**2, dtype=torch.float64)
keep = noise.argsort(1)[:, :KEPT].sort(1).values
case = {"keep": keep}
for normalise in (False, True):
    model = Mae()
    names = sorted(model.state_dict())
    model.load_state_dict({name: fill(place, model.state_dict()[name].shape) for place, name in enumerate(names)})
    model = model.double()
    predictions = model(images, keep)
    loss = loss_of(images, predictions, keep, normalise)
    loss.backward()
    other = transformers_model(model.state_dict(), normalise)
    output = other(images, noise=noise)
    output.loss.backward()
    assert abs(output.loss.item() - loss.item()) < 1e-9, (output.loss, loss)
    assert (output.logits - predictions).abs().max() < 1e-9
    gradients = {name: value.grad for name, value in other.named_parameters()}
    for name, value in model.named_parameters():
        their_gradient = torch.cat([gradients[of] for of in theirs(name)])
        assert (their_gradient - value.grad).abs().max() < 1e-9, name
        # Of each gradient its product with a known direction and its largest value: one number would miss much.
        product = (value.grad * fill(3000, value.shape)).sum()
        case[f"{name}.{int(normalise)}.grad"] = torch.stack([product, value.grad.abs().max()])
    case[f"loss.{int(normalise)}"] = loss.detach().clone()
case["predictions"] = predictions.detach().clone()
case["names"] = torch.tensor(list("\n".join(names).encode()), dtype=torch.uint8)
kept = (torch.long, torch.uint8)
save_file({name: (t if t.dtype in kept else t.float()) for name, t in case.items()}, "case.safetensors")
print("\n".join(names), case["loss.0"], case["loss.1"])
