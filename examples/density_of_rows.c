/* density_of_rows.c - the density of a file of rows, with libfathom alone: read, train, score, draw.
 *
 *   density_of_rows FILE      plain text, numbers in columns, as `--data` of the programs takes it
 *
 * It holds out a fifth of the rows at random and trains a spline flow of depth 4 on the others, with the notebook's
 * settings.  It prints the mean log p [nats] of both parts, in the rows' own units, and ten draws from the flow. */
#include <fathom.h>
#include <math.h>
#include <stdlib.h>

static void need(int condition, const char *message)
{
    if (!condition) {
        fprintf(stderr, "density_of_rows: %s\n", message);
        exit(1);
    }
}

/* Mean log p of the rows in their own units: x = (raw - mean) / sd, so log p(raw) = log p(x) - sum log sd. */
static double mean_log_prob(fathom_workspace *workspace, const double *params, const fathom_dataset *rows)
{
    double *logp = malloc(rows->n * sizeof *logp), log_sd = 0;
    need(logp && fathom_flow_log_prob(logp, workspace, params, rows->x, rows->n) == FATHOM_OK, "not enough memory");
    const double mean = fathom_sum(logp, rows->n) / (double)rows->n;
    for (size_t d = 0; d < rows->dim; d++)
        log_sd += log(rows->sd[d]);
    free(logp);
    return mean - log_sd;
}

int main(int argc, char **argv)
{
    enum { DRAWS = 10 };
    FILE          *in = argc == 2 ? fopen(argv[1], "r") : NULL;
    fathom_dataset train, heldout;
    fathom_error   error;
    need(in != NULL, "takes one file of rows that can be opened");

    fathom_read_options reading = fathom_read_options_default();
    reading.heldout = 0.2;
    need(fathom_dataset_read(&train, &heldout, NULL, in, argv[1], &reading, &error) == FATHOM_OK, error.text);
    need(heldout.n > 0, "a fifth of the rows is no row");
    fclose(in);

    fathom_config config = fathom_config_default();
    config.dim = train.dim;
    config.depth = 4;
    fathom_flow *flow = fathom_flow_new(&config, NULL, &error);
    need(flow != NULL, error.text);

    const fathom_train_options training = fathom_train_options_default();
    const fathom_isa          *isa = fathom_isa_find(NULL);
    double                    *params = malloc(fathom_flow_n_params(flow) * sizeof *params);
    uint32_t                  *batches = malloc(training.steps * training.batch * sizeof *batches);
    need(isa != NULL, "this processor has no fused multiply-add");
    need(params && batches, "not enough memory");
    fathom_flow_init(params, flow, fathom_key_from_seed(0));
    fathom_batches(batches, 1, 0, training.steps, training.batch, train.n);

    fathom_trainer *trainer = fathom_trainer_new(flow, isa, params, &training, train.x, NULL, train.n);
    need(trainer != NULL, "not enough memory");
    const fathom_train_result result = fathom_train(trainer, NULL, NULL, batches, NULL, NULL);
    need(result.status == FATHOM_OK, fathom_status_name(result.status));

    fathom_workspace *workspace = fathom_trainer_workspace(trainer);
    const double     *trained = fathom_trainer_params(trainer);
    printf("mean log p of %zu training rows: %.6f\n", train.n, mean_log_prob(workspace, trained, &train));
    printf("mean log p of %zu held-out rows: %.6f\n", heldout.n, mean_log_prob(workspace, trained, &heldout));

    double *draw = malloc(DRAWS * train.dim * sizeof *draw);
    need(draw && fathom_flow_sample(draw, workspace, trained, fathom_key_from_seed(2), DRAWS) == FATHOM_OK,
         "not enough memory");
    for (size_t i = 0; i < DRAWS * train.dim; i++)
        printf("%.6g%c", train.mean[i % train.dim] + train.sd[i % train.dim] * draw[i],
               i % train.dim + 1 < train.dim ? '\t' : '\n');

    free(draw), free(params), free(batches);
    fathom_trainer_free(trainer), fathom_flow_free(flow);
    fathom_dataset_free(&train), fathom_dataset_free(&heldout);
}
