"""Golden cases of noise-contrastive estimation against a memory bank (arXiv 1805.01978, eq. 4 to 8), as printed.

Needs Python 3.11 with torch==2.11.0 safetensors. Run it in its own folder. lightly 1.6 has no such loss.
"""

import sys

import torch

sys.path.append("..")
from record import Cases, unit


def nce(z, bank, slots, noise, temperature, normaliser):
    size, m = len(bank), noise.shape[1]
    terms = []
    for i in range(len(z)):
        probability = lambda slot: torch.exp(bank[slot] @ z[i] / temperature) / normaliser
        posterior = lambda slot: probability(slot) / (probability(slot) + m / size)
        against = sum(torch.log(1 - posterior(slot)) for slot in noise[i])
        terms.append(-torch.log(posterior(slots[i])) - against)
    return torch.stack(terms).mean()


cases = Cases()
for name, n, d, size, m, temperature in (("small", 5, 8, 20, 4, 0.5), ("usual", 16, 16, 50, 24, 0.07), ("one", 1, 4, 9, 3, 0.2)):
    bank = unit(torch.randn(size, d, dtype=torch.float64)).float().double()
    slots = torch.randperm(size)[:n]
    z = unit(bank[slots] + 0.5 * torch.randn(n, d, dtype=torch.float64))
    noise = torch.randint(size, (n, m))
    products = torch.stack([bank[noise[i]] @ z[i].float().double() for i in range(n)])
    normaliser = float(size * torch.exp(products / temperature).mean())
    given = {"bank": bank, "slots": slots, "noise": noise, "temperature": temperature, "normaliser": normaliser}
    cases.add(name, nce, {"z": z}, **given)
cases.save()
