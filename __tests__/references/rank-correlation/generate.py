"""Writes values.json: Spearman's correlation with ties, and BCa bootstrap intervals of a mean, by SciPy.

Run: pip install numpy==2.4.6 scipy==1.17.1, then python generate.py > values.json
"""

import json

import numpy as np
import scipy
from scipy.stats import bootstrap, rankdata, spearmanr

g = np.random.default_rng(0)
pairs = []
for size, levels in [(5, 3), (8, 4), (12, 100), (40, 6), (200, 1000)]:
    a, b = g.integers(0, levels, size), g.integers(0, levels, size)
    b = np.where(g.random(size) < 0.5, a, b)
    pairs.append({"a": a.tolist(), "b": b.tolist(), "ranks": rankdata(a).tolist(), "spearman": float(spearmanr(a, b).statistic)})
means = []
for size, draw in [(12, lambda: g.normal(0, 1, 12)), (25, lambda: g.exponential(1, 25)), (40, lambda: np.tanh(g.normal(1, 0.6, 40)))]:
    values = np.round(draw(), 4)
    found = bootstrap((values,), np.mean, confidence_level=0.9, n_resamples=200000, method="BCa", rng=np.random.default_rng(1)).confidence_interval
    means.append({"values": values.tolist(), "low": float(found.low), "high": float(found.high)})
print(json.dumps({"numpy": np.__version__, "scipy": scipy.__version__, "pairs": pairs, "means": means}))
