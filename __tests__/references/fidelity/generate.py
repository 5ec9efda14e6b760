"""Writes values.json: fidelity metrics and the statistics under them by SciPy, scikit-learn and NumPy.

Run: pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1, then python generate.py > values.json

Infidelity: the best scale by numpy.linalg.lstsq. ERASER: the plain mean over shares of jayded/eraserbenchmark
(rationale_benchmark/metrics.py, _instances_aopc), on an enumerated game. Areas: numpy.trapezoid.
"""

import json
from math import ceil

import numpy as np
import scipy
import sklearn
from scipy.stats import binomtest, kendalltau, spearmanr, t, ttest_1samp
from sklearn.metrics import roc_auc_score

g = np.random.default_rng(4)

kendalls = []
for size, levels in [(5, 3), (12, 5), (30, 4), (48, 1000)]:
    a = g.integers(0, levels, size)
    b = np.where(g.random(size) < 0.5, a, g.integers(0, levels, size))
    kendalls.append({"a": a.tolist(), "b": b.tolist(), "tau": float(kendalltau(a, b, variant="b").statistic)})

areas = []
for size, levels in [(6, 3), (16, 100), (40, 7)]:
    scores, positive = g.integers(0, levels, size), g.random(size) < 0.6
    positive[:2] = [True, False]
    areas.append({"scores": scores.tolist(), "positive": positive.tolist(), "area": float(roc_auc_score(positive, scores))})

mcnemar = [
    {"top": top, "random": rand, "p": float(binomtest(top, top + rand, 0.5, alternative="greater").pvalue)}
    for top, rand in [(1, 0), (5, 1), (9, 2), (3, 7), (14, 14), (30, 11)]
]

students = [{"p": p, "freedom": f, "t": float(t.ppf(p, f))} for f in [1, 2, 5, 17.5, 200] for p in [0.05, 0.5, 0.9, 0.95, 0.999]]
sample = np.round(g.exponential(1, 9), 4)
interval = ttest_1samp(sample, 0).confidence_interval(0.9)

games = []
for spans in [4, 7, 12]:
    weights = g.normal(0, 1, spans)
    pairs = {(i, j): g.normal() for i in range(spans) for j in range(i) if g.random() < 0.3}

    def value(mask):
        return float(mask @ weights + sum(w * mask[i] * mask[j] for (i, j), w in pairs.items()))

    psi = weights + g.normal(0, 0.5, spans)
    masks = (g.random((20, spans)) < 0.5).astype(int)
    values = np.array([value(m) for m in masks])
    full = value(np.ones(spans, int))
    order = np.argsort(-psi, kind="stable")

    def without(count):
        mask = np.ones(spans, int)
        mask[order[:count]] = 0
        return mask

    counts = [ceil(share * spans - 1e-9) for share in [0.01, 0.05, 0.1, 0.2, 0.5]]
    perturbed = (1 - masks) @ psi
    drops = full - values
    (scale,), *_ = np.linalg.lstsq(perturbed[:, None], drops, rcond=None)
    steps = min(spans, 10)
    grid = [int(np.floor(step * spans / steps + 0.5)) for step in range(steps + 1)]
    share = np.array(grid) / spans
    deletion = np.trapezoid([value(without(count)) for count in grid], share)
    insertion = np.trapezoid([value(1 - without(count)) for count in grid], share)
    games.append(
        {
            "psi": psi.tolist(),
            "weights": weights.tolist(),
            "pairs": [[i, j, float(w)] for (i, j), w in pairs.items()],
            "masks": masks.tolist(),
            "lds": float(spearmanr(masks @ psi, values).statistic),
            "topKDrop": full - value(without(2)),
            "comprehensiveness": float(np.mean([full - value(without(count)) for count in counts])),
            "sufficiency": float(np.mean([full - value(1 - without(count)) for count in counts])),
            "deletion": float(deletion),
            "insertion": float(insertion),
            "scale": float(scale),
            "infidelity": float(np.mean((scale * perturbed - drops) ** 2)),
        }
    )

print(
    json.dumps(
        {
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "sklearn": sklearn.__version__,
            "kendalls": kendalls,
            "areas": areas,
            "mcnemar": mcnemar,
            "students": students,
            "sample": {"values": sample.tolist(), "low": float(interval.low), "high": float(interval.high)},
            "games": games,
        }
    )
)
