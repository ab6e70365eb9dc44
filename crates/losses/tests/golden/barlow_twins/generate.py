"""Golden cases of Barlow Twins (arXiv 2103.03230, algorithm 1), entry by entry of the cross-correlation.

Needs Python 3.11 with torch==2.11.0 lightly==1.6.0 safetensors. Run it in its own folder; it also asserts that
lightly's loss agrees. The printed algorithm divides variances by n - 1 and adds nothing to them; the authors' program,
lightly, and these cases are a batch norm: n, and 1e-5 added.
"""

import sys

import torch
from lightly.loss import BarlowTwinsLoss

sys.path.append("..")
from record import Cases, agree, views


def barlow_twins(z1, z2, lambda_):
    n, d = z1.shape
    z1, z2 = ((z - z.mean(0)) / (z.var(0, unbiased=False) + 1e-5).sqrt() for z in (z1, z2))
    loss = 0
    for i in range(d):
        for j in range(d):
            c = (z1[:, i] * z2[:, j]).sum() / n
            loss = loss + ((c - 1) ** 2 if i == j else lambda_ * c**2)
    return loss


cases = Cases()
for name, n, d, lambda_, noise in (("small", 5, 4, 5e-3, 1.0), ("usual", 37, 16, 5e-3, 1.0), ("wide", 9, 24, 0.5, 0.3), ("three", 3, 6, 0.1, 1.0)):
    z1, z2 = views(n, d, noise, 2.0)
    leaves, loss = cases.add(name, barlow_twins, {"z1": z1 + 1, "z2": z2 - 1}, lambda_=lambda_)
    agree(loss, BarlowTwinsLoss(lambda_)(leaves["z1"], leaves["z2"]))
cases.save()
