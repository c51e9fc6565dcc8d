"""How often the notebook's own stack diverges: affine flows of depth 16, with and without the clip.

    python divergence.py TABLE PARTIAL [--part I/N]

The one idea: a run is the notebook's, in all but its flow key, peak rate and clip, and its outcome is one row.  A
finished run is appended to PARTIAL at once, and a later call goes on from there; TABLE is written when all rows are
there.  Which runs diverge depends on round-off, so on another machine it may be other seeds; the counts compare.

Outcomes: `diverged`, a batch's loss or gradient norm was not finite, first at step `diverged_at` (counted from 0);
`ruined`, the mean log p of the held-out rows is not finite, or below that of the Gaussian with the training rows' mean
and covariance; `ok`.  Mean log p is in nats a row, of 3000 training and 20000 held-out rows.
"""

import argparse
from pathlib import Path

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jax.scipy.stats import multivariate_normal

import flows
import training
from regenerate import number, versions, write

COUPLING, DEPTH, SEEDS = "affine", 16, range(24)
CELLS = [(peak_lr, clip) for peak_lr in (3e-3, 1e-2) for clip in (None, 1.0)]
COLUMNS = "coupling depth lr clip seed status diverged_at train_logp heldout_logp".split()


def key_of(peak_lr, clip, seed):
    """The first columns of a row, which name the run."""
    return "\t".join([COUPLING, str(DEPTH), f"{peak_lr:g}", "none" if clip is None else f"{clip:g}", str(seed)])


def build(seed):
    return flows.build(jr.key(seed), DEPTH, coupling=COUPLING)


def compiled_run(rows, heldout, peak_lr, clip):
    """A function from flat parameters to (batch losses, gradient norms, mean log p of rows and of heldout)."""
    flow = build(SEEDS[0])
    flat, train = training.scan_function(flow, rows, peak_lr=peak_lr, clip=clip)
    rebuild = flows.flatten(flow)[1]

    def run(flat):
        trained, losses, norms = train(flat)
        log_prob = jax.vmap(rebuild(trained).log_prob)
        return losses, norms, log_prob(rows).mean(), log_prob(heldout).mean()

    return jax.jit(run).lower(flat).compile()


def outcome(losses, norms, train_logp, heldout_logp, gaussian):
    """The last columns of a row."""
    bad = np.flatnonzero(~(np.isfinite(losses) & np.isfinite(norms)))
    if bad.size:
        return f"diverged\t{bad[0]}\tnan\tnan"
    status = "ok" if np.isfinite(heldout_logp) and heldout_logp >= gaussian else "ruined"
    return f"{status}\tnan\t{number(float(train_logp))}\t{number(float(heldout_logp))}"


def head(gaussian):
    """The lines before the rows; `gaussian` is the mean log p that a flow must reach."""
    return (f"# stack: {', '.join(versions().splitlines())}\n# steps: {training.STEPS}\n# batch: {training.BATCH}\n"
            f"# batch-seed: {training.BATCH_SEED}\n# gaussian_heldout_logp: {number(gaussian)}\n"
            + "\t".join(COLUMNS) + "\n")


def finished(partial, head_text):
    """{first columns: row} of the runs that PARTIAL holds; it is begun if there is none."""
    if not partial.exists():
        partial.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(head_text)
    text = partial.read_text()
    if not text.startswith(head_text):
        raise SystemExit(f"{partial} is of another stack or other settings: remove it to begin again")
    lines = [line for line in text[len(head_text):].splitlines(keepends=True) if line.endswith("\n")]
    return {"\t".join(line.split("\t")[:5]): line for line in lines if line.count("\t") == len(COLUMNS) - 1}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("partial", type=Path)
    parser.add_argument("--part", default="1/1", help="this process does the I-th of N parts of the cells (1/1)")
    options = parser.parse_args()
    part, parts = (int(n) for n in options.part.split("/"))
    if not 1 <= part <= parts <= len(CELLS):
        parser.error(f"--part {options.part}: legal is 1/1 to {len(CELLS)}/{len(CELLS)}")

    rows, heldout = jnp.asarray(flows.spiral()), jnp.asarray(flows.spiral_heldout())
    gaussian = float(multivariate_normal.logpdf(heldout, rows.mean(0), jnp.cov(rows.T, bias=True)).mean())
    head_text = head(gaussian)
    for peak_lr, clip in CELLS[part - 1::parts]:
        done = finished(options.partial, head_text)
        run = None
        for seed in SEEDS:
            key = key_of(peak_lr, clip, seed)
            if key in done:
                continue
            run = run or compiled_run(rows, heldout, peak_lr, clip)
            result = [np.asarray(value) for value in run(flows.flatten(build(seed))[0])]
            row = f"{key}\t{outcome(*result, gaussian)}\n"
            with open(options.partial, "a") as file:
                file.write(row)
            print(row, end="", flush=True)

    done, keys = finished(options.partial, head_text), [key_of(*cell, seed) for cell in CELLS for seed in SEEDS]
    if all(key in done for key in keys):
        write(options.table, head_text + "".join(done[key] for key in keys))


if __name__ == "__main__":
    main()
