/* sibling.c - rows, mixtures and the warm start of the sibling notebooks (sibling.h). */
#include "sibling.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "elementary.h"
#include "exit.h"
#include "reference.h"

enum { K = SIBLING_COMPONENTS, WIDTH = 64, HIDDEN = 2, OUTPUTS = 3 * K };

static const double LOG_SCALE_MAX = 5.0; /* sigma = exp(5 tanh raw) */
static const double HALF_LOG_2_PI = 0.91893853320467274178;

/* ---------------------------------------------------------------------------------------------------- files ---- */

static struct table *read_rows(const char *name, size_t rows)
{
    struct table *table = reference_read(name);
    if (table_rows(table) != rows)
        exit_failed("reference/%s.tsv: %zu rows instead of %zu", name, table_rows(table), rows);
    return table;
}

struct sibling_moons sibling_moons_read(size_t n)
{
    char                 name[64];
    struct sibling_moons moons = { .x = malloc(2 * n * sizeof(double)), .n = n };
    if (!moons.x)
        exit_failed("not enough memory for %zu rows", n);
    snprintf(name, sizeof name, "moons_%zu", n);
    struct table *rows = read_rows(name, n);
    for (size_t i = 0; i < n; i++) {
        moons.x[2 * i] = reference_number(rows, i, "x0");
        moons.x[2 * i + 1] = reference_number(rows, i, "x1");
    }
    table_free(rows);
    snprintf(name, sizeof name, "moons_%zu_fit", n);
    struct table *fit = read_rows(name, SIBLING_BLOCKS * 2 * K);
    for (size_t row = 0; row < SIBLING_BLOCKS * 2 * K; row++) {
        struct sibling_block *block = &moons.block[row / (2 * K)];
        const size_t          d = row / K % 2, k = row % K;
        block->axes[d][0] = reference_number(fit, row, "axis0");
        block->axes[d][1] = reference_number(fit, row, "axis1");
        block->bias[d][k] = reference_number(fit, row, "logit");
        block->bias[d][K + k] = reference_number(fit, row, "mean");
        block->bias[d][2 * K + k] = reference_number(fit, row, "raw");
    }
    table_free(fit);
    return moons;
}

void sibling_moons_free(struct sibling_moons *moons)
{
    free(moons->x);
    *moons = (struct sibling_moons){ 0 };
}

/* ----------------------------------------------------------------------------------------------------- flow ---- */

fathom_config sibling_config(const char *coupling, fathom_rotation rotation)
{
    fathom_config config = fathom_config_default();
    config.coupling = coupling;
    config.depth = SIBLING_BLOCKS;
    config.components = K;
    config.width = WIDTH;
    config.hidden = HIDDEN;
    config.rotation = rotation;
    return config;
}

/* The hidden layers as equinox draws them (layer_coupling.c), last weights 0, last biases as given.  Returns the end. */
static double *write_coupling(double *params, const double *bias, fathom_key key)
{
    fathom_key layer_key[HIDDEN + 1], pair[2];
    fathom_key_split(layer_key, key, HIDDEN + 1);
    for (size_t layer = 0, fan_in = 1; layer < HIDDEN; layer++, fan_in = WIDTH) {
        const double limit = 1.0 / sqrt((double)fan_in);
        fathom_key_split(pair, layer_key[layer], 2);
        fathom_uniform(params, pair[0], -limit, limit, WIDTH * fan_in);
        fathom_uniform(params + WIDTH * fan_in, pair[1], -limit, limit, WIDTH);
        params += WIDTH * (fan_in + 1);
    }
    for (size_t i = 0; i < WIDTH * OUTPUTS; i++)
        *params++ = 0.0;
    for (size_t i = 0; i < OUTPUTS; i++)
        *params++ = bias[i];
    return params;
}

void sibling_warm(double *params, const struct sibling_moons *moons, fathom_key key)
{
    fathom_key block_key[SIBLING_BLOCKS], pair[2];
    fathom_key_split(block_key, key, SIBLING_BLOCKS);
    params += 4; /* the base's loc and raw scale, as fathom_flow_init has them */
    for (size_t b = 0; b < SIBLING_BLOCKS; b++) {
        const struct sibling_block *block = &moons->block[b];
        fathom_key_split(pair, block_key[b], 2);
        for (size_t i = 0; i < 4; i++)
            *params++ = block->axes[i / 2][i % 2];
        params = write_coupling(params, block->bias[1], pair[0]); /* the first transforms coordinate 1, */
        params = write_coupling(params, block->bias[0], pair[1]); /* the second, after a flip, coordinate 0 */
    }
}

/* -------------------------------------------------------------------------------------------- diagonal flow ---- */

/* What the coupling makes of its outputs: softmax of the logits, means, exp(5 tanh raw). */
static fathom_mixture mixture_of(const double *bias)
{
    fathom_mixture m = { .n = K };
    double         greatest = bias[0], sum = 0;
    for (size_t k = 1; k < K; k++)
        greatest = bias[k] > greatest ? bias[k] : greatest;
    for (size_t k = 0; k < K; k++)
        sum += m.weight[k] = same_exp(bias[k] - greatest);
    for (size_t k = 0; k < K; k++) {
        const double e = same_exp(2.0 * bias[2 * K + k]); /* tanh t = (e^2t - 1) / (e^2t + 1) */
        m.weight[k] /= sum;
        m.mean[k] = bias[K + k];
        m.sd[k] = same_exp(LOG_SCALE_MAX * ((e - 1.0) / (e + 1.0)));
    }
    return m;
}

void sibling_diagonal(double *z, double *log_p, const struct sibling_moons *moons)
{
    for (size_t i = 0; i < moons->n; i++) {
        z[2 * i] = moons->x[2 * i];
        z[2 * i + 1] = moons->x[2 * i + 1];
        log_p[i] = 0;
    }
    for (size_t b = 0; b < SIBLING_BLOCKS; b++) {
        const struct sibling_block *block = &moons->block[b];
        const fathom_mixture        mixture[2] = { mixture_of(block->bias[0]), mixture_of(block->bias[1]) };
        for (size_t i = 0; i < moons->n; i++) {
            double turned[2];
            for (size_t d = 0; d < 2; d++)
                turned[d] = block->axes[d][0] * z[2 * i] + block->axes[d][1] * z[2 * i + 1];
            for (size_t d = 0; d < 2; d++) {
                double *image = &z[2 * i + d];
                *image = fathom_mixture_gaussianise(&mixture[d], turned[d]);
                log_p[i] += fathom_mixture_log_density(&mixture[d], turned[d]);
                if (b + 1 < SIBLING_BLOCKS) /* less log phi, which the base adds again at the end */
                    log_p[i] += *image * *image / 2 + HALF_LOG_2_PI;
            }
        }
    }
}
