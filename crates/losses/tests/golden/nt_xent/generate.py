"""Golden cases of NT-Xent: value and gradients in fp64, written out from the paper's equation 1.

Needs Python 3.11 with torch==2.11.0 lightly==1.6.0 safetensors. Run it in its own folder; it also asserts that
lightly's loss agrees.
"""

import torch
from lightly.loss import NTXentLoss
from safetensors.torch import save_file

torch.manual_seed(0)


def nt_xent(z1, z2, temperature):
    """The mean over all 2n anchors of -log softmax at the positive, the anchor itself left out."""
    z = torch.nn.functional.normalize(torch.cat([z1, z2]), dim=1)
    similarity = z @ z.T / temperature
    similarity.fill_diagonal_(-torch.inf)
    n = len(z1)
    positives = torch.arange(2 * n).roll(n)
    return torch.nn.functional.cross_entropy(similarity, positives)


case = {}
for name, n, d, temperature, noise in (
    ("small", 5, 8, 0.5, 1.0),
    ("usual", 37, 16, 0.1, 1.5),
    ("cold", 24, 12, 0.01, 2.0),
    ("one", 1, 4, 0.2, 1.0),
):
    z1 = torch.randn(n, d, dtype=torch.float64)
    z2 = (z1 + noise * torch.randn(n, d, dtype=torch.float64)).float().double()
    z1 = z1.float().double()
    z1.requires_grad_(), z2.requires_grad_()
    loss = nt_xent(z1, z2, temperature)
    assert n == 1 or loss > 0.1, (name, loss)
    loss.backward()
    assert abs(NTXentLoss(temperature)(z1, z2).item() - loss.item()) < 1e-6
    case |= {f"{name}.z1": z1.detach().float(), f"{name}.z2": z2.detach().float(), f"{name}.loss": loss.detach()}
    case |= {f"{name}.grad1": z1.grad, f"{name}.grad2": z2.grad}
    case[f"{name}.temperature"] = torch.tensor(temperature, dtype=torch.float64)
save_file(case, "case.safetensors")
