"""lightly's SimCLR projection heads, with and without batch norm, in both modes, with gradients.

Needs Python 3.11 with torch==2.11.0 lightly==1.6.0 safetensors. Run it in its own folder.
"""

import torch
from lightly.models.modules.heads import SimCLRProjectionHead
from safetensors.torch import save_file

torch.manual_seed(0)
case = {"h": torch.randn(6, 10)}
for name, layers, batch_norm in (("mlp2", 2, False), ("mlp2_bn", 2, True), ("mlp3_bn", 3, True)):
    head = SimCLRProjectionHead(10, 12, 7, num_layers=layers, batch_norm=batch_norm)
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter, 0.2, 0.5)
    case |= {f"{name}.state.{k}": v.clone() for k, v in head.state_dict().items() if "batches" not in k}
    h = case["h"].clone().requires_grad_()
    z = head.eval()(h)
    case[f"{name}.eval"] = z.detach().clone()
    z = head.train()(h)
    (z * torch.linspace(-1, 1, z.numel()).reshape(z.shape)).sum().backward()
    case[f"{name}.train"] = z.detach()
    case[f"{name}.gradient"] = h.grad
save_file({k: v.contiguous() for k, v in case.items()}, "case.safetensors")
