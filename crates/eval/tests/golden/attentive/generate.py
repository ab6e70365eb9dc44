"""A map pooled by one learned query with several heads: batch norm without scale and shift, keys, values, softmax.

Writes case.safetensors: the map, the variables, the pooled values, and the gradients of their sum weighted by `weights`.
Run with PyTorch 2.11.0: python generate.py
"""

import torch
from safetensors.torch import save_file

torch.manual_seed(2)
torch.set_default_dtype(torch.float64)
IMAGES, CHANNELS, HEADS = 3, 24, 12

maps = torch.randn(IMAGES, CHANNELS, 2, 3).float().double().requires_grad_()
query = torch.randn(1, HEADS, 1, CHANNELS // HEADS).float().double().requires_grad_()
key, value = (torch.randn(CHANNELS, CHANNELS).float().double().requires_grad_() for _ in range(2))
weights = torch.randn(IMAGES, CHANNELS).float().double()

cells = torch.nn.BatchNorm1d(CHANNELS, affine=False)(maps.flatten(2)).transpose(1, 2)
split = lambda x: x.view(IMAGES, -1, HEADS, CHANNELS // HEADS).transpose(1, 2)
keys, values = split(cells @ key.T), split(cells @ value.T)
attention = (query @ keys.transpose(-1, -2) / (CHANNELS // HEADS) ** 0.5).softmax(-1)
pooled = (attention @ values).reshape(IMAGES, CHANNELS)
(pooled * weights).sum().backward()

save_file(
    {
        "maps": maps.detach(),
        "weights": weights,
        "pooled": pooled.detach(),
        "maps.grad": maps.grad,
        "query": query.detach(),
        "query.grad": query.grad,
        "key.weight": key.detach(),
        "key.weight.grad": key.grad,
        "value.weight": value.detach(),
        "value.weight.grad": value.grad,
    },
    "case.safetensors",
)
