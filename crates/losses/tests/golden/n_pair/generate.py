"""Golden cases of the N-pair loss (Sohn 2016, section 3.2), as printed: ln(1 + sum of exp of differences).

Needs Python 3.11 with torch==2.11.0 safetensors. Run it in its own folder. lightly 1.6 has no such loss.
"""

import sys

import torch

sys.path.append("..")
from record import Cases, views


def n_pair(anchor, positive, l2):
    n = len(anchor)
    terms = []
    for i in range(n):
        gaps = [anchor[i] @ positive[j] - anchor[i] @ positive[i] for j in range(n) if j != i]
        terms.append(torch.log1p(torch.stack(gaps).exp().sum()) if gaps else anchor.new_zeros(()))
    return torch.stack(terms).mean() + l2 * torch.cat([anchor, positive]).square().sum(1).mean()


cases = Cases()
for name, n, d, l2, scale in (("small", 5, 8, 0.02, 1.0), ("usual", 37, 16, 0.0, 0.5), ("long", 20, 12, 0.002, 3.0), ("one", 1, 4, 0.1, 1.0)):
    anchor, positive = views(n, d, 1.0, scale)
    cases.add(name, n_pair, {"anchor": anchor, "positive": positive}, l2=l2)
cases.save()
