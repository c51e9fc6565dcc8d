"""From interleaved runs to a table: each side's times, and ratios taken pair by pair within a round.

    python summary.py RUNS.tsv SUMMARY.tsv

The one idea: a machine drifts, so two programs are compared only inside one round, and the ratio's uncertainty is that
of its median over rounds.  The interval is distribution-free: the k-th smallest and k-th largest of n ratios cover the
median with probability 1 - 2 P(Binomial(n, 1/2) < k); the narrowest pair that covers at least 95 % is taken (n = 6 is
the first that can; below that the extremes are given with the coverage that they have).
"""

import os
import statistics
import sys
from math import comb

# (what, numerator, denominator): how many times faster the second is
RATIOS = [
    ("notebook_sweep / ours_sweep_1", "notebook_sweep", "ours_sweep_1"),
    ("notebook_sweep / ours_sweep_2", "notebook_sweep", "ours_sweep_2"),
    ("scan_steady / ours_sweep_1", "scan_steady", "ours_sweep_1"),
    ("scan_steady / ours_sweep_2", "scan_steady", "ours_sweep_2"),
    ("scan_whole / ours_sweep_1", "scan_whole", "ours_sweep_1"),
    ("scan_whole / ours_sweep_2", "scan_whole", "ours_sweep_2"),
    ("notebook_gradients / ours_gradients", "notebook_gradients", "ours_gradients"),
    ("compiled_gradients_whole / ours_gradients", "compiled_gradients_whole", "ours_gradients"),
    ("compiled_gradients_steady / ours_gradients", "compiled_gradients_steady", "ours_gradients"),
    ("ours_sweep_1 / ours_sweep_2", "ours_sweep_1", "ours_sweep_2"),
]


def coverage(n, k):
    return 1 - 2 * sum(comb(n, i) for i in range(k)) / 2**n


def median_interval(values):
    """(low, high, coverage) of the median."""
    values, n = sorted(values), len(values)
    k = max([k for k in range(1, n // 2 + 1) if coverage(n, k) >= 0.95], default=1)
    return values[k - 1], values[n - k], coverage(n, k) if n > 1 else 0.0


def describe(values):
    return (len(values), min(values), statistics.median(values), max(values), *median_interval(values))


def main():
    source, target = sys.argv[1:]
    with open(source) as file:
        lines = file.read().splitlines()
    comments = [line for line in lines if line.startswith("#")]
    rounds = {}
    for line in lines[len(comments) + 1:]:
        index, name, seconds = line.split("\t")
        rounds.setdefault(name, {})[index] = float(seconds)

    rows = [(name, "s", *describe(list(times.values()))) for name, times in rounds.items()]
    for what, slow, fast in RATIOS:
        both = sorted(rounds.get(slow, {}).keys() & rounds.get(fast, {}).keys(), key=int)
        if both:
            rows.append((what, "ratio", *describe([rounds[slow][i] / rounds[fast][i] for i in both])))

    columns = "quantity unit n minimum median maximum low95 high95 coverage".split()
    scratch = target + ".new"
    with open(scratch, "w") as file:
        file.write("".join(line + "\n" for line in comments))
        file.write("\t".join(columns) + "\n")
        file.write("".join("\t".join(f"{v:.6g}" if isinstance(v, float) else str(v) for v in row) + "\n"
                           for row in rows))
    os.replace(scratch, target)

    print("\n".join(line[2:] for line in comments))
    print(f"\n{'':44}{'n':>3}{'minimum':>10}{'median':>10}{'maximum':>10}   interval of the median")
    for name, unit, n, low, middle, high, left, right, share in rows:
        digits = 3 if unit == "s" else 1
        text = "".join(f"{v:>10.{digits}f}" for v in (low, middle, high))
        print(f"{name:44}{n:>3}{text}   {left:.{digits}f} .. {right:.{digits}f} ({100 * share:.1f} %)")


if __name__ == "__main__":
    main()
