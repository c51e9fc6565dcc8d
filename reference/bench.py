"""The notebook's work under the clock, in the notebook's own stack.

    python bench.py MODE [--runs N] [--depths LIST] [--steps N]

Lines `name<TAB>seconds` go to stdout, what was computed goes to stderr (a clock on work that nobody looks at proves
nothing).  Loading Python and its libraries and making the dataset are outside every clock here.

  notebook            notebook_sweep      build, train and score depths 1, 2, 4, 8 as the notebook is written: one
                                          compiled step, called 1200 times from Python.  Compilation is inside, as it
                                          is for whoever runs the notebook.
  scan                scan_compile        the same work, each depth one lax.scan compiled ahead of time: compilation,
                      scan_steady         all steps and the score with everything compiled before,
                      scan_whole          and both, with building the flow.
  gradients           notebook_gradients  the eight gradient norms (affine and spline, depths 2, 4, 8, 16) as written:
                                          each operation dispatched by itself.
  gradients-compiled  compiled_gradients_compile, compiled_gradients_steady, compiled_gradients_whole

--runs N repeats a mode inside the process: only its first run is cold (the as-written modes and scan_whole are meant
to be measured cold, one a process; further runs of `scan` and `gradients-compiled` repeat the steady state alone).
"""

import argparse
import sys
import time

import jax
import jax.numpy as jnp
import jax.random as jr
import optax

import flows
import training

GRADIENT_DEPTHS, GRADIENT_ROWS = (2, 4, 8, 16), 1000


def put(name, seconds):
    print(f"{name}\t{seconds:.6f}", flush=True)


def tell(text):
    print(f"  {text}", file=sys.stderr, flush=True)


class Clock:
    """Seconds of the `with` block, on the wall."""

    def __enter__(self):
        self.start = time.perf_counter()
        return self

    def __exit__(self, *failure):
        self.seconds = time.perf_counter() - self.start


def notebook(x, options):
    for _ in range(options.runs):
        with Clock() as clock:
            scores = [flows.mean_log_prob(training.train_as_written(flows.build(jr.key(0), depth), x,
                                                                    steps=options.steps), x)
                      for depth in options.depths]
        put("notebook_sweep", clock.seconds)
        tell("mean log p " + ", ".join(f"{score:.3f}" for score in scores))


def compiled(function, *arguments):
    return jax.jit(function).lower(*arguments).compile()


def steady(name, programs, runs, preparation):
    """Runs the compiled programs one after the other, `runs` times; the first plus its preparation is `whole`."""
    for run in range(runs):
        with Clock() as clock:
            values = [float(program(*arguments)) for program, arguments in programs]
        put(f"{name}_steady", clock.seconds)
        if run == 0:
            put(f"{name}_whole", clock.seconds + preparation)
            tell(", ".join(f"{value:.3f}" for value in values))


def scan(x, options):
    programs = []
    with Clock() as preparing:
        compile_seconds = 0.0
        for depth in options.depths:
            flow = flows.build(jr.key(0), depth)
            flat, train = training.scan_function(flow, x, steps=options.steps)
            rebuild = flows.flatten(flow)[1]

            def train_and_score(flat, train=train, rebuild=rebuild):
                trained, _, _ = train(flat)
                return jax.vmap(rebuild(trained).log_prob)(x).mean()

            with Clock() as compiling:
                programs.append((compiled(train_and_score, flat), (flat,)))
            compile_seconds += compiling.seconds
    put("scan_compile", compile_seconds)
    steady("scan", programs, options.runs, preparing.seconds)


def gradient_flows():
    return [flows.build(jr.key(0), depth, coupling=coupling)
            for coupling in ("affine", "spline") for depth in GRADIENT_DEPTHS]


def gradients(x, options):
    for _ in range(options.runs):
        with Clock() as clock:
            norms = [flows.gradient_norm(flow, x[:GRADIENT_ROWS]) for flow in gradient_flows()]
        put("notebook_gradients", clock.seconds)
        tell("gradient norms " + ", ".join(f"{norm:.1f}" for norm in norms))


def gradients_compiled(x, options):
    programs = []
    with Clock() as preparing:
        compile_seconds = 0.0
        for flow in gradient_flows():
            flat, rebuild = flows.flatten(flow)

            def norm(flat, rows, rebuild=rebuild):
                return optax.global_norm(jax.grad(lambda p: flows.loss(*flows.partition(rebuild(p)), rows))(flat))

            with Clock() as compiling:
                programs.append((compiled(norm, flat, x[:GRADIENT_ROWS]), (flat, x[:GRADIENT_ROWS])))
            compile_seconds += compiling.seconds
    put("compiled_gradients_compile", compile_seconds)
    steady("compiled_gradients", programs, options.runs, preparing.seconds)


MODES = {"notebook": notebook, "scan": scan, "gradients": gradients, "gradients-compiled": gradients_compiled}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("--runs", type=int, default=1, help="runs inside this process (1)")
    parser.add_argument("--depths", default="1,2,4,8", help="depths of the sweep (1,2,4,8)")
    parser.add_argument("--steps", type=int, default=training.STEPS, help="training steps (1200)")
    options = parser.parse_args()
    options.depths = [int(depth) for depth in options.depths.split(",")]
    MODES[options.mode](jnp.asarray(flows.spiral()), options)


if __name__ == "__main__":
    main()
