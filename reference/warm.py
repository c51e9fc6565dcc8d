"""The sibling notebooks' warm start ("05 - RBIG warm-start for coupling flows", "06 - Coupling <-> diagonal equivalence"),
made again over flowjax, JAX and scikit-learn.

The one idea: iterative Gaussianization (Laparra, Camps-Valls & Malo 2011) gives each block principal axes and each
coordinate a mixture of Gaussians; a coupling whose last weights are 0 and whose last biases are that mixture is the
diagonal map itself.  Invariant: as the notebooks have it, the fit sees the rows in single precision and hands its
mixtures on in single precision; all else is double.  A coupling clips F to [1e-6, 1 - 1e-6], and its log-determinant
ignores the clip; a diagonal flow clips nothing.  A rotation's matrix is frozen; an earlier version of the notebooks'
library trains it as a free matrix that counts log|det| = 0.

    python warm.py [DIR]         writes moons_<n>.tsv and moons_<n>_fit.tsv (reference/)
    python warm.py --numbers     prints the column `stack` of printed_sibling.tsv (ten minutes on two cores)
"""

import sys
import warnings
from pathlib import Path
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from flowjax.bijections import AbstractBijection, Chain, Coupling, Flip, Invert
from flowjax.distributions import Normal, Transformed
from jax.scipy.special import log_ndtr, logsumexp, ndtri
from jax.scipy.stats import norm
from sklearn.datasets import make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

import training
from flows import HouseholderRotation, loss, mean_log_prob, partition

CLIP, LOG_SCALE_MAX, COMPONENTS, WIDTH, HIDDEN = 1e-6, 5.0, 8, 64, 2
LEAST_SCALE = 5e-3  # of the diagonal flow's deviations

# ------------------------------------------------------------------------------------------------- dataset ----


def moons(n, noise, seed=0):
    """Two half circles, standardised.  [n][2], NumPy."""
    rows, _ = make_moons(n_samples=n, noise=noise, random_state=seed)
    return (rows - rows.mean(0)) / rows.std(0)


# --------------------------------------------------------------------------------------------- bijections ----


def clipped_quantile(weight, mean, sd, x):
    """Phi^-1 of F(x), clipped; the last axis of the mixture is its components."""
    f = jnp.sum(weight * norm.cdf(x, loc=mean, scale=sd), axis=-1)
    return ndtri(jnp.clip(f, CLIP, 1.0 - CLIP))


class ClippedMixture(AbstractBijection):
    """z = Phi^-1(F(x)) of one coordinate; sigma = exp(5 tanh raw).  Its inverse is never asked for."""

    logits: jax.Array
    means: jax.Array
    raw_scales: jax.Array
    shape: tuple[int, ...] = ()
    cond_shape: ClassVar[None] = None

    def __init__(self, components=COMPONENTS):
        self.logits = self.means = self.raw_scales = jnp.zeros(components)

    def transform_and_log_det(self, x, condition=None):
        sd = jnp.exp(LOG_SCALE_MAX * jnp.tanh(self.raw_scales))
        z = clipped_quantile(jax.nn.softmax(self.logits), self.means, sd, x)
        log_f = logsumexp(jax.nn.log_softmax(self.logits) + norm.logpdf(x, loc=self.means, scale=sd))
        return z, log_f - norm.logpdf(z)

    def inverse_and_log_det(self, y, condition=None):
        raise NotImplementedError


def unclipped_quantile(weight, mean, sd, x, iterations=8):
    """The same without a clip, from the smaller of log F and log(1 - F), by Newton's iteration on log Phi."""
    log_f = logsumexp(jnp.log(weight) + norm.logcdf(x, loc=mean, scale=sd), axis=-1)
    log_s = logsumexp(jnp.log(weight) + norm.logsf(x, loc=mean, scale=sd), axis=-1)
    tail = jnp.minimum(log_f, log_s)
    z = ndtri(jnp.clip(jnp.exp(tail), jnp.finfo(tail.dtype).tiny, 1.0))
    for _ in range(iterations):
        z = z - (log_ndtr(z) - tail) / jnp.exp(norm.logpdf(z) - log_ndtr(z))
    return jnp.where(log_f <= log_s, z, -z)


class DiagonalMixture(AbstractBijection):
    """z = Phi^-1(F(x)) of every coordinate, each with parameters of its own, without a clip: sigma = softplus(raw) + 0.005."""

    log_weights: jax.Array
    means: jax.Array
    raw_scales: jax.Array
    shape: tuple[int, ...] = (2,)
    cond_shape: ClassVar[None] = None

    def __init__(self, mixtures):
        """mixtures: a (weights, means, deviations) for each coordinate."""
        weight, mean, sd = (np.stack(part) for part in zip(*mixtures))
        gap = np.maximum(sd - LEAST_SCALE, 1e-6)
        self.log_weights = jnp.asarray(single(np.log(np.maximum(weight, 1e-20))))
        self.means = jnp.asarray(single(mean))
        self.raw_scales = jnp.asarray(single(gap + np.log(-np.expm1(-gap))))  # softplus^-1

    def transform_and_log_det(self, x, condition=None):
        sd = jax.nn.softplus(self.raw_scales) + LEAST_SCALE
        weight = jax.nn.softmax(self.log_weights, axis=-1)
        z = unclipped_quantile(weight, self.means, sd, x[:, None])
        f = jnp.sum(weight * jnp.exp(norm.logpdf(x[:, None], loc=self.means, scale=sd)), axis=-1)
        return z, jnp.sum(jnp.log(f + 1e-38) - norm.logpdf(z))

    def inverse_and_log_det(self, y, condition=None):
        raise NotImplementedError


class Matrix(AbstractBijection):
    """y = M x, log|det| counted as 0, which is true while M is frozen."""

    matrix: jax.Array
    free: bool = eqx.field(static=True, default=False)
    shape: tuple[int, ...] = (2,)
    cond_shape: ClassVar[None] = None

    def transform_and_log_det(self, x, condition=None):
        return (self.matrix if self.free else jax.lax.stop_gradient(self.matrix)) @ x, jnp.zeros(())

    def inverse_and_log_det(self, y, condition=None):
        return self.matrix.T @ y, jnp.zeros(())


def mixture_coupling(key, *, width=WIDTH, hidden=HIDDEN, components=COMPONENTS):
    return Coupling(key, transformer=ClippedMixture(components), untransformed_dim=1, dim=2, nn_width=width,
                    nn_depth=hidden)


def flow_of(bijections):
    return Transformed(Normal(jnp.zeros(2)), Invert(Chain(bijections)))


def cold_flow(key, depth, **sizes):
    """As drawn: reflections at normal vectors, conditioners as equinox draws them."""
    bijections = []
    for block_key in jr.split(key, depth):
        rotation_key, key_1, key_2 = jr.split(block_key, 3)
        bijections += [
            HouseholderRotation(jr.normal(rotation_key, (2, 2))),
            mixture_coupling(key_1, **sizes), Flip(shape=(2,)),
            mixture_coupling(key_2, **sizes), Flip(shape=(2,)),
        ]
    return flow_of(bijections)


# ------------------------------------------------------------------------------------------------------ fit ----


def principal_axes(rows):
    """The eigenvectors of the covariance as rows, largest variance first, with the signs that LAPACK gives them."""
    centred = jnp.asarray(rows, dtype=float) - jnp.mean(jnp.asarray(rows, dtype=float), axis=0)
    return jnp.linalg.eigh(centred.T @ centred / (len(rows) - 1))[1][:, ::-1].T


def fitted_mixture(column, seed, components=COMPONENTS):
    """(weights, means, deviations) by EM from k-means.  Double precision."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit = GaussianMixture(components, covariance_type="diag", random_state=seed, reg_covar=1e-6)
        fit.fit(np.asarray(column, dtype=np.float64)[:, None])
    return fit.weights_, fit.means_.ravel(), np.sqrt(np.maximum(fit.covariances_.ravel(), 1e-12))


def single(x):
    return np.asarray(x, dtype=np.float32)


def raw_of(sd):
    """artanh(log sd / 5), as far as that goes, in single precision."""
    return single(jnp.arctanh(jnp.clip(single(np.log(sd)) / LOG_SCALE_MAX, -1 + 1e-6, 1 - 1e-6)))


def diagonal_fit(x, depth):
    """A list of (matrix, coordinate 0's mixture, coordinate 1's), block by block; the rows go on through the mixtures as
    a coupling has them.  A mixture: (weights, means, deviations)."""
    rows, blocks = single(x), []
    for block in range(depth):
        matrix = principal_axes(rows)
        rows = np.asarray(jax.vmap(lambda row: matrix @ row)(jnp.asarray(rows)))
        mixtures = [fitted_mixture(rows[:, d], 1000 * block + d) for d in range(2)]
        columns = []
        for d, (weight, mean, sd) in enumerate(mixtures):
            sd = single(np.exp(LOG_SCALE_MAX * np.tanh(raw_of(sd))))
            columns.append(clipped_quantile(single(weight), single(mean), sd, jnp.asarray(rows[:, d])[:, None]))
        rows = np.stack([np.asarray(c) for c in columns], axis=1)
        blocks.append((matrix, *mixtures))
    return blocks


def warm_flow(key, blocks, *, width=WIDTH, hidden=HIDDEN, free=False):
    """The fit as a coupling flow: a conditioner's last weights are 0, its last biases a mixture."""
    bijections = []
    for block_key, (matrix, *mixtures) in zip(jr.split(key, len(blocks)), blocks):
        bijections.append(Matrix(matrix, free))
        for coupling_key, (weight, mean, sd) in zip(jr.split(block_key, 2), mixtures[::-1]):
            bias = np.concatenate([single(np.log(np.maximum(weight, 1e-20))), single(mean), raw_of(sd)])
            coupling = mixture_coupling(coupling_key, width=width, hidden=hidden, components=len(weight))
            last = coupling.conditioner.layers[-1]
            coupling = eqx.tree_at(lambda c: (c.conditioner.layers[-1].weight, c.conditioner.layers[-1].bias), coupling,
                                   (jnp.zeros_like(last.weight), jnp.asarray(bias)))
            bijections += [coupling, Flip(shape=(2,))]
    return flow_of(bijections)


def diagonal_flow(x, depth):
    """The diagonal flow, fitted block by block as its own map hands the rows on."""
    rows, bijections = single(x), []
    for block in range(depth):
        rotation = Matrix(principal_axes(rows))
        rows = np.asarray(jax.vmap(rotation.transform)(jnp.asarray(rows)))
        marginals = DiagonalMixture([fitted_mixture(rows[:, d], 1000 * block + d) for d in range(2)])
        rows = np.asarray(jax.vmap(marginals.transform)(jnp.asarray(rows)))
        bijections += [rotation, marginals]
    return flow_of(bijections)


# ---------------------------------------------------------------------------------------------------- files ----


def number(value):
    return repr(float(value))


def write_rows(path, n, noise):
    lines = [f"# what: make_moons(n_samples={n}, noise={noise}, random_state=0) of scikit-learn, standardised", "x0\tx1"]
    path.write_text("\n".join(lines + ["\t".join(map(number, row)) for row in moons(n, noise)]) + "\n")


def write_fit(path, n, noise):
    """A row per component: coordinate d of block b, row d of its rotation, and what the last bias has of the component."""
    lines = ["# what: the diagonal fit of these rows, 4 blocks, EM from k-means; logit, mean and raw in single precision",
             "block\tcoordinate\taxis0\taxis1\tcomponent\tlogit\tmean\traw"]
    for b, (matrix, *mixtures) in enumerate(diagonal_fit(moons(n, noise), 4)):
        for d, (weight, mean, sd) in enumerate(mixtures):
            columns = zip(single(np.log(np.maximum(weight, 1e-20))), single(mean), raw_of(sd))
            for k, component in enumerate(columns):
                lines.append("\t".join([str(b), str(d), *map(number, matrix[d]), str(k), *map(number, component)]))
    path.write_text("\n".join(lines) + "\n")


def trained(flow, x, peak_lr, steps=3000):
    params, static = partition(flow)
    opt = training.optimiser(steps, peak_lr)
    rows = jax.vmap(lambda key: jr.randint(key, (training.BATCH,), 0, len(x)))(
        training.batch_keys(training.BATCH_SEED, steps))

    def step(carry, rows):
        params, state = carry
        updates, state = opt.update(jax.grad(loss)(params, static, x[rows]), state)
        return (eqx.apply_updates(params, updates), state), None

    (params, _), _ = jax.jit(lambda carry: jax.lax.scan(step, carry, rows))((params, opt.init(params)))
    return eqx.combine(params, static)


def print_numbers():
    x = jnp.asarray(moons(3000, 0.06))
    flows = {"cold": (cold_flow(jr.key(3), 4), 3e-3), "warm": (warm_flow(jr.key(3), diagonal_fit(x, 4)), 1e-3)}
    for start, (flow, _) in flows.items():
        print("start_logp", start, number(mean_log_prob(flow, x)), sep="\t")
    for start, (flow, peak_lr) in flows.items():
        print("final_logp", start, number(mean_log_prob(trained(flow, x, peak_lr), x)), sep="\t", flush=True)
    x = jnp.asarray(moons(5000, 0.1))
    coupling, diagonal = warm_flow(jr.key(0), diagonal_fit(x, 4)), diagonal_flow(x, 4)
    latents = [jax.vmap(flow.bijection.inverse)(x) for flow in (coupling, diagonal)]
    distance = np.linalg.norm(latents[0] - latents[1], axis=1)
    for quantity, value in (("median", np.median(distance)), ("greatest", distance.max()), ("apart", (distance > 0.01).sum())):
        print(quantity, "warm", number(value), sep="\t")


if __name__ == "__main__":
    if sys.argv[1:] == ["--numbers"]:
        sys.exit(print_numbers())
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    for n, noise in ((3000, 0.06), (5000, 0.1)):
        write_rows(folder / f"moons_{n}.tsv", n, noise)
        write_fit(folder / f"moons_{n}_fit.tsv", n, noise)
