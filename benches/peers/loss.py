"""lightly's losses, forward and backward: value, gradient norm, seconds, extra memory.

The same inputs as `cargo run --bin loss`, so values and gradients have to agree.
Needs Python 3.11 with torch==2.11.0 lightly==1.6.0.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import warnings

import torch
from lightly.loss import (
    BarlowTwinsLoss,
    DCLLoss,
    DCLWLoss,
    DINOLoss,
    NegativeCosineSimilarity,
    NTXentLoss,
    SwaVLoss,
    VICRegLoss,
)
from lightly.loss.hypersphere_loss import HypersphereLoss
from torch.nn.functional import normalize

QUEUE = 16_384
PROTOTYPES = 3000
ENOUGH = 3.0

# lightly's DCLW wraps its weights in torch.tensor, about which PyTorch complains.
warnings.simplefilter("ignore")


def two_views(loss):
    """A loss of the embeddings of two views."""

    def prepared(z1, z2):
        leaves = [z1.requires_grad_(), z2.requires_grad_()]
        return leaves, lambda: loss(*leaves)

    return prepared


def queue(z1, z2):
    """MoCo's: against a bank of keys, which keeps its first content for the value that is printed."""
    loss = NTXentLoss(0.1, memory_bank_size=(QUEUE, z1.shape[1]))
    loss.memory_bank.bank = normalize(torch.randn(QUEUE, z1.shape[1]), dim=1)
    return [z1.requires_grad_()], lambda: loss(z1, z2)


def of_scores(loss):
    """A loss of the products of embeddings with prototypes."""

    def prepared(z1, z2):
        prototypes = normalize(torch.randn(PROTOTYPES, z1.shape[1]), dim=1)
        leaves = [(normalize(z, dim=1) @ prototypes.T).requires_grad_() for z in (z1, z2)]
        return leaves, lambda: loss(leaves)

    return prepared


def dino():
    """The centre stays where it begins, at zero."""
    loss = DINOLoss(PROTOTYPES, student_temp=0.1, center_momentum=1.0)
    return of_scores(lambda scores: loss([s.detach() for s in scores], scores, teacher_temp=0.04))


# What is measured, and whether it compares all pairs, so that its memory is shown.
SUBJECTS = {
    "nt_xent": (two_views(NTXentLoss(0.1)), True),
    "info_nce": (queue, True),
    "dcl": (two_views(DCLLoss(0.1)), True),
    "dclw": (two_views(DCLWLoss(0.1, 0.5)), True),
    "alignment and uniformity": (two_views(HypersphereLoss(1.0, 1.0, 2.0)), True),
    "barlow_twins": (two_views(BarlowTwinsLoss(5e-3)), False),
    "vicreg": (two_views(VICRegLoss()), False),
    "negative_cosine": (two_views(NegativeCosineSimilarity()), False),
    "swav": (of_scores(lambda scores: SwaVLoss(0.1, 3, 0.05)(scores, [])), False),
    "dino": (dino(), False),
}


def peak_kib():
    """The most memory that this process has held; what `resource` says begins with that of the parent."""
    with open("/proc/self/status") as status:
        return int(next(line for line in status if line.startswith("VmHWM:")).split()[1])


def measure(name, arguments):
    prepared, pairwise = SUBJECTS[name]
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    leaves, loss_of = prepared(*(torch.randn(arguments.pairs, 128) for _ in range(2)))

    def evaluated():
        for leaf in leaves:
            leaf.grad = None
        loss = loss_of()
        loss.backward()
        return loss.item(), leaves[0].grad.norm().item()

    before = peak_kib()
    # The first call takes memory and chooses kernels, and is not timed.
    value, gradient = evaluated()
    seconds = []
    while sum(seconds) < ENOUGH:
        start = time.perf_counter()
        evaluated()
        seconds.append(time.perf_counter() - start)
    seconds = statistics.median_high(seconds)
    extra = (peak_kib() - before) / 1024
    print(
        f"lightly  {name} pairs={arguments.pairs} loss={value:.6f} gradient={gradient:.6e} "
        f"{seconds:.4f} s +{extra:.0f} MB",
        flush=True,
    )
    if arguments.json:
        figures = [("", seconds, "s"), (", value", value, "result"), (", gradient", gradient, "result")]
        figures += [(", memory", extra, "MB more")] if pairwise else []
        for of, figure, unit in figures:
            line = {"name": f"{name}, {arguments.pairs} pairs{of}", "peer": "lightly", "value": figure, "unit": unit}
            print(json.dumps(line), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=int, nargs="?", default=4096)
    parser.add_argument("--only", choices=SUBJECTS, metavar="LOSS", help="default: all, each in a process of its own")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: one a core")
    parser.add_argument("--json", action="store_true", help="print the figures as lines of JSON too")
    arguments = parser.parse_args()
    if arguments.only:
        measure(arguments.only, arguments)
        return
    # The peak memory of a process never falls, so one process can measure one loss.
    for name in SUBJECTS:
        subprocess.run([sys.executable, *sys.argv, "--only", name], check=True)


if __name__ == "__main__":
    main()
