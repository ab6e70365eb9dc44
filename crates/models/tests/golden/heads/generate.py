"""lightly's heads of SimCLR, BYOL, SimSiam and DINO, in both modes, with gradients; DINO's with its prototypes too.

Needs Python 3.11 with torch==2.11.0 lightly==1.6.0 safetensors. Run it in its own folder.
"""

import torch
from lightly.models.modules.heads import (
    BYOLProjectionHead,
    DINOProjectionHead,
    SimCLRProjectionHead,
    SimSiamProjectionHead,
)
from safetensors.torch import save_file

torch.manual_seed(0)
case = {"h": torch.randn(6, 10)}
heads = {
    "mlp2": SimCLRProjectionHead(10, 12, 7, num_layers=2, batch_norm=False),
    "mlp2_bn": SimCLRProjectionHead(10, 12, 7, num_layers=2, batch_norm=True),
    "mlp3_bn": SimCLRProjectionHead(10, 12, 7, num_layers=3, batch_norm=True),
    "byol": BYOLProjectionHead(10, 12, 7),
    "simsiam": SimSiamProjectionHead(10, 12, 7),
    "dino": DINOProjectionHead(10, 12, 7, 9, batch_norm=True),
}
for name, head in heads.items():
    for parameter in head.parameters():
        if parameter.requires_grad:
            torch.nn.init.normal_(parameter, 0.2, 0.5)
    parts = {k: v.clone() for k, v in head.state_dict().items() if "batches" not in k and "last_layer" not in k}
    # lightly gives every linear layer of DINO a bias; before batch norm it changes nothing, and ours has none there.
    normed = [int(k.split(".")[1]) for k in parts if k.endswith("running_mean")]
    parts = {k: v for k, v in parts.items() if k not in [f"layers.{i - 1}.bias" for i in normed]}
    case |= {f"{name}.state.{k}": v for k, v in parts.items()}
    # The head proper; DINO's prototypes stand apart.
    for mode in ("eval", "train"):
        h = case["h"].clone().requires_grad_()
        z = head.train(mode == "train").layers(h)
        case[f"{name}.{mode}"] = z.detach().clone()
    (z * torch.linspace(-1, 1, z.numel()).reshape(z.shape)).sum().backward()
    case[f"{name}.gradient"] = h.grad
    if name == "dino":
        h = case["h"].clone().requires_grad_()
        scores = head(h)
        (scores * torch.linspace(-1, 1, scores.numel()).reshape(scores.shape)).sum().backward()
        case |= {"prototypes.weight": head.last_layer.weight_v.detach(), "prototypes.scores": scores.detach()}
        case |= {"prototypes.gradient": h.grad, "prototypes.gradient_weight": head.last_layer.weight_v.grad}
save_file({k: v.contiguous() for k, v in case.items()}, "case.safetensors")
