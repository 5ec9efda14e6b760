"""Writes values.json: context-cite's LassoRegression solver: masks and log-odds of the output in, weights out.

Run: pip install numpy==2.4.6 scikit-learn==1.9.1 && pip install --no-deps context-cite==0.0.4, then python generate.py > values.json
The package imports torch at its top, so that its solver module is loaded alone from the installed file.
"""

import importlib.util
import json
from importlib.metadata import distribution, version

import numpy as np
import sklearn


def solver_module():
    path = distribution("context-cite").locate_file("context_cite/solver.py")
    spec = importlib.util.spec_from_file_location("context_cite_solver", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def case(seed, rows, spans, tokens):
    g = np.random.default_rng(seed)
    masks = g.integers(0, 2, (rows, spans)).astype(bool)
    effects = np.where(g.random(spans) < 0.3, g.normal(0, 3, spans), 0)
    log_odds = np.round(masks @ effects + g.normal(0, 0.5, rows) - 4, 4)
    # scikit-learn's own tolerance of 1e-4 is what context-cite runs with.
    weight, bias = solver_module().LassoRegression().fit(masks, log_odds, tokens)
    return {"masks": masks.astype(int).tolist(), "values": log_odds.tolist(), "tokens": tokens, "alpha": 0.01, "weights": weight.tolist(), "bias": float(bias)}


print(
    json.dumps(
        {
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
            "context-cite": version("context-cite"),
            "cases": [case(0, 64, 12, 8), case(1, 64, 40, 3), case(2, 256, 20, 1)],
            "divergences": [
                {
                    "flag": "float32-and-solver-tolerance",
                    "why": "context-cite casts masks to float32 and stops Lasso at scikit-learn's duality gap of 1e-4: weights agree to 1e-3 of the largest, not to 1e-6",
                }
            ],
        }
    )
)
