"""Golden cases of CPC's loss (arXiv 1807.03748, equation 4, on the grids of arXiv 1905.09272), cell by cell in fp64.

Needs Python 3.11 with torch==2.11.0 safetensors. Run it in its own folder. No library has this loss by itself.
"""

import sys

import torch

sys.path.append("..")
from record import Cases


def cpc(predictions, targets, scale, groups=None):
    n, rows, columns, _ = targets.shape
    ahead = rows - predictions.shape[1]
    terms = []
    for i in range(n):
        left = [j for j in range(n) if j == i or groups is None or groups[j] != groups[i]]
        for r in range(rows - ahead):
            for c in range(columns):
                score = lambda cell: scale * predictions[i, r, c] @ cell
                wrong_or_right = [score(targets[j, s, t]) for j in left for s in range(rows) for t in range(columns)]
                right = score(targets[i, r + ahead, c])
                terms.append(torch.logsumexp(torch.stack(wrong_or_right), 0) - right)
    return torch.stack(terms).mean()


cases = Cases()
for name, n, rows, columns, ahead, d, scale in (
    ("usual", 4, 5, 5, 2, 8, 0.1),
    ("far", 3, 6, 2, 5, 6, 1.0),
    ("groups", 6, 3, 4, 1, 8, 0.3),
):
    targets = 2 * torch.randn(n, rows, columns, d, dtype=torch.float64)
    predictions = targets[:, ahead:] + torch.randn(n, rows - ahead, columns, d, dtype=torch.float64)
    given = {"groups": torch.tensor([0, 1, 0, 2, 1, 0])} if name == "groups" else {}
    cases.add(name, cpc, {"predictions": predictions, "targets": targets}, scale=scale, **given)
cases.save()
