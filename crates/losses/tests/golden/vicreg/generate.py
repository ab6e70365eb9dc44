"""Golden cases of VICReg (arXiv 2105.04906, algorithm 1), written out by dimensions.

Needs Python 3.11 with torch==2.11.0 lightly==1.6.0 safetensors. Run it in its own folder; it also asserts that
lightly's loss agrees.
"""

import sys

import torch
from lightly.loss import VICRegLoss

sys.path.append("..")
from record import Cases, agree, views


def vicreg(z1, z2, invariance, variance, covariance):
    n, d = z1.shape
    loss = invariance * (z1 - z2).square().sum() / (n * d)
    for z in (z1, z2):
        z = z - z.mean(0)
        c = z.T @ z / (n - 1)
        for i in range(d):
            loss = loss + variance * torch.relu(1 - (c[i, i] + 1e-4).sqrt()) / d / 2
            for j in range(d):
                loss = loss + (covariance * c[i, j] ** 2 / d if i != j else 0)
    return loss


cases = Cases()
for name, n, d, weights, scale in (
    ("small", 5, 4, (25.0, 25.0, 1.0), 1.0),
    ("usual", 37, 16, (25.0, 25.0, 1.0), 0.7),
    ("wide", 9, 24, (1.0, 2.0, 3.0), 0.5),
    ("two", 2, 6, (25.0, 25.0, 1.0), 1.0),
):
    z1, z2 = views(n, d, 0.5, scale)
    weights = dict(zip(("invariance", "variance", "covariance"), weights))
    leaves, loss = cases.add(name, vicreg, {"z1": z1 + 1, "z2": z2 + 1}, **weights)
    agree(loss, VICRegLoss(*weights.values())(leaves["z1"], leaves["z2"]))
cases.save()
