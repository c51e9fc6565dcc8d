/* point.c - a trainer of one shape (point.h). */
#include "point.h"

#include <stdlib.h>
#include <string.h>

/* As the notebook has 3000 rows for a batch of 512. */
enum { ROWS_PER_BATCH = 6, STEPS = 64 };

void point_step(void *c)
{
    struct point *p = c;
    double        loss, norm;
    fathom_trainer_step(p->trainer, &loss, &norm, p->rows + p->n_steps++ % STEPS * p->batch);
}

void point_close(struct point *p)
{
    fathom_trainer_free(p->trainer);
    fathom_flow_free(p->flow);
    free(p->x);
    free(p->rows);
    *p = (struct point){ .flow = NULL };
}

/* x: [n][dim].  false: not enough memory. */
static bool draw_rows(double *x, size_t dim, size_t n)
{
    fathom_dataset spiral;
    if (dim != 2) {
        fathom_normal(x, fathom_key_from_seed(5), n * dim);
        return true;
    }
    if (fathom_spiral(&spiral, 0, n, NULL) != FATHOM_OK)
        return false;
    memcpy(x, spiral.x, dim * n * sizeof *x);
    fathom_dataset_free(&spiral);
    return true;
}

void point_open(struct point *p, const fathom_isa *isa, const fathom_config *config, size_t batch)
{
    fathom_train_options options = fathom_train_options_default();
    const size_t         n = ROWS_PER_BATCH * batch;
    options.batch = batch;
    options.steps = 100000;
    *p = (struct point){ .flow = fathom_flow_new(config, NULL, NULL),
                         .x = malloc(n * config->dim * sizeof(double)),
                         .n = n,
                         .rows = malloc(STEPS * batch * sizeof(uint32_t)),
                         .batch = batch };
    double *params = p->flow ? malloc(fathom_flow_n_params(p->flow) * sizeof *params) : NULL;
    if (params && p->x && p->rows && draw_rows(p->x, config->dim, n)) {
        fathom_batches(p->rows, 1, 0, STEPS, batch, n);
        fathom_flow_init(params, p->flow, fathom_key_from_seed(0));
        p->trainer = fathom_trainer_new(p->flow, isa, params, &options, p->x, NULL, n);
    }
    free(params);
    if (!p->trainer)
        point_close(p);
}
