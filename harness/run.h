/* run.h - a run and its result.
 *
 * A run is a flow, its training, a seed and a replica: all that its result depends on, beside the rows and batches
 * that every run shares.
 */
#ifndef RUN_H
#define RUN_H

#include "certified.h"
#include "flow_checks.h"
#include "health.h"
#include "session.h"
#include "sha256.h"

struct run {
    fathom_config         flow;
    fathom_train_options  training; /* steps and batch: the session's                                              */
    uint64_t              seed;     /* key of the initial parameters                                             */
    fathom_start          start;    /* from the training rows: initial_params.h                                  */
    size_t                replica;  /* r > 0: initial parameters times 1 + 1e-15 normal(key(1000 + r))            */
    const char           *arm;      /* what distinguishes it from runs alike in all else; may be NULL            */
    bool                  probe;    /* measure the untrained flow                                                */
    bool                  train;
    bool                  validation, health; /* of the trained flow: the score on the validation rows; health.h */
    bool                  checks; /* of the trained flow on session_test_rows: flow_checks.h, draws by the seed   */
    bool                  keep_trace, keep_params;
    bool                  untrained_health; /* health.h of the initial parameters                                     */
    size_t                evaluate_every;   /* > 0: the validation log p is taken each so many steps and after the last
                                            one, and the parameters with the highest, the first of equals, are those of
                                            the trained flow; 0: the last ones are                                 */
    const struct session *rows;          /* of session_open_rows; NULL: the program's own                            */
    const double         *heldout_truth; /* [held-out rows], the true log density of each; NULL: no kl           */
};

enum { PROBE_ROWS = 1000 }; /* the notebook's: the gradient of the first 1000 rows, or of all if there are fewer */

/* NaN: not measured, no held-out rows, or no number because the run diverged. */
struct run_result {
    size_t             n_params;
    double             untrained_logp;      /* probe: mean log p of all training rows                    */
    double             untrained_grad_norm; /* probe: global norm of the gradient over PROBE_ROWS        */
    fathom_status      status;              /* FATHOM_OK; FATHOM_DIVERGED: a batch loss or gradient norm was not finite;
                                          FATHOM_RUINED: trained, but a score is not finite, or that of
                                          session_test_rows is below the Gaussian's; FATHOM_DEGENERATE: what came to
                                          a deeper block's ActNorm from data did not vary, and the run was not
                                          begun                                                      */
    double             diverged_at;         /* first step whose loss or gradient norm was not finite     */
    size_t             skipped;             /* steps that the stabiliser left out                        */
    double             acted;               /* part of the steps begun on which it acted                 */
    fathom_first_kind  first_kind;          /* what was not finite first, at diverged_at                 */
    double             first_layer;         /* in which layer of the stack, from 0 ...                   */
    double             first_rows;          /* ... and in how many rows of the batch                     */
    double             update_rms;          /* training.measure_steps: rms of an update / its rate       */
    double             train_logp;          /* trained: of the training rows                             */
    double             heldout_logp;        /* trained: of the held-out rows                             */
    double             validation_logp;     /* validation: of the validation rows                        */
    struct health      health;              /* health: other measures of the trained flow     */
    struct certified   certified;           /* trained residual flows: their Lipschitz numbers           */
    struct flow_checks checks;              /* checks: is its density that of session_test_rows?         */
    struct health      untrained_health;    /* untrained_health: inverse error and condition number      */
    double             warm_distance;       /* of the start from the diagonal solution (fathom_warm.h); NaN: not warm */
    double             kept_step;           /* evaluate_every: steps after which the kept parameters were */
    double             kl, kl_std_error;    /* heldout_truth: mean of log truth - log flow over those rows */
    double            *loss, *grad_norm;    /* keep_trace: [steps]                                       */
    double            *params;              /* keep_params: [n_params], trained; NULL if there are none  */
    bool               has_trace, has_params; /* trained; FATHOM_OK or FATHOM_RUINED: there is such a hash */
    struct sha256      trace_hash;            /* of loss, then grad_norm; all zero if there is none        */
    struct sha256      params_hash;           /* of the trained parameters; all zero if there are none     */
    double             seconds;               /* that the run took: for timings, never for a result        */
};

#endif
