"""Golden cases of InfoNCE: against a queue (arXiv 1911.05722, eq. 1) and against the keys of the batch (2104.02057).

Needs Python 3.11 with torch==2.11.0 lightly==1.6.0 safetensors. Run it in its own folder; it also asserts that
lightly's NT-Xent with a memory bank agrees with the first. lightly has none of the second.
"""

import sys

import torch
from lightly.loss import NTXentLoss

sys.path.append("..")
from record import Cases, agree, unit, views

cross_entropy = torch.nn.functional.cross_entropy


def info_nce(query, key, negatives, temperature):
    query, key, negatives = unit(query), unit(key), unit(negatives)
    logits = torch.cat([(query * key).sum(1, keepdim=True), query @ negatives.T], 1) / temperature
    return cross_entropy(logits, torch.zeros(len(query), dtype=torch.int64))


def info_nce_batch(query, key, temperature):
    return cross_entropy(unit(query) @ unit(key).T / temperature, torch.arange(len(query)))


cases = Cases()
for name, n, d, k, temperature, noise in (
    ("small", 5, 8, 3, 0.5, 1.0),
    ("usual", 37, 16, 61, 0.1, 1.5),
    ("cold", 24, 12, 40, 0.01, 2.0),
    ("one", 1, 4, 5, 0.2, 1.0),
):
    query, key = views(n, d, noise)
    negatives = torch.randn(k, d, dtype=torch.float64)
    leaves = {"query": query, "key": key, "negatives": negatives}
    leaves, loss = cases.add(f"queue.{name}", info_nce, leaves, temperature=temperature)
    theirs = NTXentLoss(temperature, memory_bank_size=(k, d)).double()
    theirs.memory_bank.bank = unit(leaves["negatives"])
    agree(loss, theirs(leaves["query"], leaves["key"]))
    if n > 1:
        cases.add(f"batch.{name}", info_nce_batch, {"query": query, "key": key}, temperature=temperature)
cases.save()
