"""Golden cases of losses whose images come in groups, row by row as they are defined: no other library has them.

Needs Python 3.11 with torch==2.11.0 safetensors. Run it in its own folder. It asserts that without images of one group the
values are those of the losses without groups, and that NT-Xent with the group as right answers is SupCon's L_out.
"""

import sys

import torch

sys.path.append("..")
from record import Cases, agree, unit, views

softplus = torch.nn.functional.softplus


def over(logits, right, candidates):
    """-ln of the softmax over the candidates, averaged over the right ones."""
    normaliser = logits[candidates].logsumexp(0)
    return (normaliser - logits[right]).mean()


def in_batch(rows, columns, groups, others, temperature, shift, itself):
    """Cross entropy of each row; its own right answer is `shift` columns on."""
    logits = rows @ columns.T / temperature
    m, terms = len(columns), []
    for i in range(len(rows)):
        own = (i + shift) % m
        alike = groups == groups[i]
        candidates, right = torch.ones(m, dtype=torch.bool), torch.zeros(m, dtype=torch.bool)
        right[own] = True
        if others == "ignored":
            candidates &= ~alike
            candidates[own] = True
        else:
            right |= alike
        if itself:
            candidates[i] = right[i] = False
        terms.append(over(logits[i], right, candidates))
    return torch.stack(terms).mean()


def nt_xent(z1, z2, groups, others, temperature):
    z = unit(torch.cat([z1, z2]))
    return in_batch(z, z, groups.repeat(2), others, temperature, len(z1), True)


def info_nce_batch(query, key, groups, others, temperature):
    return in_batch(unit(query), unit(key), groups, others, temperature, 0, False)


def info_nce(query, key, negatives, groups, of_negatives, others, temperature):
    query, key, negatives = unit(query), unit(key), unit(negatives)
    terms = []
    for i in range(len(query)):
        logits = torch.cat([(query[i] * key[i]).sum()[None], negatives @ query[i]]) / temperature
        alike = torch.cat([torch.tensor([False]), of_negatives == groups[i]])
        right = torch.arange(len(logits)) == 0
        candidates = ~alike if others == "ignored" else torch.ones_like(alike)
        terms.append(over(logits, right if others == "ignored" else right | alike, candidates))
    return torch.stack(terms).mean()


def negatives_of(groups, i):
    return groups.repeat(2) != groups.repeat(2)[i]


def dcl(z1, z2, groups, temperature, sigma=None):
    n, z = len(z1), unit(torch.cat([z1, z2]))
    weights = torch.ones(2 * n, dtype=torch.float64)
    if sigma is not None:
        agreement = ((z[:n] * z[n:]).sum(1) / sigma).softmax(0)
        weights = (2 - n * agreement).repeat(2).detach()
    logits = z @ z.T / temperature
    terms = []
    for i in range(2 * n):
        negatives = negatives_of(groups, i)
        if negatives.any():
            terms.append(logits[i][negatives].logsumexp(0) - weights[i] * logits[i, (i + n) % (2 * n)])
    return torch.stack(terms).sum() / (2 * n)


def triplet(z1, z2, groups, margin):
    anchor, columns = unit(z1), unit(torch.cat([z2, z1]))
    scores = anchor @ columns.T
    terms = []
    for i in range(len(z1)):
        negatives = negatives_of(groups, i)
        terms.append((scores[i][negatives] - scores[i, i] + margin).clamp(min=0).mean())
    return torch.stack(terms).mean()


def nt_logistic(z1, z2, groups, temperature):
    n, z = len(z1), unit(torch.cat([z1, z2]))
    logits = z @ z.T / temperature
    terms = []
    for i in range(2 * n):
        negatives = negatives_of(groups, i)
        terms.append(softplus(-logits[i, (i + n) % (2 * n)]) + softplus(logits[i][negatives]).mean())
    return torch.stack(terms).mean()


def nce(z, bank, slots, noise, groups, temperature, normaliser):
    shift = torch.log(torch.tensor(normaliser)) + torch.log(torch.tensor(noise.shape[1] / len(bank)))
    terms = []
    for i in range(len(z)):
        of_data = bank[slots[i]] @ z[i] / temperature - shift
        kept = groups[noise[i]] != groups[slots[i]]
        of_noise = bank[noise[i][kept]] @ z[i] / temperature - shift
        terms.append(softplus(-of_data) + softplus(of_noise).sum())
    return torch.stack(terms).mean()


def plain(z, temperature):
    """NT-Xent without groups."""
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return torch.nn.functional.cross_entropy(logits, torch.arange(len(z)).roll(len(z) // 2))


def sup_con(z, labels, temperature):
    """L_out of SupCon, from its equation."""
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    right = (labels[:, None] == labels[None]).fill_diagonal_(False)
    logs = logits.log_softmax(1).masked_fill(~right, 0)
    return -(logs.sum(1) / right.sum(1)).mean()


cases = Cases()
for name, n, d, kinds, temperature in (("small", 6, 8, 3, 0.5), ("usual", 37, 16, 12, 0.1), ("cold", 24, 12, 9, 0.02)):
    z1, z2 = views(n, d, 1.2)
    groups = torch.randint(kinds, (n,))
    pair = {"z1": z1, "z2": z2}
    for others in ("ignored", "positive"):
        cases.add(f"nt_xent.{others}.{name}", lambda others=others, **g: nt_xent(others=others, **g), pair,
                  groups=groups, temperature=temperature)
        keys = {"query": z1, "key": z2}
        cases.add(f"batch.{others}.{name}", lambda others=others, **g: info_nce_batch(others=others, **g), keys,
                  groups=groups, temperature=temperature)
        queue = {**keys, "negatives": torch.randn(3 * n, d, dtype=torch.float64)}
        cases.add(f"queue.{others}.{name}", lambda others=others, **g: info_nce(others=others, **g), queue,
                  groups=groups, of_negatives=torch.randint(-1, kinds, (3 * n,)), temperature=temperature)
        alone = torch.arange(n)
        agree(nt_xent(z1, z2, alone, others, temperature), plain(unit(torch.cat([z1, z2])), temperature))
    agree(nt_xent(z1, z2, groups, "positive", temperature), sup_con(unit(torch.cat([z1, z2])), groups.repeat(2), temperature))
    cases.add(f"dcl.{name}", dcl, pair, groups=groups, temperature=temperature)
    cases.add(f"dclw.{name}", dcl, pair, groups=groups, temperature=temperature, sigma=0.5)
    cases.add(f"triplet.{name}", triplet, pair, groups=groups, margin=0.9)
    cases.add(f"nt_logistic.{name}", nt_logistic, pair, groups=groups, temperature=temperature)
    images = 2 * n
    bank, slots = unit(torch.randn(images, d, dtype=torch.float64)).float().double(), torch.randperm(images)[:n]
    cases.add(f"nce.{name}", lambda z, **g: nce(z, **g), {"z": unit(z1)}, bank=bank, slots=slots,
              noise=torch.randint(images, (n, 11)), groups=torch.randint(kinds, (images,)), temperature=0.3, normaliser=25.0)
cases.save()
