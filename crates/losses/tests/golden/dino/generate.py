"""Golden cases of DINO (arXiv 2104.14294, algorithm 1), as loops over pairs of views.

Needs Python 3.11 with torch==2.11.0 lightly==1.6.0 safetensors. Run it in its own folder; it also asserts that
lightly's loss agrees.
"""

import sys

import torch
from lightly.loss import DINOLoss

sys.path.append("..")
from record import Cases, agree


def dino(student, teacher, centre, student_temperature, teacher_temperature):
    terms = []
    for t in range(len(teacher)):
        target = torch.softmax((teacher[t] - centre) / teacher_temperature, 1)
        for s in range(len(student)):
            if s != t:
                terms.append(-(target * torch.log_softmax(student[s] / student_temperature, 1)).sum(1).mean())
    return torch.stack(terms).mean()


cases = Cases()
for name, vs, vt, n, k, ts, tt in (
    ("two", 2, 2, 7, 12, 0.1, 0.04),
    ("crops", 6, 2, 5, 16, 0.1, 0.07),
    ("three", 3, 3, 4, 8, 0.2, 0.1),
    ("one", 2, 1, 1, 6, 0.1, 0.04),
):
    z = torch.randn(n, k, dtype=torch.float64)
    student = 0.3 * (z + torch.randn(vs, n, k, dtype=torch.float64))
    teacher = (0.3 * (z + 0.3 * torch.randn(vt, n, k, dtype=torch.float64))).float().double()
    centre = (0.1 * torch.randn(k, dtype=torch.float64)).float().double()
    given = {"teacher": teacher, "centre": centre, "student_temperature": ts, "teacher_temperature": tt}
    leaves, loss = cases.add(name, dino, {"student": student}, **given)
    theirs = DINOLoss(k, student_temp=ts)
    theirs.center = centre[None, None]
    agree(loss, theirs(list(teacher), list(leaves["student"]), teacher_temp=tt))
cases.save()
