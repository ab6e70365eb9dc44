"""Text encoders beside open_clip's and transformers': names, representations and fp64 gradients.

Needs Python 3.11 with torch==2.11.0 open_clip_torch==3.3.0 transformers==5.24.0 safetensors. Run it in its own folder. The
weights are not stored: both sides fill every tensor by the same rule from its place in the alphabet of names (`fill`).
"""

import math

import torch
from open_clip.transformer import QuickGELU, TextTransformer
from safetensors.torch import save_file
from transformers import BertConfig, BertModel

VOCABULARY, LENGTH, WIDTH, DEPTH, HEADS, OUTPUT = 40, 12, 24, 2, 3, 16
END = VOCABULARY - 1
TEXTS = [[38, 5, 9, 9, 2, END], [38, 7, END], [38] + list(range(1, 11)) + [END]]


def fill(place, shape):
    i = torch.arange(math.prod(shape), dtype=torch.float64).reshape(shape)
    wave = torch.sin(i * 0.7391 + place * 1.37 + torch.sin(i * 0.0113))
    return wave * math.sqrt(4 / math.prod(shape[1:])) if len(shape) > 1 else 1 + 0.3 * wave


def filled(model):
    state = model.state_dict()
    names = sorted(state)
    model.load_state_dict({name: fill(place, state[name].shape) for place, name in enumerate(names)})
    return model.double(), names


ids = torch.zeros(len(TEXTS), LENGTH, dtype=torch.long)
mask = torch.zeros(len(TEXTS), LENGTH, dtype=torch.long)
for row, text in enumerate(TEXTS):
    ids[row, : len(text)] = torch.tensor(text)
    mask[row, : len(text)] = 1
case = {"ids": ids, "lengths": mask.sum(1)}


def enter(name, model, names, h):
    case[f"{name}.names"] = torch.tensor(list("\n".join(names).encode()), dtype=torch.uint8)
    case[f"{name}.h"] = h.detach().clone()
    (h * fill(2000, h.shape)).sum().backward()
    for variable, value in model.named_parameters():
        # Of each gradient its product with a known direction and its largest value: one number would miss much.
        case[f"{name}.{variable}.grad"] = torch.stack(
            [(value.grad * fill(3000, value.shape)).sum(), value.grad.abs().max()]
        )


for name, layer in (("gelu", torch.nn.GELU), ("quick_gelu", QuickGELU)):
    model, names = filled(
        TextTransformer(LENGTH, VOCABULARY, WIDTH, HEADS, DEPTH, output_dim=OUTPUT, act_layer=layer)
    )
    enter(name, model, names, model(ids))

config = BertConfig(
    vocab_size=VOCABULARY, hidden_size=WIDTH, num_hidden_layers=DEPTH, num_attention_heads=HEADS, intermediate_size=40,
    max_position_embeddings=LENGTH, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
)
for name in ("mean", "first"):
    model, names = filled(BertModel(config, add_pooling_layer=False))
    tokens = model(ids, attention_mask=mask).last_hidden_state
    weights = mask.double()[:, :, None]
    mean = (tokens * weights).sum(1) / weights.sum(1)
    enter(name, model, names, mean if name == "mean" else tokens[:, 0])

whole = (torch.long, torch.uint8)
save_file({name: (t if t.dtype in whole else t.float()) for name, t in case.items()}, "case.safetensors")
