"""lightly's NT-Xent, forward and backward: value, gradient norm, seconds, extra memory.

The same embeddings as `cargo run --bin loss`, so value and gradient have to agree.
Needs Python 3.11 with torch==2.11.0 lightly==1.6.0.
"""

import argparse
import json
import os
import resource
import time

import torch
from lightly.loss import NTXentLoss


def peak_kib():
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=int, nargs="?", default=2048)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: one a core")
    parser.add_argument("--json", action="store_true", help="print the figures as lines of JSON too")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    z1, z2 = (torch.randn(arguments.pairs, 128, requires_grad=True) for _ in range(2))
    before = peak_kib()
    # Twice: the first call takes memory and chooses kernels.
    for _ in range(2):
        z1.grad = z2.grad = None
        start = time.perf_counter()
        loss = NTXentLoss(0.1)(z1, z2)
        loss.backward()
        seconds = time.perf_counter() - start
    extra = (peak_kib() - before) / 1024
    print(
        f"lightly  pairs={arguments.pairs} loss={loss.item():.6f} gradient={z1.grad.norm().item():.6e} "
        f"{seconds:.2f} s +{extra:.0f} MB"
    )
    if arguments.json:
        name = f"nt_xent, {arguments.pairs} pairs"
        print(json.dumps({"name": name, "peer": "lightly", "value": seconds, "unit": "s"}))
        print(json.dumps({"name": f"{name}, memory", "peer": "lightly", "value": extra, "unit": "MB more"}))


if __name__ == "__main__":
    main()
