"""Golden cases of the contrastive loss with a margin (Hadsell et al. 2006, eq. 4), as loops over pairs.

Needs Python 3.11 with torch==2.11.0 safetensors. Run it in its own folder. lightly 1.6 has no such loss.
"""

import sys

import torch

sys.path.append("..")
from record import Cases, views


def contrastive(pairs, margin):
    """The mean over similar pairs plus the mean over dissimilar ones."""
    similar, dissimilar = [], []
    for a, b, alike in pairs:
        distance = (a - b).norm()
        if alike:
            similar.append(distance**2 / 2)
        else:
            dissimilar.append((margin - distance).clamp(min=0) ** 2 / 2)
    return sum(torch.stack(terms).mean() for terms in (similar, dissimilar) if terms)


def margin_contrastive(z1, z2, margin):
    n = len(z1)
    return contrastive([(z1[i], z2[j], i == j) for i in range(n) for j in range(n)], margin)


def contrastive_labelled(z, labels, margin):
    n = len(z)
    pairs = [(z[i], z[j], bool(labels[i] == labels[j])) for i in range(n) for j in range(n) if i != j]
    return contrastive(pairs, margin)


cases = Cases()
# Distances of such rows are about scale times the root of twice d: the margins lie among them.
for name, n, d, margin, scale in (("small", 5, 8, 1.5, 0.4), ("usual", 37, 16, 1.0, 0.2), ("far", 20, 12, 40.0, 8.0), ("one", 1, 4, 1.0, 1.0)):
    z1, z2 = views(n, d, 0.7, scale)
    # Far from the origin, where squared lengths are large beside squared distances.
    cases.add(f"pairs.{name}", margin_contrastive, {"z1": z1 + 1, "z2": z2 + 1}, margin=margin)
    if n > 1:
        cases.add(f"labelled.{name}", contrastive_labelled, {"z": z1}, labels=torch.arange(n) % 3, margin=margin)
cases.save()
