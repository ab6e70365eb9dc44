"""Maps averaged over square grids by torch, among them grids whose cells overlap.

Needs Python 3.11 with torch==2.11.0 safetensors. Run it in its own folder.
"""

import torch
from safetensors.torch import save_file

torch.manual_seed(0)
maps = torch.randn(3, 5, 16, 16)
case = {"maps": maps}
for side in (1, 3, 5, 11):
    case[f"grid.{side}"] = torch.nn.functional.adaptive_avg_pool2d(maps, side)
save_file(case, "case.safetensors")
