"""Golden cases of the negative cosine similarity (arXiv 2011.10566, eq. 1).

Needs Python 3.11 with torch==2.11.0 lightly==1.6.0 safetensors. Run it in its own folder; it also asserts that
lightly's loss agrees.
"""

import sys

from lightly.loss import NegativeCosineSimilarity

sys.path.append("..")
from record import Cases, agree, views


def negative_cosine(p, z):
    return -((p * z).sum(1) / (p.norm(dim=1) * z.norm(dim=1))).mean()


cases = Cases()
for name, n, d, noise, scale in (("small", 5, 8, 1.0, 1.0), ("usual", 37, 16, 2.0, 30.0), ("short", 20, 12, 0.3, 1e-3), ("one", 1, 4, 1.0, 1.0)):
    p, z = views(n, d, noise, scale)
    leaves, loss = cases.add(name, negative_cosine, {"p": p, "z": z})
    agree(loss, NegativeCosineSimilarity()(leaves["p"], leaves["z"]))
cases.save()
