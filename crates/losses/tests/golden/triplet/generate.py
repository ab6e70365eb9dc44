"""Golden cases of the triplet losses, as loops over anchors, positives and negatives.

Needs Python 3.11 with torch==2.11.0 safetensors. Run it in its own folder. lightly 1.6 has no such loss; PyTorch's
TripletMarginLoss, which takes its negatives as given, is asserted to agree where there is one negative.
"""

import sys

import torch

sys.path.append("..")
from record import Cases, agree, unit, views


def scores(a, b, similarity):
    """The higher, the more alike."""
    if similarity == "dot":
        return unit(a) @ unit(b).T
    return -torch.stack([torch.stack([(x - y).norm() for y in b]) for x in a])


def mined(positive, negatives, mining):
    """The negatives of a pair of anchor and positive that count."""
    if mining == "semi_hard":
        negatives = negatives[negatives < positive]
    return negatives if mining == "none" else negatives.sort().values[-1:]


def triplet_margin(anchor, positive, margin, similarity, mining):
    n = len(anchor)
    to_all = scores(anchor, torch.cat([positive, anchor]), similarity)
    terms = []
    for i in range(n):
        others = [j for j in range(2 * n) if j % n != i]
        negatives = mined(to_all[i, i], to_all[i, others], mining)
        gaps = (negatives - to_all[i, i] + margin).clamp(min=0)
        terms += list(gaps) if len(gaps) else [to_all.new_zeros(())]
    return torch.stack(terms).mean()


def triplet_labelled(z, labels, margin, similarity, mining):
    n = len(z)
    to_all = scores(z, z, similarity)
    terms = []
    for i in range(n):
        positives = to_all[i, [j for j in range(n) if labels[j] == labels[i] and j != i]]
        negatives = to_all[i, [j for j in range(n) if labels[j] != labels[i]]]
        if len(positives) == 0 or len(negatives) == 0:
            continue
        for positive in [positives.min()] if mining == "batch_hard" else positives:
            gaps = (mined(positive, negatives, mining) - positive + margin).clamp(min=0)
            terms += list(gaps) if len(gaps) else [to_all.new_zeros(())]
    return torch.stack(terms).mean()


cases = Cases()
for name, n, d, classes in (("small", 4, 6, 2), ("usual", 21, 12, 5)):
    z1, z2 = views(n, d, 1.0, 0.5)
    labels = torch.arange(n) % classes
    if name == "usual":
        # One class of a single image: no positive for it.
        labels[labels == 0] = 1
        labels[0] = 0
    for similarity, margin in (("dot", 0.6), ("euclidean", 1.2)):
        for mining in ("none", "semi_hard", "batch_hard"):
            kind = {"similarity": similarity, "mining": mining}
            key = f"{name}.{similarity}.{mining}"
            of = lambda anchor, positive, margin: triplet_margin(anchor, positive, margin, **kind)
            cases.add(f"pairs.{key}", of, {"anchor": z1, "positive": z2}, margin=margin)
            of = lambda z, labels, margin: triplet_labelled(z, labels, margin, **kind)
            cases.add(f"labelled.{key}", of, {"z": z1}, labels=labels, margin=margin)
z = torch.randn(3, 5, dtype=torch.float64)
theirs = torch.nn.TripletMarginLoss(margin=2.0, eps=0)(z[:1], z[1:2], z[2:])
agree(triplet_labelled(z, torch.tensor([0, 0, 1]), 2.0, "euclidean", "none") * 2 - theirs,
      torch.nn.TripletMarginLoss(margin=2.0, eps=0)(z[1:2], z[:1], z[2:]))
cases.save()
