"""Makes every golden case anew with the libraries that it came from, and says how far it is from the committed one.

Needs Python 3.11 with torch==2.11.0 torchvision==0.26.0 lightly==1.6.0 timm==1.0.31 kornia==0.9.0 scikit-learn==1.9.1 scikit-image==0.26.0 scipy==1.17.1 safetensors==0.8.0 onnx==1.23.2 onnxruntime==1.32.0.

Prints a line of JSON a case: crate, case, how many tensors and values, the largest difference as a fraction of the largest
value of its tensor, and the tensor. Works on a copy: nothing in the checkout changes.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file

ROOT = Path(__file__).resolve().parents[2]


def difference(found, expected):
    """The largest difference over the largest value expected; 1 where shapes differ."""
    if found.shape != expected.shape:
        return 1.0
    found, expected = found.double(), expected.double()
    if torch.equal(found.nan_to_num(), expected.nan_to_num()) and torch.equal(found.isnan(), expected.isnan()):
        return 0.0
    scale = expected.abs().max().item() or 1.0
    return ((found - expected).abs().max() / scale).item()


def compared(made, committed):
    """What is said of a case: both files, tensor by tensor."""
    found, expected = load_file(made), load_file(committed)
    if found.keys() != expected.keys():
        only = sorted(found.keys() ^ expected.keys())
        return {"problem": f"only one of both has {', '.join(only[:3])}"}
    worst = max(expected, key=lambda name: difference(found[name], expected[name]))
    return {
        "tensors": len(expected),
        "values": sum(tensor.numel() for tensor in expected.values()),
        "difference": difference(found[worst], expected[worst]),
        "worst": worst,
    }


def main():
    found = sorted(ROOT.glob("crates/*/tests/golden/**/generate.py"))
    scripts = [script for script in found if script.with_name("case.safetensors").exists()]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for golden in sorted(ROOT.glob("crates/*/tests/golden")):
            shutil.copytree(golden, copy / golden.relative_to(ROOT))
        for script in scripts:
            own = script.parent.relative_to(ROOT)
            ended = subprocess.run(
                [sys.executable, "generate.py"], cwd=copy / own, capture_output=True, text=True, check=False
            )
            case = {"crate": own.parts[1], "case": own.name}
            if ended.returncode != 0:
                lines = ended.stderr.strip().splitlines() or ["it said nothing"]
                case["problem"] = f"generate.py ended with {ended.returncode}: {lines[-1]}"
            else:
                case |= compared(copy / own / "case.safetensors", script.parent / "case.safetensors")
            print(json.dumps(case), flush=True)


main()
