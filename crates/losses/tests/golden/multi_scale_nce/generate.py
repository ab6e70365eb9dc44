"""Golden cases of AMDIM's loss (arXiv 1906.00910, equations 2 to 5), row by row and cell by cell in fp64.

Needs Python 3.11 with torch==2.11.0 safetensors. Run it in its own folder. No library has this loss by itself.
"""

import sys

import torch

sys.path.append("..")
from record import Cases


def multi_scale_nce(source, cells, clip, regulariser, groups=None):
    n, l, d = cells.shape
    raw = lambda i, j, m: source[i] @ cells[j, m] / d**0.5
    clipped = lambda s: clip * torch.tanh(s / clip)
    terms, squares = [], []
    for i in range(n):
        squares += [raw(i, j, m) ** 2 for j in range(n) for m in range(l)]
        others = [j for j in range(n) if j != i and (groups is None or groups[j] != groups[i])]
        wrong = sum(torch.exp(clipped(raw(i, j, m))) for j in others for m in range(l))
        for m in range(l):
            right = torch.exp(clipped(raw(i, i, m)))
            terms.append(-torch.log(right / (right + wrong)))
    return torch.stack(terms).mean() + regulariser * torch.stack(squares).mean()


cases = Cases()
for name, n, l, d, scale, clip, regulariser in (
    ("usual", 6, 9, 16, 1.0, 20.0, 0.05),
    ("clipped", 5, 4, 8, 6.0, 10.0, 0.01),
    ("vectors", 7, 1, 12, 1.5, 20.0, 0.0),
    ("groups", 6, 4, 8, 1.0, 20.0, 0.05),
):
    source = scale * torch.randn(n, d, dtype=torch.float64)
    cells = source.unsqueeze(1) * 0.5 + scale * torch.randn(n, l, d, dtype=torch.float64)
    given = {"groups": torch.tensor([0, 1, 0, 2, 1, 0])} if name == "groups" else {}
    cases.add(name, multi_scale_nce, {"source": source, "cells": cells}, clip=clip, regulariser=regulariser, **given)
cases.save()
