"""Training, twice: step by step from Python as the notebook does it, and as one compiled loop.

The one idea: both do the same work in the same order (batch rows from the key stream, gradient of the batch's mean
negative log-likelihood, clip by global norm, Adam on a one-cycle cosine schedule); they differ only in who turns the
crank.  Their results agree to round-off for the first steps and part company after some hundreds, because training
amplifies round-off.
"""

import equinox as eqx
import jax
import jax.random as jr
import optax

from flows import flatten, loss, partition

STEPS, PEAK_LR, CLIP, BATCH, BATCH_SEED = 1200, 3e-3, 1.0, 512, 1  # the notebook's


def optimiser(steps=STEPS, peak_lr=PEAK_LR, clip=CLIP):
    adam = optax.adam(optax.cosine_onecycle_schedule(steps, peak_lr))
    return adam if clip is None else optax.chain(optax.clip_by_global_norm(clip), adam)


def train_as_written(flow, x, *, steps=STEPS, peak_lr=PEAK_LR, clip=CLIP, batch=BATCH, seed=BATCH_SEED):
    """The notebook's loop: Python splits the key, draws the rows and calls one compiled step."""
    params, static = partition(flow)
    opt = optimiser(steps, peak_lr, clip)
    state = opt.init(params)

    @eqx.filter_jit
    def step(params, state, rows):
        value, gradient = eqx.filter_value_and_grad(lambda p: loss(p, static, rows))(params)
        updates, state = opt.update(gradient, state)
        return eqx.apply_updates(params, updates), state, value

    key = jr.key(seed)
    for _ in range(steps):
        key, step_key = jr.split(key)
        params, state, _ = step(params, state, x[jr.randint(step_key, (batch,), 0, x.shape[0])])
    return eqx.combine(params, static)


def batch_keys(seed, steps):
    """The keys that the loop above draws its rows with, [steps]."""
    def advance(key, _):
        key, step_key = jr.split(key)
        return key, step_key
    return jax.lax.scan(advance, jr.key(seed), length=steps)[1]


def scan_function(flow, x, *, steps=STEPS, peak_lr=PEAK_LR, clip=CLIP, batch=BATCH, seed=BATCH_SEED, run_steps=None):
    """(flat parameters, function from them to (trained parameters, batch losses, gradient norms before the clip)).

    All steps are one lax.scan, to be compiled as a whole.  Parameters are one flat vector, so that clip and Adam are
    one loop each instead of one a leaf; all rows are drawn ahead.  run_steps: stop early on the same schedule.
    """
    flat, rebuild = flatten(flow)
    opt = optimiser(steps, peak_lr, clip)
    run_steps = steps if run_steps is None else run_steps

    def run(flat):
        rows = jax.vmap(lambda key: jr.randint(key, (batch,), 0, x.shape[0]))(batch_keys(seed, run_steps))

        def step(carry, rows):
            flat, state = carry
            value, gradient = jax.value_and_grad(lambda p: loss(*partition(rebuild(p)), x[rows]))(flat)
            updates, state = opt.update(gradient, state)
            return (flat + updates, state), (value, optax.global_norm(gradient))

        (trained, _), (losses, norms) = jax.lax.scan(step, (flat, opt.init(flat)), rows)
        return trained, losses, norms

    return flat, run
