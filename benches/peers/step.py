"""A SimCLR training step in PyTorch with lightly's loss, without any data loading, in images per second.

The same network, head, batch, precision and optimizer as `cargo run --bin step`.
Needs Python 3.11 with torch==2.11.0 lightly==1.6.0.
"""

import argparse
import json
import os
import statistics
import time

import torch
from lightly.loss import NTXentLoss
from torch import nn

WARM_UP = 3


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut (He et al. 2016, arXiv 1512.03385)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = torch.relu_(self.bn1(self.conv1(x)))
        return torch.relu_(self.bn2(self.conv2(y)) + self.shortcut(x))


def network(width):
    """ResNet-18 with the CIFAR stem and a head of two layers."""
    layers = [nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    inputs = width
    for stage in range(4):
        for index in range(2):
            outputs, stride = width << stage, 2 if stage > 0 and index == 0 else 1
            layers.append(Block(inputs, outputs, stride))
            inputs = outputs
    head = [nn.Linear(8 * width, 8 * width), nn.ReLU(), nn.Linear(8 * width, 128)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), *head)


def measure(arguments, channels_last, compiled):
    """Median images per second over the steps after the warm-up."""
    torch.manual_seed(0)
    form = torch.channels_last if channels_last else torch.contiguous_format
    model = network(arguments.width).to(arguments.device, memory_format=form)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.06, momentum=0.9, weight_decay=5e-4)
    forward = torch.compile(model) if compiled else model
    loss_of = NTXentLoss(0.5)
    n = arguments.batch
    views = torch.randn(2 * n, 3, 32, 32, device=arguments.device).to(memory_format=form)
    seconds = []
    for _ in range(WARM_UP + arguments.steps):
        start = time.perf_counter()
        optimizer.zero_grad()
        with torch.autocast(arguments.device, dtype=torch.bfloat16, enabled=not arguments.fp32):
            z = forward(views)
        loss = loss_of(z[:n].float(), z[n:].float())
        loss.backward()
        optimizer.step()
        loss.item()  # waits for the device
        seconds.append(time.perf_counter() - start)
    return n / statistics.median(seconds[WARM_UP:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=64, help="images of a step; each has two views")
    parser.add_argument("--steps", type=int, default=10, help="steps that are measured")
    parser.add_argument("--width", type=int, default=64, help="channels of the network's first stage")
    parser.add_argument("--fp32", action="store_true", help="32-bit numbers instead of bf16")
    parser.add_argument("--cuda", dest="device", action="store_const", const="cuda", default="cpu")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: one a core")
    parser.add_argument("--compile", action="store_true", help="measure torch.compile too, which takes a minute")
    parser.add_argument("--json", action="store_true", help="print the figures as lines of JSON too")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.backends.cudnn.benchmark = True
    kind = "fp32" if arguments.fp32 else "bf16"
    ways = [(False, False), (True, False)] + ([(True, True)] if arguments.compile else [])
    for channels_last, compiled in ways:
        speed = measure(arguments, channels_last, compiled)
        form = "channels-last" if channels_last else "contiguous"
        how = "compiled" if compiled else "eager"
        print(
            f"torch+lightly batch={arguments.batch} width={arguments.width} {kind} {form} {how} "
            f"threads={arguments.threads}: {speed:.1f} images/s, no data loading (median of {arguments.steps} steps)",
            flush=True,
        )
        if arguments.json:
            name = f"step, batch {arguments.batch}, width {arguments.width}, {kind}"
            peer = f"PyTorch and lightly, {form}, {how}, no data loading"
            print(json.dumps({"name": name, "peer": peer, "value": speed, "unit": "images/s"}), flush=True)


if __name__ == "__main__":
    main()
