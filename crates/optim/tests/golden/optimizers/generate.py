"""Twenty steps of PyTorch's SGD and AdamW and of lightly's LARS, on given gradients and changing rates.

Needs Python 3.11 with torch==2.11.0 lightly==1.6.0 safetensors. Run it in its own folder.
"""

import torch
from lightly.utils.lars import LARS
from lightly.utils.scheduler import CosineWarmupScheduler
from safetensors.torch import save_file

torch.manual_seed(0)
STEPS = 20
weights = [torch.randn(8, 5), torch.randn(4, 3, 3, 3) * 0.1, torch.zeros(6, 2)]
rest = [torch.randn(5), torch.ones(4)]
gradients = [[torch.randn_like(v) * 0.3 for v in weights + rest] for _ in range(STEPS)]
case = {f"start.{i}": v for i, v in enumerate(weights + rest)}
case |= {f"gradient.{step}.{i}": g for step, gs in enumerate(gradients) for i, g in enumerate(gs)}


def run(name, make):
    """Group 0 is decayed, group 1 (biases, norms) is not; the rate falls from step to step."""
    variables = [v.clone().requires_grad_() for v in weights + rest]
    decayed, plain = variables[: len(weights)], variables[len(weights) :]
    optimizer = make([{"params": decayed}, {"params": plain, "weight_decay": 0.0}])
    base = [group["lr"] for group in optimizer.param_groups]
    for step in range(STEPS):
        for group, lr in zip(optimizer.param_groups, base):
            group["lr"] = lr * (1 - step / STEPS)
        for i, v in enumerate(variables):
            # The last weight has no gradient at first, as a frozen layer has none.
            v.grad = None if i == 2 and step < 5 else gradients[step][i].clone()
        optimizer.step()
        for i, v in enumerate(variables):
            if step in (0, 4, STEPS - 1):
                case[f"{name}.{step}.{i}"] = v.detach().clone()


run("sgd", lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=5e-4, foreach=False))
run("nesterov", lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True, foreach=False))
run("adamw", lambda p: torch.optim.AdamW(p, lr=3e-3, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.05, foreach=False))
run("lars", lambda p: LARS(p, lr=2.4, momentum=0.9, weight_decay=1e-2, trust_coefficient=0.001))

optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
schedule = CosineWarmupScheduler(optimizer, warmup_epochs=7, max_epochs=50, end_value=0.1)
case["cosine"] = torch.tensor([schedule.scale_lr(step) for step in range(50)], dtype=torch.float64)

# MultiStepLR after a linear warm-up of five steps, as torchvision's reference scripts join them.
lone = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
warmup = torch.optim.lr_scheduler.LinearLR(lone, start_factor=1 / 5, total_iters=4)
steps = torch.optim.lr_scheduler.MultiStepLR(lone, milestones=[20 - 5, 30 - 5, 31 - 5], gamma=0.2)
joined = torch.optim.lr_scheduler.SequentialLR(lone, [warmup, steps], milestones=[5])
rates = []
for _ in range(40):
    rates.append(lone.param_groups[0]["lr"])
    lone.step()
    joined.step()
case["multistep"] = torch.tensor(rates, dtype=torch.float64)
save_file(case, "case.safetensors")
