"""Golden cases of the decoupled contrastive losses, written out from arXiv 2110.06848, eq. 6.

Needs Python 3.11 with torch==2.11.0 lightly==1.6.0 safetensors. Run it in its own folder; it also asserts that
lightly's losses agree.
"""

import sys
import warnings

import torch
from lightly.loss import DCLLoss, DCLWLoss

sys.path.append("..")
from record import Cases, agree, unit, views

# lightly wraps its weights in torch.tensor, about which PyTorch complains.
warnings.simplefilter("ignore")


def dclw(z1, z2, temperature, sigma):
    z1, z2, n = unit(z1), unit(z2), len(z1)
    agreement = torch.softmax((z1 * z2).sum(1).detach() / sigma, 0)
    weights = 2 - n * agreement if sigma > 0 else torch.ones(n)
    others = ~torch.eye(n, dtype=torch.bool)
    losses = []
    for a, b in ((z1, z2), (z2, z1)):
        negatives = torch.cat([(a @ a.T)[others].view(n, -1), (a @ b.T)[others].view(n, -1)], 1)
        losses.append(torch.logsumexp(negatives / temperature, 1) - weights * (a * b).sum(1) / temperature)
    return torch.stack(losses).mean()


def dcl(z1, z2, temperature):
    return dclw(z1, z2, temperature, -1.0)


cases = Cases()
for name, n, d, temperature, noise in (
    ("small", 5, 8, 0.5, 1.0),
    ("usual", 37, 16, 0.1, 1.5),
    ("cold", 24, 12, 0.01, 2.0),
    ("two", 2, 4, 0.2, 2.0),
):
    z1, z2 = views(n, d, noise)
    leaves, loss = cases.add(f"dcl.{name}", dcl, {"z1": z1, "z2": z2}, temperature=temperature)
    agree(loss, DCLLoss(temperature)(leaves["z1"], leaves["z2"]))
    leaves, loss = cases.add(f"dclw.{name}", dclw, {"z1": z1, "z2": z2}, temperature=temperature, sigma=0.5)
    agree(loss, DCLWLoss(temperature, sigma=0.5)(leaves["z1"], leaves["z2"]))
cases.save()
