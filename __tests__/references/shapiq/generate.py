"""Writes values.json: shapiq's exact Shapley and Banzhaf values, Moebius transform, Shapley and Banzhaf interaction indices of random games.

Run: pip install numpy==2.4.6 shapiq==1.4.1, then python generate.py > values.json
Sets are numbered by code: bit i set where span i is in the set.
"""

import json
from importlib.metadata import version

import numpy as np
from shapiq import ExactComputer


def by_code(interactions, spans):
    table = np.zeros(2**spans)
    for members, position in interactions.interaction_lookup.items():
        table[sum(2**i for i in members)] = interactions.values[position]
    return table.tolist()


def case(seed, spans):
    table = np.round(np.random.default_rng(seed).normal(0, 1, 2**spans), 6)

    def value(coalitions):
        return table[np.asarray(coalitions).astype(int) @ (2 ** np.arange(spans))]

    computer = ExactComputer(game=value, n_players=spans)
    return {
        "spans": spans,
        "values": table.tolist(),
        "shapley": by_code(computer("SV", 1), spans),
        "banzhaf": by_code(computer("BV", 1), spans),
        "moebius": by_code(computer("Moebius", spans), spans),
        "shapleyInteractions": by_code(computer("SII", spans), spans),
        "banzhafInteractions": by_code(computer("BII", spans), spans),
    }


print(
    json.dumps(
        {
            "numpy": np.__version__,
            "shapiq": version("shapiq"),
            "cases": [case(0, 3), case(1, 5), case(2, 7)],
            "divergences": [],
        }
    )
)
