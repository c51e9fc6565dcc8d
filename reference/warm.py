"""The sibling notebooks' warm start ("05 - RBIG warm-start for coupling flows", "06 - Coupling <-> diagonal equivalence"),
made again over flowjax, JAX and scikit-learn.

The one idea: iterative Gaussianization (Laparra, Camps-Valls & Malo 2011) gives each block principal axes and each
coordinate a mixture of Gaussians; a coupling whose last weights are 0 and whose last biases are that mixture is the
diagonal map itself.  Invariant: as the notebooks have it, the fit sees the rows in single precision and hands its
mixtures on in single precision; all else is double.  F is clipped to [1e-6, 1 - 1e-6], the log-determinant ignores the
clip, and the rotations of a warm start are free matrices that count log|det| = 0.
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

from flows import HouseholderRotation

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
    """y = M x, log|det| counted as 0.  M is a parameter like any other."""

    matrix: jax.Array
    shape: tuple[int, ...] = (2,)
    cond_shape: ClassVar[None] = None

    def transform_and_log_det(self, x, condition=None):
        return self.matrix @ x, jnp.zeros(())

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


def diagonal_fit(x, depth, precision=single):
    """A list of (matrix, coordinate 0's mixture, coordinate 1's), block by block; the rows go on through the mixtures as
    a coupling has them, in single precision or as `precision` has it.  A mixture: (weights, means, deviations)."""
    rows, blocks = precision(x), []
    for block in range(depth):
        matrix = principal_axes(rows)
        rows = np.asarray(jax.vmap(lambda row: matrix @ row)(jnp.asarray(rows)))
        mixtures = [fitted_mixture(rows[:, d], 1000 * block + d) for d in range(2)]
        columns = []
        for d, (weight, mean, sd) in enumerate(mixtures):
            sd = precision(np.exp(LOG_SCALE_MAX * np.tanh(raw_of(sd)))) if precision is single else sd
            columns.append(clipped_quantile(precision(weight), precision(mean), sd, jnp.asarray(rows[:, d])[:, None]))
        rows = np.stack([np.asarray(c) for c in columns], axis=1)
        blocks.append((matrix, *mixtures))
    return blocks


def warm_flow(key, blocks, *, width=WIDTH, hidden=HIDDEN):
    """The fit as a coupling flow: a conditioner's last weights are 0, its last biases a mixture."""
    bijections = []
    for block_key, (matrix, *mixtures) in zip(jr.split(key, len(blocks)), blocks):
        bijections.append(Matrix(matrix))
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


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    for n, noise in ((3000, 0.06), (5000, 0.1)):
        write_rows(folder / f"moons_{n}.tsv", n, noise)
        write_fit(folder / f"moons_{n}_fit.tsv", n, noise)
