"""A CLIP training step in PyTorch with open_clip's model and loss, images in memory and texts as ids, in pairs per second.

The same shapes, batch, precision and optimizer as `cargo run --bin clip_step`.
Needs Python 3.11 with torch==2.11.0 open_clip_torch==3.3.0 timm==1.0.31.
"""

import argparse
import json
import os
import statistics
import time

import open_clip
import torch
from open_clip.loss import ClipLoss
from open_clip.model import CLIPTextCfg, CLIPVisionCfg
from timm.models import register_model
from timm.models.vision_transformer import VisionTransformer

WARM_UP = 3
VOCABULARY, LENGTH, DIMENSION, SIDE = 49_408, 32, 256, 32


@register_model
def vit_of_the_step(pretrained=False, num_classes=0, **_):
    model = VisionTransformer(
        img_size=SIDE, patch_size=4, embed_dim=192, depth=12, num_heads=3, num_classes=num_classes
    )
    model.default_cfg = {}
    return model


def measure(arguments):
    """Median pairs per second over the steps after the warm-up."""
    torch.manual_seed(0)
    vision = CLIPVisionCfg(timm_model_name="vit_of_the_step", timm_pool="token", timm_proj="linear", image_size=SIDE)
    text = CLIPTextCfg(context_length=LENGTH, vocab_size=VOCABULARY, width=256, heads=4, layers=6)
    model = open_clip.CLIP(DIMENSION, vision, text)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.2)
    loss_of = ClipLoss()
    n = arguments.batch
    images = torch.randn(n, 3, SIDE, SIDE)
    ids = torch.randint(1, VOCABULARY - 1, (n, LENGTH))
    ids[:, -1] = VOCABULARY - 1
    seconds = []
    for _ in range(WARM_UP + arguments.steps):
        start = time.perf_counter()
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=arguments.bf16):
            loss = loss_of(*model(images, ids))
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, 4.6052)
        loss.item()
        seconds.append(time.perf_counter() - start)
    return n / statistics.median(seconds[WARM_UP:])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=64, help="pairs of a step")
    parser.add_argument("--steps", type=int, default=7, help="steps that are measured")
    parser.add_argument("--bf16", action="store_true", help="bf16 instead of 32-bit numbers")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="default: one a core")
    parser.add_argument("--json", action="store_true", help="print the figure as a line of JSON too")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    kind = "bf16" if arguments.bf16 else "fp32"
    speed = measure(arguments)
    print(
        f"open_clip batch={arguments.batch} {kind} eager threads={arguments.threads}: {speed:.1f} pairs/s "
        f"(median of {arguments.steps} steps)",
        flush=True,
    )
    if arguments.json:
        name = f"clip step, batch {arguments.batch}, {kind}"
        print(json.dumps({"name": name, "peer": "open_clip, eager", "value": speed, "unit": "pairs/s"}), flush=True)


if __name__ == "__main__":
    main()
