"""lightly's weighted k-NN on random features: the classes it predicts, best first.

Needs Python 3.11 with torch==2.11.0 lightly==1.6.0 safetensors. Run it in its own folder.
"""

import torch
from lightly.utils.benchmarking import knn_predict
from safetensors.torch import save_file

torch.manual_seed(0)
centres = torch.randn(6, 16)
labels = torch.randint(6, (300,))
bank = centres[labels] + 1.5 * torch.randn(300, 16)
queries = centres[torch.randint(6, (50,))] + 1.5 * torch.randn(50, 16)
unit = torch.nn.functional.normalize
case = {"bank": bank, "labels": labels, "queries": queries}
for name, k, temperature in (("20", 20, 0.1), ("200", 200, 0.1), ("5", 5, 0.05)):
    predicted = knn_predict(unit(queries), unit(bank).T, labels, 6, k, temperature)
    case[f"first.{name}"] = predicted[:, 0].contiguous()
save_file(case, "case.safetensors")
