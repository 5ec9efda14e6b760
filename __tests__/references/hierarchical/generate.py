"""Writes values.json: hierarchical attribution in weight space, as an independent check of the Gaussian process.

Run: pip install numpy==2.4.6 scipy==1.17.1, then python generate.py > values.json
The model (docs/methods.md, A10) is written out as one Bayesian linear regression: every mu, mu_class, b_i, a_k, pair weight and
constant is a column of a design matrix with its own prior variance; nothing here knows of kernels. Scales that maximise
marginal likelihood times hyperprior come from SciPy's L-BFGS-B with differences as gradients, from five starting points.
given.json beside it holds posterior means at given scales that were computed by a third implementation, as a Gaussian process.
"""

import json
from itertools import combinations

import numpy as np
import scipy
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

TERMS = ["constantOwn", "constantClass", "linearTemplate", "linearClass", "linearOwn", "pairTemplate", "pairClass", "pairOwn"]
TYPICAL = dict(zip(TERMS, [1, 0.5, 0.2, 0.3, 0.3, 0.05, 0.05, 0.1]))


def weight_space(spans, classes, surrogates, cells):
    """Rows of features, and for each feature the name of its scale and its variance at scale 1."""
    names = sorted(set(classes))
    pairs = list(combinations(range(spans), 2))
    columns, owners, units = [], [], []

    def add(column, owner, unit):
        columns.append(column), owners.append(owner), units.append(unit)

    inputs = np.array([i for i, _ in cells])
    own_class = np.array([names.index(classes[i]) for i in inputs])
    zt = np.array([mask for _, mask in cells], float) - 0.5
    groups = {"Template": [np.ones(len(cells))], "Class": [own_class == c for c in range(len(names))], "Own": [inputs == i for i in range(len(classes))]}
    for sharing, indicators in groups.items():
        for indicator in indicators:
            if sharing != "Template":
                add(indicator * 1.0, "constant" + sharing, 1.0)
            for j in range(spans):
                add(indicator * zt[:, j], "linear" + sharing, 4 / spans)
            for j, k in pairs:
                add(indicator * zt[:, j] * zt[:, k], "pair" + sharing, 32 / (spans * (spans - 1)))
    for number, phi in enumerate(surrogates):
        add((zt * np.array(phi)[inputs]).sum(1), f"surrogate{number}", 1.0)
    return np.array(columns).T, owners, np.array(units)


def simulate(seed, inputs, spans, per_input):
    g = np.random.default_rng(seed)
    classes = [str(c) for c in g.choice(["A", "B", "C"], inputs)]
    mu = g.normal(0, 0.5, spans)
    mu_class = {c: g.normal(0, 0.5, spans) for c in "ABC"}
    psi = np.array([mu + mu_class[c] + g.normal(0, 0.3, spans) for c in classes])
    surrogates = [psi + g.normal(0, 0.5, psi.shape), g.normal(0, 1, psi.shape)]
    rows = []
    for i in range(inputs):
        constant = g.normal(0, 0.7)
        for _ in range(per_input):
            mask = g.integers(0, 2, spans)
            value = constant + (mask - 0.5) @ psi[i] + 1.2 * (mask[0] - 0.5) * (mask[1] - 0.5) + g.normal(0, 0.2)
            rows.append((i, mask.tolist(), round(float(value), 4)))
    return classes, [np.round(s, 5).tolist() for s in surrogates], rows


def case(seed, inputs, spans, per_input):
    classes, surrogates, rows = simulate(seed, inputs, spans, per_input)
    cells = [(i, mask) for i, mask, _ in rows]
    features, owners, units = weight_space(spans, classes, surrogates, cells)
    y = np.array([value for *_, value in rows])
    mean, deviation = y.mean(), y.std() + 1e-9
    ys = (y - mean) / deviation
    names = TERMS + [f"surrogate{k}" for k in range(len(surrogates))] + ["noise"]
    squares = [np.mean(np.sum(np.array(phi) ** 2, 1)) / 4 for phi in surrogates]
    typical = np.log([TYPICAL[t] for t in TERMS] + [0.2 / s for s in squares] + [0.3])
    spread = np.array([1.5] * (len(names) - 1) + [1.0])

    def prior_variance(logs):
        scale = dict(zip(names, np.exp(logs)))
        return np.array([scale[o] for o in owners]) * units, scale["noise"] + 1e-6

    def log_likelihood(logs):
        variance, noise = prior_variance(logs)
        cov = (features * variance) @ features.T + noise * np.eye(len(ys))
        return multivariate_normal(np.zeros(len(ys)), cov).logpdf(ys)

    def loss(logs):
        return -log_likelihood(logs) + 0.5 * np.sum(((logs - typical) / spread) ** 2)

    g = np.random.default_rng(1)
    starts = [typical] + [typical + g.normal(0, 0.7, len(typical)) for _ in range(4)]
    found = min((minimize(loss, start, method="L-BFGS-B", options=dict(maxiter=500, maxfun=100000)) for start in starts), key=lambda r: r.fun)

    variance, noise = prior_variance(found.x)
    precision = features.T @ features / noise + np.diag(1 / variance)
    covariance = np.linalg.inv(precision)
    weights = covariance @ features.T @ ys / noise

    def interval(row):
        estimate, half = row @ weights * deviation, 1.6448536269514722 * np.sqrt(row @ covariance @ row) * deviation
        return [float(estimate), float(estimate - half), float(estimate + half)]

    def rows_of(cells):
        return weight_space(spans, classes, surrogates, cells)[0]

    linear = np.array([not o.startswith("pair") for o in owners])
    psi_rows = [[(rows_of([(i, np.eye(spans)[j])])[0] - rows_of([(i, np.zeros(spans))])[0]) * linear for j in range(spans)] for i in range(inputs)]
    full, some = np.ones(spans), np.array([0, 0] + [1] * (spans - 2))
    return {
        "spans": spans,
        "classes": classes,
        "surrogates": surrogates,
        "rows": [{"input": i, "mask": mask, "value": value} for i, mask, value in rows],
        "scales": {**dict(zip(TERMS, np.exp(found.x))), "surrogates": np.exp(found.x[len(TERMS) : -1]).tolist(), "noise": float(np.exp(found.x[-1]))},
        "loss": float(found.fun),
        "logMarginalLikelihood": float(log_likelihood(found.x)),
        "psi": [[interval(row) for row in of_input] for of_input in psi_rows],
        "template": [interval(np.mean([psi_rows[i][j] for i in range(inputs)], 0)) for j in range(spans)],
        "byClass": {c: [interval(np.mean([psi_rows[i][j] for i in range(inputs) if classes[i] == c], 0)) for j in range(spans)] for c in sorted(set(classes))},
        "fullPrediction": [float(rows_of([(i, full)])[0] @ weights * deviation + mean) for i in range(inputs)],
        "deletion": {"mask": some.tolist(), "effects": [interval((rows_of([(i, full)]) - rows_of([(i, some)]))[0]) for i in range(inputs)]},
    }


print(json.dumps({"numpy": np.__version__, "scipy": scipy.__version__, "cases": [case(3, 9, 5, 6), case(4, 7, 7, 8)]}))
