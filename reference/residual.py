"""Residual flows, and the numbers of tests/reference/residual.tsv.

The one idea: the network is written as its formula, and everything else is JAX's: J by jacfwd, log |det (I + J)| by
slogdet, a truncated series by powers of J and their traces, every gradient by reverse differentiation of the whole loss.
Nothing is derived by hand.

Papers: Behrmann et al. 2019 (residual blocks, the series), Miyato et al. 2018 (spectral normalisation), Chen et al. 2019
(LipSwish), Perugachi-Diaz et al. 2021 (CLipSwish).

A block is y = x + g(x), g(x) = W'_n h_n + b_n, h_0 = x, h_(l+1) = phi(W'_l h_l + b_l), and W' = W / max(1, sigma / c),
sigma = u^T W v / (|u| |v|), u and v constants, c = L^(1 / number of matrices), less 2^-40 of itself: a margin for rounding.

Invariant: the flat parameters are those of lib/fathom.h: base loc, base raw scale, then block by block W0, b0, beta0, W1,
..., W_n, b_n, then the buffers u0, v0, ..., u_n, v_n and the two words of a key, which nothing here uses.
"""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)

LIPSWISH, CLIPSWISH = 0, 1
EXACT = 0  # terms: the determinant itself


@dataclass(frozen=True)
class Case:
    dim: int
    depth: int
    width: int
    hidden: int
    activation: int
    lipschitz: float
    terms: int      # of the series in the loss; EXACT: the determinant
    rows: int
    gain: float     # of the matrices' random entries: small ones stay below c

    @property
    def shapes(self):
        """[out, in] of each matrix."""
        wide = self.width * (2 if self.activation == CLIPSWISH else 1)
        return [(self.dim if layer == self.hidden else self.width, self.dim if layer == 0 else wide)
                for layer in range(self.hidden + 1)]

    @property
    def limit(self):
        return self.lipschitz ** (1 / (self.hidden + 1)) * (1 - 2**-40)


CASES = (
    Case(2, 1, 4, 1, LIPSWISH, 0.5, EXACT, 5, 1.5),
    Case(2, 1, 4, 2, LIPSWISH, 0.9, EXACT, 5, 1.5),
    Case(2, 1, 4, 2, LIPSWISH, 0.98, EXACT, 5, 4.0),
    Case(2, 1, 3, 2, CLIPSWISH, 0.5, EXACT, 5, 1.5),
    Case(2, 1, 4, 2, CLIPSWISH, 0.9, EXACT, 5, 1.5),
    Case(2, 2, 3, 2, CLIPSWISH, 0.98, EXACT, 5, 4.0),
    Case(2, 1, 3, 0, LIPSWISH, 0.9, EXACT, 3, 1.5),
    Case(2, 1, 1, 3, CLIPSWISH, 0.98, EXACT, 3, 1.5),
    Case(2, 1, 4, 1, LIPSWISH, 0.9, EXACT, 4, 0.2),
    Case(3, 2, 4, 1, LIPSWISH, 0.9, EXACT, 4, 1.5),
    Case(3, 1, 5, 2, CLIPSWISH, 0.98, EXACT, 4, 1.5),
    Case(2, 1, 9, 1, CLIPSWISH, 0.9, EXACT, 4, 1.5),
    Case(2, 1, 4, 2, LIPSWISH, 0.5, 3, 4, 1.5),
    Case(2, 1, 3, 1, CLIPSWISH, 0.98, 10, 4, 1.5),
    Case(3, 2, 3, 2, LIPSWISH, 0.9, 5, 4, 1.5),
    Case(3, 1, 3, 1, CLIPSWISH, 0.9, 40, 4, 1.5),
)

# -------------------------------------------------------------------------------------------------- parameters ----


def unflatten(flat, case):
    """Base, and of each block a list of (W, b, beta, u, v), beta = None in the last layer."""
    at = 0

    def take(*shape):
        nonlocal at
        size = int(np.prod(shape))
        at += size
        return flat[at - size:at].reshape(shape)

    base, blocks = (take(case.dim), take(case.dim)), []
    for _ in range(case.depth):
        layers = [[take(*shape), take(shape[0]), take() if layer < case.hidden else None]
                  for layer, shape in enumerate(case.shapes)]
        blocks.append([(*layer, take(shape[0]), take(shape[1])) for layer, shape in zip(layers, case.shapes)])
        take(2)
    assert at == flat.size
    return base, blocks


def draw_params(case, rng):
    """Singular vectors after a few power iterations of random directions: near the top ones, not at them."""
    parts = [0.3 * rng.standard_normal(case.dim), 0.5 + 0.3 * rng.standard_normal(case.dim)]
    for _ in range(case.depth):
        buffers = []
        for layer, (n_out, n_in) in enumerate(case.shapes):
            w = case.gain * rng.standard_normal((n_out, n_in)) / np.sqrt(n_in)
            parts += [w.ravel(), rng.standard_normal(n_out)]
            parts += [rng.standard_normal(1)] if layer < case.hidden else []
            u = rng.standard_normal(n_out)
            for _ in range(2):
                v = w.T @ u / np.linalg.norm(w.T @ u)
                u = w @ v / np.linalg.norm(w @ v)
            buffers += [u, v]
        parts += [*buffers, np.zeros(2)]
    return np.concatenate(parts)


# ------------------------------------------------------------------------------------------------------- flow ----


def lipswish(x, raw_beta):
    return x * jax.nn.sigmoid(jax.nn.softplus(raw_beta) * x) / 1.1


def activate(x, raw_beta, case):
    if case.activation == LIPSWISH:
        return lipswish(x, raw_beta)
    return jnp.concatenate([lipswish(x, raw_beta), lipswish(-x, raw_beta)]) / 1.004


def normalised(w, u, v, case):
    u, v = jax.lax.stop_gradient((u / jnp.linalg.norm(u), v / jnp.linalg.norm(v)))
    return w / jnp.maximum(1.0, u @ w @ v / case.limit)


def network(x, layers, case):
    for w, b, raw_beta, u, v in layers:
        x = normalised(w, u, v, case) @ x + b
        x = x if raw_beta is None else activate(x, raw_beta, case)
    return x


def log_det_of(jacobian, terms):
    if terms == EXACT:
        return jnp.linalg.slogdet(jnp.eye(len(jacobian)) + jacobian)[1]

    def add_term(carry, k):
        power, value = carry[0] @ jacobian, carry[1]
        return (power, value - (-1.0) ** k * jnp.trace(power) / k), None

    (_, value), _ = jax.lax.scan(add_term, (jnp.eye(len(jacobian)), 0.0), jnp.arange(1, terms + 1))
    return value


def forward(x, blocks, case, terms):
    log_det = 0.0
    for layers in blocks:
        jacobian = jax.jacfwd(lambda x: network(x, layers, case))(x)
        log_det += log_det_of(jacobian, terms)
        x = x + network(x, layers, case)
    return x, log_det


def score(x, flat, case, terms):
    """z, log-det and log p of one row."""
    (loc, raw_scale), blocks = unflatten(flat, case)
    z, log_det = forward(x, blocks, case, terms)
    return z, log_det, jax.scipy.stats.norm.logpdf(z, loc, jax.nn.softplus(raw_scale)).sum() + log_det


def loss(flat, rows, case):
    return -jnp.mean(jax.vmap(lambda x: score(x, flat, case, case.terms)[2])(rows))


# ------------------------------------------------------------------------------------------------------- text ----


@partial(jax.jit, static_argnums=2)
def evaluate(flat, rows, case):
    return *jax.vmap(lambda x: score(x, flat, case, EXACT))(rows), *jax.value_and_grad(loss)(flat, rows, case)


def case_text(number, case):
    rng = np.random.default_rng(number)
    flat, rows = draw_params(case, rng), 1.5 * rng.standard_normal((case.rows, case.dim))
    z, log_det, logp, value, gradient = map(np.asarray, evaluate(flat, rows, case))

    def line(*values):
        return "\t".join(f"{v:.17g}" for v in values) + "\n"

    head = [case.dim, case.depth, case.width, case.hidden, case.activation, case.lipschitz, case.terms, case.rows]
    text = line(*head, flat.size, value)
    text += "".join(line(p, g) for p, g in zip(flat, gradient))
    return text + "".join(line(*x, *y, d, s) for x, y, d, s in zip(rows, z, log_det, logp))


def text():
    """Case by case: a line of ten numbers, a line per parameter, a line per row."""
    head = ("# case: D, blocks, width, hidden layers, activation (0 LipSwish, 1 CLipSwish), L, terms of the loss's series"
            " (0 exact), rows, parameters, loss; then parameter, d loss / d parameter; then x (D), z (D), exact log-det,"
            " log p\n")
    return head + "".join(case_text(number, case) for number, case in enumerate(CASES))
