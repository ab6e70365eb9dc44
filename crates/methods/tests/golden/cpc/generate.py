"""CPC v2 as a whole (arXiv 1905.09272, section 3 and appendix A.2) on small images: the loss and its gradients in fp64.

Needs Python 3.11 with torch==2.11.0 torchvision==0.26.0 safetensors. Run it in its own folder. The weights are not
stored: both sides fill every tensor by the same rule from its place in the alphabet of names (`fill`), so the case stays
small.
"""

import math

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F
from torchvision.models.resnet import BasicBlock, ResNet

WIDTH, PATCH, STRIDE, VALUES, HIDDEN, BLOCKS, DISTANCES, SCALE = 4, 8, 4, 6, 10, 2, (1, 2), 0.3
DIRECTIONS = {"down": 0, "up": 2, "right": 3, "left": 1}


def fill(place, shape, middle=1):
    i = torch.arange(math.prod(shape), dtype=torch.float64).reshape(shape)
    wave = torch.sin(i * 0.7391 + place * 1.37 + torch.sin(i * 0.0113))
    return wave * math.sqrt(4 / math.prod(shape[1:])) if len(shape) > 1 else middle + 0.3 * wave


def network():
    """torchvision's ResNet-18 of this width with group norm of one group, a stem for small images, no classifier."""
    model = ResNet(BasicBlock, [2, 2, 2, 2], norm_layer=lambda channels: nn.GroupNorm(1, channels))
    model.inplanes = WIDTH
    model.conv1, model.bn1 = nn.Conv2d(3, WIDTH, 3, 1, 1, bias=False), nn.GroupNorm(1, WIDTH)
    model.maxpool, model.fc = nn.Identity(), nn.Identity()
    for stage, stride in enumerate((1, 2, 2, 2)):
        setattr(model, f"layer{stage + 1}", model._make_layer(BasicBlock, WIDTH << stage, 2, stride))
    return model


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(width, HIDDEN, 1)
        self.conv2 = nn.Conv2d(HIDDEN, HIDDEN, (1, 3), padding=(0, 1))
        self.conv3 = nn.Conv2d(HIDDEN, HIDDEN, (2, 1))
        self.conv4 = nn.Conv2d(HIDDEN, width, 1)

    def forward(self, x):
        y = self.conv2(F.relu(self.conv1(x)))
        return x + self.conv4(F.relu(self.conv3(F.pad(y, (0, 0, 1, 0)))))


class Context(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.blocks = nn.Sequential(*[Block(width) for _ in range(BLOCKS)])

    def forward(self, x):
        return F.relu(self.blocks(x))


class Direction(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.context = Context(width)
        self.weights = nn.ModuleDict({str(k): nn.Linear(width, VALUES, bias=False) for k in DISTANCES})


class Cpc(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = network()
        width = 8 * WIDTH
        self.projection = nn.Linear(width, VALUES, bias=False)
        for name in DIRECTIONS:
            setattr(self, name, Direction(width))

    def grid(self, images):
        side = (images.shape[-1] - PATCH) // STRIDE + 1
        rows = []
        for y in range(side):
            row = [images[:, :, y * STRIDE:][:, :, :PATCH, x * STRIDE:x * STRIDE + PATCH] for x in range(side)]
            rows.append(torch.stack([self.encoder(patch) for patch in row], -1))
        return torch.stack(rows, -2)

    def forward(self, images):
        grid = self.grid(images)
        losses = {}
        for name, turns in DIRECTIONS.items():
            # Quarter turns bring the direction down; mirrored, so that rows stay in the order of a transposed grid.
            turned = torch.rot90(grid, turns, (2, 3))
            if name in ("up", "right"):
                turned = turned.flip(3)
            own = getattr(self, name)
            context = own.context(turned)
            cells = self.projection(turned.permute(0, 2, 3, 1))
            n, rows, columns, d = cells.shape
            for k in DISTANCES:
                terms = []
                for i in range(n):
                    for r in range(rows - k):
                        for c in range(columns):
                            predicted = SCALE * own.weights[str(k)](context[i, :, r, c])
                            label = (i * rows + r + k) * columns + c
                            logits = cells.reshape(-1, d) @ predicted
                            terms.append(torch.logsumexp(logits, 0) - logits[label])
                losses[f"{name}_{k}"] = torch.stack(terms).mean()
        return losses, grid.mean((2, 3))


model = Cpc().double()
state = sorted(model.state_dict().items())
model.load_state_dict({key: fill(place, value.shape, 0 if key.endswith("bias") else 1) for place, (key, value) in enumerate(state)})
images = (fill(99, (3, 3, 20, 20)) * 20).float()
losses, h = model(images.double())
loss = torch.stack(list(losses.values())).mean()
loss.backward()
case = {"images": images, "loss": loss.detach(), "h": h.detach()}
case.update({f"loss.{key}": value.detach() for key, value in losses.items()})
case.update({f"gradient.{key}": value.grad.norm() for key, value in model.named_parameters()})
for key in ("encoder.conv1.weight", "projection.weight", "left.weights.2.weight", "right.context.blocks.0.conv3.weight"):
    case[f"gradient_of.{key}"] = dict(model.named_parameters())[key].grad
save_file({key: value.contiguous().clone() for key, value in case.items()}, "case.safetensors")
