"""A linear probe trained by torch.optim.Adam on whole batches, from zero, its rate falling exponentially by epoch.

Writes case.safetensors: features, labels, settings, and the logits of test features after the last epoch.
Run with PyTorch 2.11.0: python generate.py
"""

import torch
from safetensors.torch import save_file

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
EPOCHS, LR, LAST_LR, DECAY, CLASSES, WIDTH = 40, 0.05, 0.001, 1e-2, 4, 6

centres = torch.randn(CLASSES, WIDTH)
# Not as many of each class: with equal numbers the first gradient of a bias is zero but for rounding, which Adam enlarges.
labels = (torch.arange(24) ** 2 // 3) % CLASSES
train = centres[labels] + torch.randn(24, WIDTH)
test_labels = torch.arange(12) % CLASSES
test = centres[test_labels] + torch.randn(12, WIDTH)

probe = torch.nn.Linear(WIDTH, CLASSES)
torch.nn.init.zeros_(probe.weight)
torch.nn.init.zeros_(probe.bias)
adam = torch.optim.Adam(probe.parameters(), lr=LR, weight_decay=DECAY)
schedule = torch.optim.lr_scheduler.ExponentialLR(adam, (LAST_LR / LR) ** (1 / EPOCHS))
for _ in range(EPOCHS):
    adam.zero_grad()
    torch.nn.functional.cross_entropy(probe(train), labels).backward()
    adam.step()
    schedule.step()

number = lambda value: torch.tensor([float(value)])
save_file(
    {
        "train.features": train.float(),
        "train.labels": labels,
        "test.features": test.float(),
        "test.labels": test_labels,
        "epochs": number(EPOCHS),
        "lr": number(LR),
        "last_lr": number(LAST_LR),
        "weight_decay": number(DECAY),
        "logits": probe(test).detach(),
    },
    "case.safetensors",
)
