"""Golden cases of alignment and uniformity (arXiv 2005.10242, eq. 2 and 3).

Needs Python 3.11 with torch==2.11.0 lightly==1.6.0 safetensors. Run it in its own folder; it also asserts that
lightly's HypersphereLoss is the sum of both with its weights.
"""

import sys

import torch
from lightly.loss.hypersphere_loss import HypersphereLoss

sys.path.append("..")
from record import Cases, agree, unit, views


def alignment(z1, z2, alpha):
    return (unit(z1) - unit(z2)).norm(dim=1).pow(alpha).mean()


def uniformity(z1, t):
    z = unit(z1)
    n = len(z)
    kernel = [torch.exp(-t * (z[i] - z[j]).square().sum()) for i in range(n) for j in range(n) if i != j]
    return torch.stack(kernel).mean().log()


cases = Cases()
for name, n, d, alpha, t, noise in (("small", 5, 8, 2.0, 2.0, 1.0), ("usual", 37, 16, 1.0, 1.0, 1.0), ("steep", 20, 12, 3.0, 10.0, 1.5), ("two", 2, 4, 2.0, 2.0, 1.0)):
    z1, z2 = views(n, d, noise)
    leaves, aligned = cases.add(f"alignment.{name}", alignment, {"z1": z1, "z2": z2}, alpha=alpha)
    spread = [cases.add(f"uniformity.{name}", uniformity, {"z1": z}, t=t)[1] for z in (z2, z1)]
    agree(aligned + sum(spread) / 2, HypersphereLoss(t, 1.0, alpha)(leaves["z1"], leaves["z2"]))
cases.save()
