"""LiDAR (arXiv 2312.04000, section 3.2) and the spectrum of covariances, in NumPy.

Writes case.safetensors: embeddings [views, n, d] of images and their LiDAR, and the variance of each principal component
of the first view, as fractions of all.
Run with NumPy: python generate.py
"""

import numpy as np
from safetensors.numpy import save_file

DELTA, EPSILON = 1e-4, 1e-7
rng = np.random.default_rng(4)


def lidar(views):
    means = views.mean(0)
    centred = means - means.mean(0)
    between = centred.T @ centred / len(means)
    rest = (views - means).reshape(-1, views.shape[-1])
    within = rest.T @ rest / len(rest) + DELTA * np.eye(views.shape[-1])
    values, vectors = np.linalg.eigh(within)
    whitening = vectors @ np.diag(values**-0.5) @ vectors.T
    ratios = np.clip(np.linalg.eigvalsh(whitening @ between @ whitening), 0, None)
    p = ratios / ratios.sum() + EPSILON
    return np.exp(-(p * np.log(p)).sum())


arrays = {}
for name, views, n, d, used in [("two", 2, 60, 8, 8), ("five", 5, 40, 12, 3)]:
    images = rng.normal(size=(n, used)) @ rng.normal(size=(used, d))
    z = (images + 0.3 * rng.normal(size=(views, n, d))).astype(np.float32)
    variances = np.linalg.eigvalsh(np.cov(z[0].astype(np.float64).T))[::-1]
    arrays[f"{name}.z"] = z
    arrays[f"{name}.lidar"] = np.array([lidar(z.astype(np.float64))])
    arrays[f"{name}.spectrum"] = variances / variances.sum()
save_file(arrays, "case.safetensors")
