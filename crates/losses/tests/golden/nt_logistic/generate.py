"""Golden cases of NT-Logistic (arXiv 2002.05709, table 2), as a loop over anchors.

Needs Python 3.11 with torch==2.11.0 safetensors. Run it in its own folder. lightly 1.6 has no such loss.
"""

import sys

import torch

sys.path.append("..")
from record import Cases, unit, views

log_sigmoid = torch.nn.functional.logsigmoid


def nt_logistic(z1, z2, temperature, mining):
    n = len(z1)
    z = unit(torch.cat([z1, z2]))
    logits = z @ z.T / temperature
    terms = []
    for i in range(2 * n):
        positive = logits[i, (i + n) % (2 * n)]
        negatives = logits[i, [j for j in range(2 * n) if j % n != i % n]]
        if mining == "semi_hard":
            negatives = negatives[negatives < positive]
        if mining != "none":
            negatives = negatives.sort().values[-1:]
        terms.append(-log_sigmoid(positive) - (log_sigmoid(-negatives).mean() if len(negatives) else 0))
    return torch.stack(terms).mean()


cases = Cases()
for name, n, d, temperature, noise in (("small", 5, 8, 0.5, 1.0), ("usual", 37, 16, 0.1, 1.5), ("cold", 24, 12, 0.01, 2.0)):
    z1, z2 = views(n, d, noise)
    for mining in ("none", "semi_hard", "batch_hard"):
        of = lambda z1, z2, temperature: nt_logistic(z1, z2, temperature, mining)
        cases.add(f"{name}.{mining}", of, {"z1": z1, "z2": z2}, temperature=temperature)
cases.save()
