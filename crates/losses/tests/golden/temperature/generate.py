"""Golden cases of a learned temperature: each loss of it as the whole matrix gives it, with the scale's gradient.

Needs Python 3.11 with torch==2.11.0 safetensors. Run it in its own folder. The scale is CLIP's `logit_scale` (Radford et
al. 2021, arXiv 2103.00020, figure 3), the logarithm of what similarities are multiplied by.
"""

import math
import sys

import torch

sys.path.append("..")
from record import Cases, unit, views

cross_entropy = torch.nn.functional.cross_entropy


def clip(images, texts, log_scale):
    logits = log_scale.exp() * unit(images) @ unit(texts).T
    own = torch.arange(len(images))
    return (cross_entropy(logits, own) + cross_entropy(logits.T, own)) / 2


def info_nce(query, key, negatives, log_scale):
    query, key, negatives = unit(query), unit(key), unit(negatives)
    logits = torch.cat([(query * key).sum(1, keepdim=True), query @ negatives.T], 1) * log_scale.exp()
    return cross_entropy(logits, torch.zeros(len(query), dtype=torch.int64))


def pairwise(z1, z2, log_scale):
    z = unit(torch.cat([z1, z2]))
    logits = log_scale.exp() * z @ z.T
    return logits.masked_fill(torch.eye(len(z), dtype=torch.bool), -math.inf)


def nt_xent(z1, z2, log_scale):
    n = len(z1)
    return cross_entropy(pairwise(z1, z2, log_scale), torch.arange(2 * n).roll(n))


def sup_con(z1, z2, log_scale, labels):
    logits = pairwise(z1, z2, log_scale)
    labels = labels.repeat(2)
    alike = (labels[:, None] == labels) & ~torch.eye(len(labels), dtype=torch.bool)
    log_probability = (logits - logits.logsumexp(1, keepdim=True)).masked_fill(~alike, 0.0)
    return -(log_probability.sum(1) / alike.sum(1)).mean()


def dcl(z1, z2, log_scale):
    n = len(z1)
    logits = pairwise(z1, z2, log_scale)
    own = torch.arange(2 * n).roll(n)[:, None]
    positives = logits.gather(1, own).squeeze(1)
    return (logits.scatter(1, own, -math.inf).logsumexp(1) - positives).mean()


cases = Cases()
for name, n, d, temperature in (("small", 5, 8, 0.5), ("usual", 37, 16, 0.07)):
    z1, z2 = views(n, d, 1.0)
    pair = {"z1": z1, "z2": z2, "log_scale": torch.tensor(-math.log(temperature), dtype=torch.float64)}
    cases.add(f"nt_xent.{name}", nt_xent, pair)
    cases.add(f"sup_con.{name}", sup_con, pair, labels=torch.arange(n) % 3)
    cases.add(f"dcl.{name}", dcl, pair)
    towers = {"images": z1, "texts": z2, "log_scale": pair["log_scale"]}
    cases.add(f"clip.{name}", clip, towers)
    negatives = torch.randn(2 * n, d, dtype=torch.float64)
    queue = {"query": z1, "key": z2, "negatives": negatives, "log_scale": pair["log_scale"]}
    cases.add(f"info_nce.{name}", info_nce, queue)
cases.save()
