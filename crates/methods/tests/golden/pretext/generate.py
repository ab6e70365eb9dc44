"""Golden cases of how pretext tasks judge their outputs: losses, their gradients, and how many answers are right.

Needs Python 3.11 with torch==2.11.0 safetensors. Run it in its own folder.
"""

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(0)
case = {}


def put(name, loss, inputs, **others):
    """Inputs, the loss, and its gradient by each input."""
    gradients = torch.autograd.grad(loss, list(inputs.values()))
    for (key, value), gradient in zip(inputs.items(), gradients):
        case[f"{name}.{key}"], case[f"{name}.{key}.grad"] = value.detach().clone(), gradient.clone()
    case[f"{name}.loss"] = loss.detach().clone()
    for key, value in others.items():
        case[f"{name}.{key}"] = value.clone()


def leaf(*size):
    return (3 * torch.randn(*size)).requires_grad_()


def right(logits, targets):
    return (logits.argmax(-1) == targets).float().mean()


# Rotation: six images at all four angles, angle after angle.
logits = leaf(4, 6, 4)
targets = torch.arange(4).repeat_interleave(6)
flat = logits.reshape(24, 4)
put("rotation", F.cross_entropy(flat, targets), {"logits": logits}, accuracy=right(flat, targets))

# Jigsaw: which of six permutations of four tiles, and which tile is at each place; the second loss counts half.
orders = torch.tensor([[0, 1, 2, 3], [1, 0, 3, 2], [2, 3, 0, 1], [3, 2, 1, 0], [1, 2, 3, 0], [3, 0, 1, 2]])
targets = torch.tensor([2, 0, 5, 3, 3, 1])
logits, places = leaf(6, 6), leaf(6, 16)
of_places = F.cross_entropy(places.reshape(24, 4), orders[targets].reshape(24))
whole = F.cross_entropy(logits, targets) + 0.5 * of_places
put(
    "jigsaw",
    whole,
    {"logits": logits, "places": places},
    orders=orders,
    targets=targets,
    positions=of_places.detach(),
    accuracy=right(logits, targets),
    placed=right(places.reshape(24, 4), orders[targets].reshape(24)),
)

# Relative patches: the middle tile's embedding beside that of each of the eight around it, row by row, and a linear
# classifier of both.
z, weight = leaf(3, 9, 5), torch.randn(8, 10)
pairs = torch.stack([torch.cat([image[4], image[around]]) for image in z for around in (0, 1, 2, 3, 5, 6, 7, 8)])
targets = torch.arange(8).repeat(3)
logits = pairs @ weight.T
put("relative_patch", F.cross_entropy(logits, targets), {"z": z}, weight=weight, accuracy=right(logits, targets))

# Exemplars: two views of the images 4, 1, 7 and 2 of ten.
logits = leaf(2, 4, 10)
targets = torch.tensor([4, 1, 7, 2]).repeat(2)
flat = logits.reshape(8, 10)
put("exemplar", F.cross_entropy(flat, targets), {"logits": logits}, accuracy=right(flat, targets))

# Autoencoders: both losses of a batch of images.
images = torch.randn(1, 4, 3, 5, 5)
for kind, loss in (("mse", F.mse_loss), ("l1", F.l1_loss)):
    found = leaf(1, 4, 3, 5, 5)
    put(f"autoencoder.{kind}", loss(found, images), {"found": found}, images=images)

save_file({name: tensor.contiguous() for name, tensor in case.items()}, "case.safetensors")
