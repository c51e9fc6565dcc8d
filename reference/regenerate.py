"""Prints every reference number of tests/reference/ again and compares with the committed ones.

    python regenerate.py DIR [--against tests/reference] [--ensemble] [--members N] [--only NAME ...]

The one idea: a file is a function that returns its text, and a rule that says how near the committed text must be.
Files go to DIR under their own names; a verdict a file goes to stdout; the exit status is 1 if any differs.  The
ensemble is 128 whole trainings (about ten minutes on two cores): only with --ensemble, otherwise it stays as it is.

(Not named numbers.py: a script's own folder comes first on Python's path, and NumPy imports the standard `numbers`.)
"""

import argparse
import os
import sys
from importlib.metadata import version
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
from flowjax.bijections import RationalQuadraticSpline
from jax.flatten_util import ravel_pytree
from paramax import unwrap

import flows
import residual as residual_flows
import training
import warm

DEPTHS = (1, 2, 4, 8)
ENSEMBLE_MEMBERS = 32
TRACE_STEPS = 150
ZIGGURAT_TAIL = 3.6541528853610088  # beyond it, NumPy's standard normal takes its tail branch


# ------------------------------------------------------------------------------------------- text of a file ----

def number(value):
    return f"{value:.17g}" if isinstance(value, (float, np.floating)) else str(value)


def table(header, rows):
    return "".join([f"# {header}\n"] + ["\t".join(number(v) for v in row) + "\n" for row in rows])


def listed(values):
    return " ".join(number(v) for v in np.asarray(values).ravel())


X = jnp.asarray(flows.spiral())


def versions():
    names = "jax jaxlib flowjax equinox optax paramax numpy".split()
    return "".join(f"{name} {version(name)}\n" for name in names)


def streams():
    lines = ["# name: values. key data are two uint32 words; floats are %.17g"]

    def put(name, values):
        lines.append(f"{name}: {listed(values)}")

    for seed in (0, 1, 42, (1 << 32) + 7):
        key = jr.key(seed)
        name = f"key({seed})"
        put(name, jr.key_data(key))
        for n in (2, 3):
            put(f"split({name},{n})", jr.key_data(jr.split(key, n)))
        put(f"bits32({name},5)", jr.bits(key, (5,), jnp.uint32))
        put(f"bits64({name},5)", jr.bits(key, (5,), jnp.uint64))
        put(f"uniform({name},5,[0,1))", jr.uniform(key, (5,)))
        put(f"uniform({name},5,[-0.25,0.25))", jr.uniform(key, (5,), minval=-0.25, maxval=0.25))
        put(f"normal({name},2x2)", jr.normal(key, (2, 2)))
        for span in (3000, 1000003):
            put(f"randint({name},8,[0,{span}))", jr.randint(key, (8,), 0, span))
    for step, key in enumerate(training.batch_keys(training.BATCH_SEED, 3)):
        put(f"batch(seed 1,step {step})", jr.randint(key, (training.BATCH,), 0, X.shape[0]))
    for seed in (0, 1, 20261123):
        put(f"numpy.pcg64.raw({seed},6)", np.random.default_rng(seed).bit_generator.random_raw(6))
        put(f"numpy.uniform(0.5,3.5,{seed},6)", np.random.default_rng(seed).uniform(0.5, 3.5, 6))
        put(f"numpy.integers(0,2,{seed},24)", np.random.default_rng(seed).integers(0, 2, 24))
        put(f"numpy.integers(0,1000,{seed},12)", np.random.default_rng(seed).integers(0, 1000, 12))
        put(f"numpy.standard_normal({seed},6)", np.random.default_rng(seed).standard_normal(6))
        z = np.random.default_rng(seed).standard_normal(200000)
        put(f"numpy.standard_normal({seed})[199994:200000]", z[-6:])
        tail = z[np.abs(z) > ZIGGURAT_TAIL]
        lines.append(f"numpy.standard_normal({seed},200000) tail |z|>{number(ZIGGURAT_TAIL)} count, sum: "
                     f"{tail.size} {number(tail.sum())}")
    return "\n".join(lines) + "\n"


def spiral():
    return table("x0 x1 (standardised, seed 0, n 3000)", flows.spiral())


def untrained_flow(coupling, depth=2, **options):
    return flows.build(jr.key(0), depth, coupling=coupling, **options)


def init(coupling):
    flat, _ = flows.flatten(untrained_flow(coupling))
    return table("flat parameters, layout in README", np.asarray(flat)[:, None])


def point(coupling):
    flow, rows = untrained_flow(coupling), X[:64]
    z, log_det = flows.latent_and_log_det(flow, rows)
    columns = np.column_stack([z, log_det, jax.vmap(flow.log_prob)(rows)])
    return table("z0 z1 logdet logp for data rows 0..63, untrained depth 2, key 0", columns)


def gradient(coupling):
    params, static = flows.partition(untrained_flow(coupling))
    flat, _ = ravel_pytree(jax.grad(lambda p: flows.loss(p, static, X[:1000]))(params))
    return table("d NLL / d parameter, rows 0..999, layout in README", np.asarray(flat)[:, None])


def untrained_row(coupling, depth, **options):
    flow = untrained_flow(coupling, depth, **options)
    return (coupling, depth, flows.flatten(flow)[0].size, flows.mean_log_prob(flow, X),
            flows.gradient_norm(flow, X[:1000]))


def untrained():
    rows = [untrained_row(coupling, depth) for coupling in ("affine", "spline") for depth in (1, 2, 4, 8, 16, 20)]
    return table("coupling depth n_params mean_logp_all_rows grad_norm_first_1000", rows)


def untrained_actnorm():
    return table("coupling depth n_params mean_logp grad_norm (actnorm, default scale)",
                 [untrained_row("spline", 8, actnorm=True)])


# The clipped mixture: rows of the spiral, and the same 40 times as far out, where the clip acts.

MIXTURE_ROWS, MIXTURE_FAR = 48, 40.0


def mixture():
    flow = warm.cold_flow(jr.key(0), 2, width=8)
    rows = jnp.concatenate([X[:MIXTURE_ROWS], MIXTURE_FAR * X[:MIXTURE_ROWS]])
    params, static = flows.partition(flow)
    flat, _ = ravel_pytree(jax.grad(lambda p: flows.loss(p, static, rows))(params))
    lines = [(0, i, float(v)) for i, v in enumerate(jax.vmap(flow.log_prob)(rows))]
    lines += [(1, i, float(v)) for i, v in enumerate(np.asarray(flat))]
    return table("quantity index value; quantity 0: log p of the data rows 0..47, then of 40 times these; 1: d NLL / d parameter "
                 "over the 96; clipped mixture, untrained, depth 2, width 8, key 0", lines)


# The spline by itself: six cases of ever larger raw parameters.

SPLINE_DEVIATIONS = (0, 0.5, 1, 2, 4, 8)


def spline_cases():
    rng = np.random.default_rng(7)
    return [deviation * rng.standard_normal(28) for deviation in SPLINE_DEVIATIONS]


def spline_raw():
    return table("case then the 28 conditioner outputs (9 widths, 9 heights, 10 derivatives), "
                 "base offsets not yet added", [(case, *raw) for case, raw in enumerate(spline_cases())])


def spline():
    rows = []
    template = RationalQuadraticSpline(knots=8, interval=4.0)
    raw_zero, static = flows.partition(template)
    offsets, unravel = ravel_pytree(raw_zero)
    for case, raw in enumerate(spline_cases()):
        bijection = unwrap(eqx.combine(unravel(raw + offsets), static))
        ends = [-4.0, 4.0, np.nextafter(4.0, np.inf), np.nextafter(-4.0, -np.inf)]
        x = jnp.concatenate([jnp.array(np.linspace(-4.5, 4.5, 25)), bijection.x_pos, jnp.array(ends)])
        y, log_det = jax.vmap(bijection.transform_and_log_det)(x)
        x_back, log_det_back = jax.vmap(bijection.inverse_and_log_det)(y)
        columns = np.column_stack([x, y, log_det, x_back, log_det_back])
        rows += [(case, *row) for row in columns]
    return table("case x y logdet x_back logdet_back (x includes the knots, the ends and their neighbours)", rows)


def schedule():
    rate = optax.cosine_onecycle_schedule(training.STEPS, training.PEAK_LR)
    return table("step lr (cosine one-cycle, 1200 steps, peak 3e-3)",
                 [(step, float(rate(step))) for step in range(training.STEPS)])


def trace(depth):
    flat, run = training.scan_function(untrained_flow("spline", depth), X, run_steps=TRACE_STEPS)
    _, losses, norms = jax.jit(run)(flat)
    rows = [(step, float(a), float(b)) for step, (a, b) in enumerate(zip(losses, norms))]
    return table("step batch_loss grad_norm_before_clip (spline, key 0, batch seed 1, 1200-step schedule)", rows)


def banach_inverse(y, a, b, iterations=60):
    x = y.copy()
    for _ in range(iterations):
        x = y - a * np.sin(b * x)
    return x


def residual():
    x, text = np.linspace(-3, 3, 400), ""
    for a, b in ((0.3, 1.0), (0.9, 1.5)):
        y = x + a * np.sin(b * x)
        falling = int(np.sum(np.diff(y) <= 0))
        error = np.abs(x - banach_inverse(y, a, b)).max()
        text += (f"a={a} b={b} lip={a * b:.2f} monotone={falling == 0} nonincreasing_steps={falling} "
                 f"banach_max_err={number(error)}\n")
    return text


def ensemble(members=ENSEMBLE_MEMBERS, depths=DEPTHS):
    text = ("# depth member mean_logp (spline, key 0, batch seed 1, 1200 steps; initial parameters times "
            "1+1e-15 N(0,1); member 0 unperturbed)\n")
    for depth in depths:
        flow = untrained_flow("spline", depth)
        flat, run = training.scan_function(flow, X)
        rebuild = flows.flatten(flow)[1]
        compiled = jax.jit(run).lower(flat).compile()
        for member in range(members):
            start = flows.flatten(flows.perturb(flow, member))[0]
            trained, _, _ = compiled(start)
            text += f"{depth}\t{member}\t{flows.mean_log_prob(rebuild(trained), X):.9f}\n"
            print(f"ensemble: depth {depth}, {member + 1} of {members}", file=sys.stderr)
    return text


# ---------------------------------------------------------------------------------------------- comparison ----
# A rule takes (new text, committed text) and returns a list of complaints and a few words about how near they are.

def numbers_of(text):
    lines = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return np.array([[float(field) for field in line if field not in flows.COUPLINGS] for line in lines])


def same_text(new, old):
    return ([] if new == old else ["the text differs"]), "same text"


def worst(error, limit, what):
    """error and limit: same shape; one complaint at most, naming the row with the largest excess."""
    excess = np.where(np.isfinite(error), error, np.inf) / limit
    row = int(np.argmax(excess))
    complaint = f"{what}: row {row} is off by {np.ravel(error)[row]:.3g}, allowed {np.ravel(limit)[row]:.3g}"
    return [complaint] if np.max(excess) > 1 else []


def within(absolute=0.0, relative=0.0, of_largest=0.0):
    def rule(new, old):
        a, b = numbers_of(new), numbers_of(old)
        if a.shape != b.shape:
            return [f"shape {a.shape} instead of {b.shape}"], ""
        error = np.abs(a - b)
        limit = np.maximum(absolute + relative * np.abs(b) + of_largest * np.abs(b).max(), 1e-300)
        return worst(error.max(1), limit.min(1), "any column"), f"largest difference {error.max():.2g}"
    return rule


def compare_streams(new, old):
    complaints, largest = [], 0.0
    pairs = list(zip(new.splitlines(), old.splitlines(), strict=True))
    for a, b in pairs:
        name = b.split(": ")[0]
        if "normal" not in name:
            complaints += [] if a == b else [f"{name} differs"]
            continue
        x, y = (np.array([float(v) for v in line.rsplit(": ", 1)[1].split()]) for line in (a, b))
        error = np.abs(x / y - 1).max()
        largest = max(largest, error)
        complaints += [] if error <= 1e-14 else [f"{name} is off by {error:.3g} relative"]
    return complaints, f"integers and uniforms equal, normals within {largest:.2g} relative"


def compare_mixture(new, old):
    a, b = numbers_of(new), numbers_of(old)
    gradient, error = b[:, 0] == 1, np.abs(a[:, 2] - b[:, 2])
    limit = np.where(gradient, np.abs(b[gradient, 2]).max(), np.maximum(1, np.abs(b[:, 2]))) * 1e-11
    return worst(error, limit, "value"), f"largest difference {error.max():.2g}"


def compare_spline(new, old):
    a, b = numbers_of(new), numbers_of(old)
    error = np.abs(a - b)
    steep = b[:, 0] >= 4
    complaints = worst(error[:, 1], np.full(len(b), 1e-12), "x")
    for column, name, easy, hard in ((2, "y", 1e-12, 1e-11), (3, "logdet", 1e-12, 1e-4),
                                     (4, "x_back", 1e-9, 1e-2), (5, "logdet_back", 1e-9, 1e-2)):
        complaints += worst(error[:, column], np.where(steep, hard, easy), name)
    return complaints, f"largest difference {error[~steep].max():.2g} (cases 0-3), {error[steep].max():.2g} (4-5)"


def compare_trace(new, old):
    a, b = numbers_of(new), numbers_of(old)
    loss_error, norm_error = np.abs(a[:, 1] - b[:, 1]), np.abs(a[:, 2] / b[:, 2] - 1)
    early = b[:, 0] <= 100
    complaints = worst(loss_error, np.where(early, 1e-9, 1e-6), "loss")
    complaints += worst(norm_error[early], np.full(early.sum(), 1e-7), "gradient norm")
    return complaints, f"loss within {loss_error[early].max():.2g} to step 100, {loss_error.max():.2g} to step 149"


def compare_residual(new, old):
    strip = [[line.rsplit("=", 1)[0] for line in text.splitlines()] for text in (new, old)]
    error = float(new.splitlines()[0].rsplit("=", 1)[1])
    complaints = [] if strip[0] == strip[1] else ["Lipschitz number, monotone or count of steps differs"]
    complaints += [] if error <= 1e-15 else [f"Banach error {error:.3g}, allowed 1e-15"]
    return complaints, f"Banach error {error:.2g}"


def compare_residual_flows(new, old):
    """Cases of lines of different lengths."""
    a, b = (np.array([float(v) for line in text.splitlines()[1:] for v in line.split()]) for text in (new, old))
    if a.shape != b.shape:
        return [f"{a.size} numbers instead of {b.size}"], ""
    error = np.abs(a - b)
    return worst(error, np.full(b.shape, 1e-12), "number"), f"largest difference {error.max():.2g}"


def compare_ensemble(new, old):
    from scipy.stats import ks_2samp
    a, b, complaints, words = numbers_of(new), numbers_of(old), [], []
    for depth in np.unique(a[:, 0]):
        x, y = a[a[:, 0] == depth, 2], b[b[:, 0] == depth, 2]
        p = ks_2samp(x, y).pvalue
        words.append(f"depth {depth:.0f} p {p:.2g}")
        complaints += [] if p > 0.0025 else [f"depth {depth:.0f}: Kolmogorov-Smirnov p {p:.2g}, level 0.0025"]
    return complaints, "Kolmogorov-Smirnov: " + ", ".join(words)


FILES = {
    "VERSIONS": (versions, same_text),
    "streams.txt": (streams, compare_streams),
    "spiral.tsv": (spiral, within(absolute=1e-13)),
    **{f"init_{c}_depth2.tsv": ((lambda c=c: init(c)), within(absolute=1e-14)) for c in flows.COUPLINGS},
    **{f"point_{c}_depth2.tsv": ((lambda c=c: point(c)), within(absolute=1e-12)) for c in flows.COUPLINGS},
    **{f"grad_{c}_depth2.tsv": ((lambda c=c: gradient(c)), within(of_largest=1e-11)) for c in flows.COUPLINGS},
    "untrained.tsv": (untrained, within(relative=1e-11)),
    "untrained_actnorm.tsv": (untrained_actnorm, within(relative=1e-11)),
    "mixture.tsv": (mixture, compare_mixture),
    "spline_raw.tsv": (spline_raw, within(absolute=0.0)),
    "spline.tsv": (spline, compare_spline),
    "schedule.tsv": (schedule, within(absolute=1e-15)),
    **{f"trace_depth{d}.tsv": ((lambda d=d: trace(d)), compare_trace) for d in DEPTHS},
    "residual.txt": (residual, compare_residual),
    "residual.tsv": (residual_flows.text, compare_residual_flows),
}


def check_printed(untrained_text):
    """The printed gradient norms are those of untrained.tsv, rounded to the digit that the notebook prints."""
    norms = {tuple(f[:2]): float(f[4]) for f in (line.split("\t") for line in untrained_text.splitlines()[1:])}
    lines = (Path(__file__).parent / "printed.tsv").read_text().splitlines()
    printed = [line.split("\t") for line in lines if line.startswith("grad_norm")]
    complaints = [f"{c} depth {d}: printed {v}, regenerated {norms[c, d]:.4f}" for _, c, d, v in printed
                  if f"{norms[c, d]:.1f}" != v]
    return complaints, f"{len(printed)} printed gradient norms to their last digit"


# ---------------------------------------------------------------------------------------------------- main ----

def write(path, text):
    """A file appears under its name only complete."""
    scratch = path.with_name(path.name + ".new")
    scratch.write_text(text)
    os.replace(scratch, path)


def main():
    parser = argparse.ArgumentParser(description="regenerate the reference numbers and compare with the committed ones")
    parser.add_argument("dir", type=Path, help="folder that the files are written to (made if missing)")
    parser.add_argument("--against", type=Path, default=Path(__file__).parent.parent / "tests" / "reference",
                        help="folder of the committed files (tests/reference)")
    parser.add_argument("--ensemble", action="store_true", help="also the ensemble of whole trainings (minutes)")
    parser.add_argument("--members", type=int, default=ENSEMBLE_MEMBERS, help="members of each depth's ensemble (32)")
    parser.add_argument("--depths", default="1,2,4,8", help="depths of the ensemble (1,2,4,8)")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="these files alone")
    options = parser.parse_args()

    files = {name: pair for name, pair in FILES.items() if options.only is None or name in options.only}
    if options.ensemble:
        depths = [int(d) for d in options.depths.split(",")]
        files["ensemble.tsv"] = (lambda: ensemble(options.members, depths), compare_ensemble)
    unknown = [name for name in options.only or [] if name not in files]
    if unknown:
        parser.error(f"no such file: {', '.join(unknown)}; there are {', '.join(FILES)}")
    options.dir.mkdir(parents=True, exist_ok=True)

    failed = 0

    def report(name, complaints, words):
        nonlocal failed
        failed += bool(complaints)
        print(f"{name:24} {'DIFFERS: ' + '; '.join(complaints) if complaints else 'ok: ' + words}", flush=True)

    for name, (make, rule) in files.items():
        committed = options.against / name
        old = committed.read_text() if committed.exists() else None  # before writing: DIR may be the same folder
        new = make()
        write(options.dir / name, new)
        report(name, *(rule(new, old) if old is not None else ([f"{committed} is missing"], "")))
        if name == "untrained.tsv":
            report("printed.tsv", *check_printed(new))
    if not options.ensemble and options.only is None:
        print(f"{'ensemble.tsv':24} left as it is (--ensemble makes it again)")
    print("REGENERATED" if not failed else f"{failed} of {len(files)} files DIFFER")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
