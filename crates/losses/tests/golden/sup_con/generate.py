"""Golden cases of the supervised contrastive loss, arXiv 2004.11362, eq. 2, as loops over anchors and positives.

Needs Python 3.11 with torch==2.11.0 lightly==1.6.0 safetensors. Run it in its own folder. lightly 1.6 has no such loss;
without a label twice and with two views it is NT-Xent, and that is asserted of lightly's.
"""

import sys

import torch
from lightly.loss import NTXentLoss

sys.path.append("..")
from record import Cases, agree, unit


def sup_con(z, labels, temperature):
    labels = labels.repeat(len(z))
    z = unit(z.flatten(0, 1))
    logits = z @ z.T / temperature
    terms = []
    for anchor in range(len(z)):
        others = [other for other in range(len(z)) if other != anchor]
        positives = [other for other in others if labels[other] == labels[anchor]]
        if positives:
            terms.append(torch.logsumexp(logits[anchor, others], 0) - logits[anchor, positives].mean())
    return torch.stack(terms).mean()


cases = Cases()
for name, views, n, d, classes, temperature in (
    ("small", 2, 5, 8, 3, 0.5),
    ("usual", 2, 19, 16, 4, 0.1),
    ("cold", 3, 9, 12, 3, 0.01),
    ("single", 1, 12, 8, 5, 0.2),
    ("unlabelled", 2, 12, 8, 0, 0.2),
):
    z = torch.randn(classes or n, d, dtype=torch.float64)
    # In "single" the last image's label is its own, so it has no positive.
    labels = torch.arange(n) % max(classes - 1, 1) if classes else torch.arange(n)
    labels[-1] = max(classes - 1, 0) if classes else n - 1
    z = z[labels] + 1.2 * torch.randn(views, n, d, dtype=torch.float64)
    leaves, loss = cases.add(name, sup_con, {"z": z}, labels=labels, temperature=temperature)
    if name == "unlabelled":
        agree(loss, NTXentLoss(temperature)(*leaves["z"]))
cases.save()
