/* kept_params.c - the parameters that fit the validation rows best so far (kept_params.h). */
#include "kept_params.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"

static void *need(void *memory)
{
    if (!memory)
        exit_failed("not enough memory");
    return memory;
}

struct kept_params kept_params_new(size_t every, size_t steps, const struct session *rows, const fathom_flow *flow,
                                   const fathom_trainer *trainer)
{
    struct kept_params kept = { .every = every };
    if (every == 0)
        return kept;
    kept.last = steps - 1;
    kept.rows = rows;
    kept.trainer = trainer;
    kept.n_params = fathom_flow_n_params(flow);
    kept.workspace = need(fathom_workspace_new(flow, rows->options->isa));
    kept.params = need(malloc(kept.n_params * sizeof *kept.params));
    return kept;
}

void kept_params_free(struct kept_params *kept)
{
    fathom_workspace_free(kept->workspace);
    free(kept->params);
}

/* Mean log p of the validation rows. */
static double score_of(const struct kept_params *kept, const double *params)
{
    const fathom_dataset *rows = &kept->rows->validation;
    double               *logp = need(malloc(rows->n * sizeof *logp));
    if (fathom_flow_log_prob(logp, kept->workspace, params, rows->x, rows->n) != FATHOM_OK)
        exit_failed("not enough memory");
    const double score = fathom_sum(logp, rows->n) / (double)rows->n;
    free(logp);
    return score;
}

void kept_params_look(struct kept_params *kept, size_t step)
{
    if (kept->every == 0 || ((step + 1) % kept->every != 0 && step != kept->last))
        return;
    const double *params = fathom_trainer_params(kept->trainer);
    const double  score = score_of(kept, params);
    if (isfinite(score) && (kept->kept_step == 0 || score > kept->score)) {
        memcpy(kept->params, params, kept->n_params * sizeof *params);
        kept->score = score;
        kept->kept_step = step + 1;
    }
}
