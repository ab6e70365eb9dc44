"""What PyTorch's clip_grad_norm_ leaves of gradients: of all tensors together, and of each by itself.

Needs Python 3.11 with torch==2.11.0 safetensors. Run it in its own folder.
"""

import torch
from safetensors.torch import save_file
from torch.nn.utils import clip_grad_norm_

torch.manual_seed(0)
gradients = [torch.randn(8, 5) * 0.3, torch.randn(4, 3, 3, 3), torch.randn(5) * 0.01, torch.zeros(4)]
case = {f"gradient.{i}": g for i, g in enumerate(gradients)}


def variables():
    made = [torch.zeros_like(g).requires_grad_() for g in gradients]
    for variable, gradient in zip(made, gradients):
        variable.grad = gradient.clone()
    return made


for norm in (0.5, 5.0, 50.0):
    together, alone = variables(), variables()
    case["norm"] = clip_grad_norm_(together, norm)
    for variable in alone:
        clip_grad_norm_([variable], norm)
    for i, (one, other) in enumerate(zip(together, alone)):
        case[f"all.{norm}.{i}"], case[f"tensor.{norm}.{i}"] = one.grad, other.grad
save_file(case, "case.safetensors")
