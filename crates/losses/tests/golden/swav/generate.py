"""Golden cases of Sinkhorn-Knopp codes and of their swapped prediction (arXiv 2006.09882, eq. 2).

Needs Python 3.11 with torch==2.11.0 lightly==1.6.0 safetensors. Run it in its own folder; it also asserts that
lightly's codes agree, and that its loss is the mean of both swaps.
"""

import sys

import torch
from lightly.loss import SwaVLoss
from lightly.loss.swav_loss import sinkhorn as lightly_sinkhorn

sys.path.append("..")
from record import Cases, agree, unit, views


def sinkhorn(scores, epsilon, iterations):
    codes = torch.exp(scores / epsilon)
    for _ in range(iterations):
        codes = codes / codes.sum(0)
        codes = codes / codes.sum(1, keepdim=True)
    return codes


def swapped_prediction(scores, codes, temperature):
    predicted = torch.softmax(scores / temperature, 1)
    return -(codes * predicted.log()).sum() / len(scores)


cases = Cases()
for name, n, d, k, epsilon, iterations, temperature in (
    ("small", 6, 8, 4, 0.05, 3, 0.1),
    ("usual", 40, 16, 12, 0.05, 3, 0.1),
    ("many", 20, 16, 50, 0.1, 10, 0.5),
    ("one", 1, 8, 5, 0.05, 1, 0.1),
):
    prototypes = unit(torch.randn(k, d, dtype=torch.float64))
    first, second = (unit(z) @ prototypes.T for z in views(n, d, 0.5))
    first, second = first.float().double(), second.float().double()
    codes = sinkhorn(second, epsilon, iterations)
    assert torch.allclose(codes, lightly_sinkhorn(second, iterations, epsilon), atol=1e-12)
    cases.tensors |= {f"{name}.other": second.float(), f"{name}.assigned": codes}
    cases.tensors |= {f"{name}.epsilon": torch.tensor(epsilon), f"{name}.iterations": torch.tensor(iterations)}
    # The loss is given codes in fp32, so they are rounded before.
    codes = codes.float().double()
    leaves, loss = cases.add(name, swapped_prediction, {"scores": first}, codes=codes, temperature=temperature)
    swap = swapped_prediction(second, sinkhorn(first, epsilon, iterations), temperature)
    both = SwaVLoss(temperature, iterations, epsilon)([first, second], [])
    assert abs(float(both) - float(loss + swap) / 2) < 1e-6
cases.save()
