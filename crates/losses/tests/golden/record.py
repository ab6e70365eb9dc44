"""What every generate.py beside this does with a case: inputs rounded to fp32, value and gradients in fp64."""

import torch
from safetensors.torch import save_file


class Cases:
    """Golden cases under their names, saved as case.safetensors in the working folder."""

    def __init__(self):
        torch.manual_seed(0)
        self.tensors = {}

    def add(self, name, loss_of, leaves, **given):
        """Records `loss_of(**leaves, **given)` and its gradients; gives back the leaves and the value."""
        leaves = {key: value.float().double().requires_grad_() for key, value in leaves.items()}
        loss = loss_of(**leaves, **given)
        assert abs(loss.item()) > 0.1, (name, loss)
        loss.backward()
        self.tensors[f"{name}.loss"] = loss.detach()
        for key, value in leaves.items():
            self.tensors[f"{name}.{key}"] = value.detach().float()
            self.tensors[f"{name}.grad.{key}"] = value.grad
        for key, value in given.items():
            # Numbers too are read as tensors; labels and slots stay i64.
            value = torch.as_tensor(value, dtype=None if torch.is_tensor(value) else torch.float64)
            self.tensors[f"{name}.{key}"] = value.float() if value.is_floating_point() and value.dim() else value
        return {key: value.detach() for key, value in leaves.items()}, loss.detach()

    def save(self):
        save_file({key: value.clone().contiguous() for key, value in self.tensors.items()}, "case.safetensors")


def views(n, d, noise, scale=1.0):
    """Two views of n images: the second is the first with noise on it."""
    z1 = scale * torch.randn(n, d, dtype=torch.float64)
    return z1, z1 + scale * noise * torch.randn(n, d, dtype=torch.float64)


def unit(z):
    """Rows of length one."""
    return torch.nn.functional.normalize(z, dim=-1)


def agree(ours, theirs):
    """Asserts that another library's value is the one recorded."""
    assert abs(float(theirs) - float(ours)) < 1e-6 * max(1, abs(float(ours))), (float(ours), float(theirs))
