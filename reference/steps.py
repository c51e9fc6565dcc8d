"""Milliseconds of one training step, theirs and ours in turn, over dimension, width and batch (depth 4, splines).

    python steps.py BENCH [DIM,WIDTH,BATCH ...]        BENCH: this program's build/bench/bench

Theirs is one lax.scan of STEPS steps, compiled before; ours is what BENCH makes in 0.3 s, after one step.  Both are the
mean of their steps.  Each round times both once; the times are the least of the rounds', the ratio is the median of the
rounds', beside their extremes.  Both train on six times as many rows as a
batch has.  Clocks: processor time, both on one core.  Prints a tab-separated table; says on stderr what it times.
"""

import statistics
import subprocess
import sys
import time

import jax
import jax.numpy as jnp
import jax.random as jr
from flowjax.bijections import Chain, Flip, Invert
from flowjax.distributions import Normal, Transformed

import flows
import training

STEPS, ROUNDS, DEPTH = 20, 5, 4
SHAPES = ["2,24,512", "2,128,512", "4,24,512", "4,24,4096", "6,64,512", "8,128,512", "16,128,512"]


def build(key, dim, width):
    bijections = []
    for block_key in jr.split(key, DEPTH):
        rotation_key, key_1, key_2 = jr.split(block_key, 3)
        bijections += [flows.HouseholderRotation(jr.normal(rotation_key, (2, dim)))]
        for coupling_key in (key_1, key_2):
            bijections += [flows.spline_coupling(coupling_key, dim, nn_width=width), Flip(shape=(dim,))]
    return Transformed(Normal(jnp.zeros(dim)), Invert(Chain(bijections)))


def compiled_steps(dim, width, batch):
    x = jr.normal(jr.key(5), (6 * batch, dim))
    flat, train = training.scan_function(build(jr.key(0), dim, width), x, steps=STEPS, batch=batch)
    program = jax.jit(train).lower(flat).compile()
    return lambda: jax.block_until_ready(program(flat))


def main():
    bench, shapes = sys.argv[1], sys.argv[2:] or SHAPES
    print("dim\twidth\tbatch\ttheirs_ms\tours_ms\tratio\tratio_min\tratio_max")
    for shape in shapes:
        print(f"steps: {shape}", file=sys.stderr)
        steps, theirs, ours = compiled_steps(*(int(part) for part in shape.split(","))), [], []
        steps()
        for _ in range(ROUNDS):
            start = time.process_time()
            steps()
            theirs.append((time.process_time() - start) / STEPS)
            ours.append(float(subprocess.run([bench, "--step", shape], capture_output=True, check=True).stdout))
        ratios = [a / b for a, b in zip(theirs, ours)]
        numbers = min(theirs) * 1e3, min(ours) * 1e3, statistics.median(ratios), min(ratios), max(ratios)
        print(shape.replace(",", "\t"), *(f"{number:.3g}" for number in numbers), sep="\t", flush=True)


if __name__ == "__main__":
    main()
