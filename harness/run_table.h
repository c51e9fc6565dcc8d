/* run_table.h - the one writer of tables with a row per run.
 *
 * A column's name says what is in it, and means the same in every table:
 *
 *   coupling depth actnorm lr clip seed replica   what the run is; clip is a number or "none"
 *   mixing          what of rotations and flips its blocks have: "full", "no-flips", "no-rotations", "none"
 *   width bins      of its conditioners and its splines: what --width and --bins set
 *   guard           "skip" if steps that are not finite are left out, otherwise "none"
 *   arm             the name of its arm in the experiment's design
 *   n_params        trainable parameters
 *   untrained_logp  mean log p of the training rows before training [nats]
 *   grad_norm       global norm of the gradient over the first 1000 training rows before training
 *   status          "ok" or "diverged"
 *   diverged_at     the first step whose loss or gradient norm was not finite, else nan
 *   skipped         steps that were left out
 *   train_logp heldout_logp    mean log p after training [nats]
 *   train_truth heldout_truth  mean log p of the true density over the same rows [nats]
 *   update_rms      the effective step: rms of a parameter's change in an update, divided by the step's rate; the mean
 *                   over the run's updates
 *   kl kl_std_error            KL(truth || flow) by the held-out rows, and its standard error [nats]
 *   params_sha256   the first 16 hexadecimal digits of the SHA-256 of the trained parameters (sha256_doubles): two
 *                   machines whose runs parted differ here; "-" of a run that did not end well
 */
#ifndef RUN_TABLE_H
#define RUN_TABLE_H

#include "experiment.h"

/* A row per run, in the order of the runs.  A column that is not in the list above is a fault of the experiment's
 * file, and ends the program. */
void run_table_fill(struct table *table, const struct outcome *outcome);

/* The cell of a column params_sha256, for tables that are filled otherwise. */
void run_table_hash(struct table *table, const struct sha256 *hash);

#endif
