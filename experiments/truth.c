/* truth.c - the spiral's own density at the rows of a setup (truth.h). */
#include "truth.h"

#include <math.h>
#include <stdlib.h>

#include "leave.h"
#include "runner.h"

static double *log_density(double *mean, const fathom_dataset *data, const fathom_dataset *frame)
{
    double *logp = malloc(data->n * sizeof *logp);
    if (!logp)
        leave_failed("not enough memory for the true density of %zu rows", data->n);
    fathom_spiral_log_density(logp, data->x, frame, data->n);
    *mean = runner_mean(logp, data->n);
    return logp;
}

struct truth truth_of(const struct setup *setup)
{
    struct truth truth = {.train_mean = NAN, .heldout_mean = NAN};
    if (!setup->options->data) {
        truth.train = log_density(&truth.train_mean, &setup->train, &setup->train);
        truth.heldout = log_density(&truth.heldout_mean, &setup->heldout, &setup->train);
    }
    return truth;
}

void truth_free(struct truth *truth)
{
    free(truth->train);
    free(truth->heldout);
    *truth = (struct truth){.train_mean = NAN, .heldout_mean = NAN};
}
