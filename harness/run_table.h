/* run_table.h - the one writer of tables with a row per run.
 *
 * A column's name determines what is in it, and means the same in every table:
 *
 *   coupling depth actnorm lr clip seed replica   what the run is; clip is a number or "none"
 *   mixing          what of rotations and flips its blocks have: "full", "no-flips", "no-rotations", "none"
 *   rotation        "householder", "frozen" or "free" (fathom_rotation)
 *   start           "cold", "rotations" or "warm" (fathom_start)
 *   components      of the mixtures: of a mixture coupling, and of a start that is fitted
 *   block           "coupling" or "residual"
 *   lipschitz       L, what training keeps the Lipschitz number of a residual block below
 *   log_det terms stop   how training computes a residual block's log |det J| (fathom_residual.h)
 *   certified by_power before banach_steps    of a trained residual flow (certified.h); nan of any other
 *   data rows       the data set's name, or "file"; how many training rows
 *   steps flops     of the training; floating-point operations of all its steps (fathom_train_flops)
 *   width bins      of its conditioners and its splines: what --width and --bins set
 *   stabiliser      "clip", "skip", "olmo", "zclip", "agc", "amsgrad", "beta2" or "rewind" (fathom_stabiliser_name)
 *   arm             the name of its arm in the experiment's design
 *   n_params        trainable parameters
 *   untrained_logp  mean log p of the training rows before training [nats]
 *   warm_distance   root mean square, coupling by coupling, of the warm start's difference from the diagonal solution of
 *                   iterative Gaussianization (fathom_flow_warm_start); nan if the start is not warm
 *   grad_norm       global norm of the gradient over the first 1000 training rows before training
 *   status          "ok"; "diverged": a batch loss or gradient norm was not finite; "ruined": trained, but a score is not
 *                   finite, or the held-out rows' (without such rows the training rows') is below that of the Gaussian
 *                   with the training rows' mean and covariance; "degenerate": ActNorm from data could not begin
 *   diverged_at     the first step whose loss or gradient norm was not finite, else nan
 *   skipped         steps that the stabiliser left out
 *   acted           part of the steps begun on which the stabiliser acted (fathom_train_result)
 *   first_kind      what was not finite first: "scale-underflow", "latent-overflow" or "gradient-overflow", else "none"
 *   first_layer     in which layer of the stack, from 0, flips included; the number of layers: the base; else nan
 *   first_rows      and in how many rows of the batch, else nan
 *   update_rms      the effective step: root mean square, over all parameters and updates, of the change divided by the
 *                   rate of its step; nan if not measured
 *   train_logp heldout_logp    mean log p after training [nats]
 *   test_logp                  heldout_logp, where validation rows choose
 *   validation_logp            the same of the validation rows, which choose; nan unless the design measures it
 *   kept_step                  steps after which the parameters were as they are scored, if validation rows choose
 *                              them (struct run, evaluate_every); nan otherwise
 *   inverse_error condition_number dead_units dead_units_last    of the trained flow (health.h); nan as well
 *   pit_ks pit_p               of the trained flow on the held-out rows, without such rows the training rows
 *   coverage_50 coverage_90 coverage_99 energy_distance energy_sd    (flow_checks.h); nan as well
 *   untrained_inverse_error untrained_condition_number         of the untrained flow
 *   train_truth heldout_truth  mean log p of the true density over the same rows [nats]
 *   kl kl_std_error            KL(truth || flow) by the held-out rows, and its standard error [nats]
 *   params_sha256   the first 16 hexadecimal digits of the SHA-256 of the trained parameters (sha256_doubles): two
 *                   machines whose runs parted differ here; "-" of a run that diverged
 */
#ifndef RUN_TABLE_H
#define RUN_TABLE_H

#include "experiment.h"

/* A row per run, in the order of the runs.  A column that is not in the list above is a fault of the experiment's
 * file, and ends the program. */
void run_table_fill(struct table *table, const struct outcome *outcome);

/* The next cells of a row that a function fills: those of one run, by names of the list above, separated by one blank, but
 * those of the true density.  result: may be NULL if none of the names is one of a result. */
void run_table_put(struct table *table, const char *names, const struct run *run, const struct run_result *result,
                   const struct session *session);

/* The cell of a column params_sha256, for tables that are filled otherwise. */
void run_table_hash(struct table *table, const struct sha256 *hash);

#endif
