"""Golden cases of MAE's loss (arXiv 2111.06377, section 3), patch by patch in fp64, and beside transformers' model.

Needs Python 3.11 with torch==2.11.0 transformers==5.24.0 safetensors. Run it in its own folder.
"""

import sys

import torch
from transformers import ViTMAEConfig, ViTMAEForPreTraining

sys.path.append("..")
from record import Cases, agree


def masked_mse(predictions, patches, hidden, normalise):
    total, count = 0.0, 0
    for of_image, own, mask in zip(predictions, patches.double(), hidden):
        for found, target, is_hidden in zip(of_image, own, mask):
            if is_hidden == 1:
                if normalise:
                    m = len(target)
                    variance = ((target - target.sum() / m) ** 2).sum() / (m - 1)
                    target = (target - target.sum() / m) / torch.sqrt(variance + 1e-6)
                total, count = total + ((found - target) ** 2).sum() / len(target), count + 1
    return total / count


def transformers(predictions, patches, hidden, normalise):
    """The loss that the model puts together itself, where its decoder gives these predictions."""
    side = int(patches.shape[1] ** 0.5)
    patch = int((patches.shape[2] / 3) ** 0.5)
    config = ViTMAEConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, image_size=side * patch, patch_size=patch,
        decoder_hidden_size=8, decoder_num_hidden_layers=1, decoder_num_attention_heads=2, decoder_intermediate_size=8,
        norm_pix_loss=bool(normalise), mask_ratio=float(hidden[0].mean()) - 1e-6,
    )
    model = ViTMAEForPreTraining(config).double()
    plain = model.decoder.forward

    def forward(*args, **kwargs):
        output = plain(*args, **kwargs)
        output.logits = predictions
        return output

    model.decoder.forward = forward
    output = model(model.unpatchify(patches.double()), noise=hidden.double())
    assert (output.mask == hidden).all()
    return output.loss


cases = Cases()
for name, n, side, patch, hide, scale, normalise in (
    ("plain", 3, 3, 2, 6, 1.0, 0),
    ("normalised", 3, 3, 2, 6, 1.0, 1),
    ("flat", 2, 4, 2, 12, 1.0, 1),
    ("large", 2, 2, 4, 1, 20.0, 0),
):
    l, m = side * side, 3 * patch * patch
    patches = (scale * torch.randn(n, l, m, dtype=torch.float64)).float()
    if name == "flat":
        # Patches of one colour, whose variance is 0, and of nearly one.
        patches[:, 0] = 0.3
        patches[:, 1] = 0.3 + 1e-3 * patches[:, 1]
    hidden = torch.zeros(n, l)
    for row in hidden:
        row[torch.randperm(l)[:hide]] = 1
    predictions = 0.5 * patches.double() + scale * torch.randn(n, l, m, dtype=torch.float64)
    leaves, value = cases.add(name, masked_mse, {"predictions": predictions}, patches=patches, hidden=hidden, normalise=normalise)
    agree(value, transformers(leaves["predictions"], patches, hidden, normalise))
cases.save()
