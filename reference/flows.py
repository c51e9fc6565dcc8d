"""The notebook's dataset, flows and loss, in the notebook's own stack.

The one idea: everything here is flowjax as published, and the few bijections that the notebook takes from its own
`gauss_flows` package are made again in a few lines over flowjax.  Invariant: a flow's inexact arrays, in the order of
its pytree, are the flat parameter vector of the tests: base loc, base raw scale, then block by block
[ActNorm loc, raw scale], rotation vectors, conditioner 1, conditioner 2; a conditioner is W0, b0, W1, b1, ...

Papers: Householder reflections, Tomczak & Welling 2016; coupling layers, Dinh et al. 2017; rational-quadratic
splines, Durkan et al. 2019; ActNorm, Kingma & Dhariwal 2018.
"""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
from flowjax.bijections import AbstractBijection, Affine, Chain, Coupling, Flip, Invert, RationalQuadraticSpline
from flowjax.distributions import Normal, Transformed
from jax.flatten_util import ravel_pytree

jax.config.update("jax_enable_x64", True)

# ------------------------------------------------------------------------------------------------- dataset ----


def spiral_points(seed, n):
    """Two arms, t (cos 2.5t, sin 2.5t) and its mirror image, blurred by 0.08.  [n][2], NumPy."""
    rng = np.random.default_rng(seed)
    t = rng.uniform(0.5, 3.5, n)
    arm = (2 * rng.integers(0, 2, n) - 1)[:, None]
    curve = np.stack([t * np.cos(2.5 * t), t * np.sin(2.5 * t)], axis=1)
    return arm * curve + 0.08 * rng.standard_normal((n, 2))


def spiral(seed=0, n=3000):
    """The rows that the notebook trains on: the points, standardised.  [n][2], NumPy."""
    xy = spiral_points(seed, n)
    return (xy - xy.mean(0)) / xy.std(0)


def spiral_heldout(seed=0, n=3000, rows=20000):
    """Points of the next seed in the coordinates of spiral(seed, n).  [rows][2], NumPy."""
    frame = spiral_points(seed, n)
    return (spiral_points(seed + 1, rows) - frame.mean(0)) / frame.std(0)


# --------------------------------------------------------------------------------------------- bijections ----


class HouseholderRotation(AbstractBijection):
    """Reflections x -> x - 2 u (u.x), u = v/|v|, one a row v of `params` [n_reflections][D], the first row first.

    Every reflection is its own inverse and has |det| = 1, so the inverse is the same reflections backwards.
    """

    params: jax.Array
    shape: tuple[int, ...]
    cond_shape: ClassVar[None] = None

    def __init__(self, params):
        self.params = params
        self.shape = (params.shape[1],)

    @staticmethod
    def _reflect(x, v):
        u = v / jnp.linalg.norm(v)
        return x - 2 * u * jnp.dot(u, x)

    def transform_and_log_det(self, x, condition=None):
        for v in self.params:
            x = self._reflect(x, v)
        return x, jnp.zeros(())

    def inverse_and_log_det(self, y, condition=None):
        for v in self.params[::-1]:
            y = self._reflect(y, v)
        return y, jnp.zeros(())


class ActNorm(AbstractBijection):
    """y = (x - loc) / s, coordinate by coordinate, s = softplus(raw_scale) + 1e-5.

    As constructed, loc = raw_scale = 0 and s = 0.6931...: a gain of 1.44 a block, which is what "default" means.
    """

    loc: jax.Array
    raw_scale: jax.Array
    shape: tuple[int, ...]
    cond_shape: ClassVar[None] = None

    def __init__(self, dim):
        self.loc = jnp.zeros(dim)
        self.raw_scale = jnp.zeros(dim)
        self.shape = (dim,)

    @property
    def scale(self):
        return jax.nn.softplus(self.raw_scale) + 1e-5

    def transform_and_log_det(self, x, condition=None):
        return (x - self.loc) / self.scale, -jnp.log(self.scale).sum()

    def inverse_and_log_det(self, y, condition=None):
        return y * self.scale + self.loc, jnp.log(self.scale).sum()


def spline_coupling(key, dim=2, *, n_bins=8, interval=4.0, nn_width=24, nn_depth=2):
    """`n_bins` is flowjax's `knots`, its count of inner knots: the spline has n_bins + 1 bins."""
    spline = RationalQuadraticSpline(knots=n_bins, interval=interval)
    return Coupling(key, transformer=spline, untransformed_dim=dim // 2, dim=dim, nn_width=nn_width, nn_depth=nn_depth)


def affine_coupling(key, dim=2, *, nn_width=24, nn_depth=2):
    return Coupling(key, transformer=Affine(), untransformed_dim=dim // 2, dim=dim, nn_width=nn_width,
                    nn_depth=nn_depth)


COUPLINGS = {"spline": spline_coupling, "affine": affine_coupling}

# --------------------------------------------------------------------------------------------------- flow ----


def build(key, depth, *, coupling="spline", actnorm=False, dim=2):
    """`depth` blocks of [ActNorm], rotation, coupling, flip, coupling, flip; data -> latent in this order."""
    make_coupling = COUPLINGS[coupling]
    bijections = []
    for block_key in jr.split(key, depth):
        rotation_key, key_1, key_2 = jr.split(block_key, 3)
        if actnorm:
            bijections.append(ActNorm(dim))
        bijections += [
            HouseholderRotation(jr.normal(rotation_key, (2, dim))),
            make_coupling(key_1, dim), Flip(shape=(dim,)),
            make_coupling(key_2, dim), Flip(shape=(dim,)),
        ]
    return Transformed(Normal(jnp.zeros(dim)), Invert(Chain(bijections)))


def actnorm_from_data(flow, rows):
    """Each ActNorm set to mean and deviation of its own input, as `rows` pass through all that stands before it."""
    bijections, x = [], jnp.asarray(rows)
    for bijection in flow.bijection.bijection.bijections:
        if isinstance(bijection, ActNorm):
            s = x.std(0) - 1e-5
            raw_scale = jnp.log(-jnp.expm1(-s)) + s  # softplus^-1
            bijection = eqx.tree_at(lambda b: (b.loc, b.raw_scale), bijection, (x.mean(0), raw_scale))
        bijections.append(bijection)
        x = jax.vmap(bijection.transform)(x)
    return eqx.tree_at(lambda f: f.bijection.bijection.bijections, flow, tuple(bijections))


def latent_and_log_det(flow, x):
    """z [n][D] and log-det [n] of the blocks alone, before the base's own loc and scale.  x: [n][D]."""
    return jax.vmap(flow.bijection.inverse_and_log_det)(x)


# ------------------------------------------------------------------------------------- parameters and loss ----


def partition(flow):
    """(parameters, the rest): everything that is an array of floats is trained."""
    return eqx.partition(flow, eqx.is_inexact_array)


def flatten(flow):
    """(flat parameter vector, function from such a vector back to a flow)."""
    params, static = partition(flow)
    flat, unravel = ravel_pytree(params)
    return flat, lambda vector: eqx.combine(unravel(vector), static)


def perturb(flow, replica):
    """Round-off as a random draw: parameters times 1 + 1e-15 N(0, 1); replica 0 is the flow itself."""
    if replica == 0:
        return flow
    flat, rebuild = flatten(flow)
    return rebuild(flat * (1 + 1e-15 * jr.normal(jr.key(1000 + replica), flat.shape)))


def loss(params, static, x):
    """Mean negative log-likelihood of the rows x, in nats."""
    return -jnp.mean(jax.vmap(eqx.combine(params, static).log_prob)(x))


def mean_log_prob(flow, x):
    return float(jax.vmap(flow.log_prob)(x).mean())


def gradient_norm(flow, x):
    """Global norm of the loss's gradient, operation by operation, as the notebook has it: nothing is compiled."""
    params, static = partition(flow)
    return float(optax.global_norm(eqx.filter_grad(lambda p: loss(p, static, x))(params)))
