"""Linear probes trained by torch.optim.SGD with momentum on whole batches, from zero, the rate along half a cosine.

Writes case.safetensors: features, labels, pairs of rate and weight decay (of weights, not of biases), the logits of each
probe after the last step, and which has the best accuracy, the first among equals.
Run with PyTorch 2.11.0: python generate.py
"""

import math

import torch
from safetensors.torch import save_file

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
STEPS, CLASSES, WIDTH = 30, 4, 6
SETTINGS = [(1e-4, 0.0), (0.05, 0.0), (0.05, 0.1), (0.5, 1e-3)]

centres = torch.randn(CLASSES, WIDTH)
labels = torch.arange(40) % CLASSES
features = centres[labels] + 1.5 * torch.randn(40, WIDTH)
features = features.float().double()

logits = []
for lr, decay in SETTINGS:
    probe = torch.nn.Linear(WIDTH, CLASSES)
    torch.nn.init.zeros_(probe.weight)
    torch.nn.init.zeros_(probe.bias)
    groups = [{"params": [probe.weight], "weight_decay": decay}, {"params": [probe.bias], "weight_decay": 0.0}]
    sgd = torch.optim.SGD(groups, lr=lr, momentum=0.9)
    for step in range(STEPS):
        for group in sgd.param_groups:
            group["lr"] = lr * 0.5 * (1 + math.cos(math.pi * step / STEPS))
        sgd.zero_grad()
        torch.nn.functional.cross_entropy(probe(features), labels).backward()
        sgd.step()
    logits.append(probe(features).detach())

logits = torch.stack(logits)
hits = (logits.argmax(-1) == labels).sum(1).tolist()
save_file(
    {
        "features": features,
        "labels": labels,
        "settings": torch.tensor(SETTINGS),
        "steps": torch.tensor([float(STEPS)]),
        "logits": logits,
        "best": torch.tensor([float(hits.index(max(hits)))]),
    },
    "case.safetensors",
)
