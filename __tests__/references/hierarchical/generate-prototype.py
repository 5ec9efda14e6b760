"""Writes prototype.json: the optimum of the scales that the NumPy prototype of hierarchical attribution finds.

Run at the root of the repository, with numpy 2.4.6 and scipy 1.17.1:
    python __tests__/references/hierarchical/generate-prototype.py ../shared/prototype/hierarchical_gp.py > __tests__/references/hierarchical/prototype.json
What is optimised is minus the log marginal likelihood of the standardised values PLUS the hyperprior's 0.5 sum ((log scale - log
median) / spread)^2, the constant n/2 log(2 pi) left out: `loss`. `logMarginalLikelihood` is without the hyperprior, with the
constant. The prototype's hyperprior of a surrogate's scale has median 0.2 whatever the unit of its attributions, so they are
given with mean square of (z - 1/2)'phi equal to 1, where the product's hyperprior is the same. Its own constants: 60 iterations
of SciPy's L-BFGS-B from the medians. `loss` is computed once more here, from the definition.
"""

import importlib.util
import json
import sys

import numpy as np
import scipy

spec = importlib.util.spec_from_file_location("prototype", sys.argv[1])
prototype = importlib.util.module_from_spec(spec)
spec.loader.exec_module(prototype)

MEDIAN = {"c": 1.0, "c1": 0.5, "m0": 0.2, "m1": 0.3, "b": 0.3, "q0": 0.05, "q1": 0.05, "qb": 0.1}


def normalised(phi):
    phi = np.asarray(phi, float)
    return np.round(phi / np.sqrt(np.mean(np.sum(phi**2, 1)) / 4), 6)


def loss_of(gp):
    names = gp.names + ["noise"]
    median = np.log([MEDIAN.get(name, 0.2) for name in gp.names] + [0.3])
    spread = np.array([1.5] * len(gp.names) + [1.0])
    determinant = np.log(np.diag(gp.L)).sum()
    fit = 0.5 * gp.y @ gp.a + determinant
    assert len(names) == len(gp.t)
    return fit + 0.5 * (((gp.t - median) / spread) ** 2).sum(), -fit - 0.5 * len(gp.y) * np.log(2 * np.pi)


def case(name, spans, classes, phis, rows):
    gp = prototype.GP(spans, classes, phis)
    inputs = np.array([i for i, _, _ in rows])
    masks = np.array([mask for _, mask, _ in rows], float)
    gp.fit(inputs, masks, np.array([value for _, _, value in rows]))
    loss, likelihood = loss_of(gp)
    return {
        "name": name,
        "spans": spans,
        "classes": classes,
        "surrogates": [phi.tolist() for phi in phis],
        "rows": [[int(i), "".join(str(int(bit)) for bit in mask), value] for i, mask, value in rows],
        "scales": dict(zip(gp.names + ["noise"], np.exp(gp.t).tolist())),
        "loss": float(loss),
        "logMarginalLikelihood": float(likelihood),
        "psi": [np.round(gp.psi(i), 9).tolist() for i in range(len(classes))],
    }


def simulated(name, seed, inputs, spans, per_input, surrogates):
    g = np.random.default_rng(seed)
    classes = [str(c) for c in g.choice(["A", "B", "C", "D"], inputs)]
    mu, mu_class = g.normal(0, 0.5, spans), {c: g.normal(0, 0.5, spans) for c in "ABCD"}
    psi = np.array([mu + mu_class[c] + g.normal(0, 0.3, spans) for c in classes])
    faithful, noise = psi + g.normal(0, 0.4, psi.shape), g.normal(0, 1, psi.shape)
    phis = [normalised(phi) for phi in [faithful, noise][:surrogates]]
    rows = []
    for i in range(inputs):
        constant = g.normal(0, 1)
        for _ in range(per_input):
            mask = g.integers(0, 2, spans)
            pair = 0.8 * (mask[0] - 0.5) * (mask[1] - 0.5)
            rows.append((i, mask, round(float(constant + (mask - 0.5) @ psi[i] + pair + g.normal(0, 0.4)), 4)))
    return case(name, spans, classes, phis, rows)


given = json.load(open("__tests__/references/hierarchical/given.json"))
given_rows = [(row["input"], row["mask"], row["value"]) for row in given["rows"]]
cases = [
    case("given rows", given["spans"], given["classes"], [normalised(given["surrogate"])], given_rows),
    simulated("320 rows, no surrogate", 1, 40, 12, 8, 0),
    simulated("120 rows, two surrogates", 2, 30, 8, 4, 2),
]
print(json.dumps({"numpy": np.__version__, "scipy": scipy.__version__, "cases": cases}, separators=(",", ":")))
