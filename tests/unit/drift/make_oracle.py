#!/usr/bin/python3
"""Writes oracle.json: counts of two samples and what SciPy 1.10.1 and NumPy say of them.

The chi-square test is scipy.stats.chi2_contingency without Yates' correction, of the pooled table; PSI is its formula
in NumPy; adjusted p-values are statsmodels' fdr_bh written out; tails are scipy.stats.chi2.sf.

Usage: /usr/bin/python3 tests/unit/drift/make_oracle.py   (Debian's python3-scipy)
"""

import json
import pathlib

import numpy
import scipy
from scipy import stats

LEAST_EXPECTED = 5


def pooled(reference, current):
    """Columns of the table: cuts are set as soon as the smaller side expects enough by the reference's shares."""
    table = numpy.array([reference, current], dtype=float)
    rows = table.sum(axis=1)
    cuts, begin = [], 0
    for end in range(1, table.shape[1] + 1):
        if table[0, begin:end].sum() / rows[0] * rows.min() >= LEAST_EXPECTED:
            cuts.append(end)
            begin = end
    cuts = cuts[:-1] + [table.shape[1]]
    return numpy.add.reduceat(table, [0] + cuts[:-1], axis=1), cuts


def psi_terms(table):
    shares = (table + 0.5) / (table + 0.5).sum(axis=1, keepdims=True)
    return (shares[1] - shares[0]) * numpy.log(shares[1] / shares[0])


def case(name, reference, current):
    table, cuts = pooled(reference, current)
    terms = psi_terms(table)
    widths = numpy.diff([0] + cuts)
    if table.shape[1] > 1:
        statistic, p_value, degrees, _ = stats.chi2_contingency(table, correction=False)
    else:
        statistic, p_value, degrees = 0.0, 1.0, 0
    return {
        "name": name,
        "reference": [float(x) for x in reference],
        "current": [float(x) for x in current],
        "expected": {
            "bins": table.shape[1],
            "psi": terms.sum(),
            "psi_noise": (table.shape[1] - 1) * (1 / table[0].sum() + 1 / table[1].sum()),
            "statistic": statistic,
            "degrees": degrees,
            "p_value": p_value,
            "psi_by_bin": list(numpy.repeat(terms / widths, widths)),
        },
    }


def adjusted(p_values):
    """Benjamini and Hochberg, straight from the definition: min over larger p of p * m / rank, at most 1."""
    p_values = numpy.array(p_values)
    ranks = stats.rankdata(p_values, method="ordinal")
    return [
        float(min(1.0, min(q * len(p_values) / r for q, r in zip(p_values, ranks) if r >= rank)))
        for rank in ranks
    ]


def main():
    source = numpy.random.default_rng(3)
    even = numpy.full(64, 31643 / 64)
    cases = [
        case("a shift by hand", [100, 200, 300, 400], [400, 300, 200, 100]),
        case("the same", [50, 60, 70], [50, 60, 70]),
        case("empty bins on either side", [500, 0, 0, 300, 200, 0], [90, 0, 30, 0, 60, 40]),
        case("rare bins are pooled", [1, 2, 900, 3, 4, 800, 5, 2, 1], [0, 1, 200, 0, 2, 190, 1, 0, 3]),
        case("the last pool takes the rest", [1000, 1000, 1, 1], [1000, 1000, 2, 0]),
        case("everything in one pool", [3, 2, 1], [1, 0, 2]),
        case("a weighted reference", [120.25, 80.5, 33.125, 66.0625], [40, 20, 20, 20]),
        case("64 bins, 500 rows", numpy.round(even), source.multinomial(500, numpy.full(64, 1 / 64))),
        case(
            "64 bins, a tail that grew",
            numpy.round(even),
            source.multinomial(5000, numpy.linspace(1, 1.6, 64) / numpy.linspace(1, 1.6, 64).sum()),
        ),
        case("far apart", [10000, 10000, 1], [1, 4000, 4000]),
        case(
            "1000 bins of which few hold the rows",
            source.multinomial(31643, 0.97 ** numpy.arange(1000) * 0.03 / (1 - 0.97**1000)),
            source.multinomial(2000, 0.96 ** numpy.arange(1000) * 0.04 / (1 - 0.96**1000)),
        ),
    ]
    tails = [
        [statistic, degrees, float(stats.chi2.sf(statistic, degrees))]
        for degrees in (1, 2, 3, 7, 12, 63, 64, 251, 1000, 9999)
        for statistic in (0.0, 1e-9, 0.3, 1.0, 5.0, 63.0, 120.0, 300.0, 800.0, 1300.0, 10500.0)
    ]
    p_values = [
        [0.01, 0.04, 0.03, 0.005],
        [0.5],
        [0.2, 0.2, 0.2, 0.9, 0.9],
        [1.0, 0.0, 1e-300, 0.999],
        [float(p) for p in source.uniform(size=31) ** 3],
    ]
    document = {
        "scipy": scipy.__version__,
        "cases": cases,
        "tails": tails,
        "adjusted": [{"p_values": p, "expected": adjusted(p)} for p in p_values],
    }
    out = pathlib.Path(__file__).with_name("oracle.json")
    out.write_text(
        json.dumps(document, separators=(",", ":"), default=float)
        .replace('{"name"', '\n{"name"')
        .replace('"tails"', '\n"tails"')
        .replace('"adjusted"', '\n"adjusted"')
        + "\n"
    )


if __name__ == "__main__":
    main()
