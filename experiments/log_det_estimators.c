/* log_det_estimators.c - what a truncated or random log-determinant costs: bias, variance, and the trained flow
 * (PROTOCOL.md, Residual flows, claim R2).
 *
 * Without training, on matrices J of spectral norm L in D = 8 dimensions: -L I, whose series has the bound's bias, and L Q,
 * Q random of norm 1.  The bound of the bias of n terms is -D [ln(1 - L) + sum_{k <= n} L^k / k] (Behrmann et al. 2019,
 * theorem 3; Chen et al. 2019, sec. 3.1).
 * The second moment of a roulette is a sum over the number N of *further* terms, those after the two that are always
 * there.  For J = -rho I its parts are P(N = n) (D sum_{k <= n + 2} rho^k / (k w_k))^2 with w_k = 1 for k <= 2, else
 * P(N >= k - 2).  The sum is finite only if rho^2 <= 1 - p: where rho > 1 - p the parts go as
 * (rho^2 / (1 - p))^n / n^2, with equality as 1 / n^2.  For a Poisson number of terms it never is.
 */
#include "experiment.h"

#include <math.h>
#include <stdlib.h>

#include "elementary.h"
#include "exit.h"
#include "fathom_certificate.h"
#include "runner.h"
#include "tuned_cells.h"

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const double numbers[] = { 0.5, 0.9, 0.98 };
static const size_t terms[] = { 1, 2, 3, 5, 8, 12, 20, 40, 80 };
enum { DIM = 8, DRAWS = 4000, ROULETTE_DRAWS = 100000, EXACT_TERMS = 2, MOMENT_TERMS = 120 };
static const uint64_t matrix_key = 7, draw_key = 11;
static const double   poisson_rate = 6; /* of the further terms */

/* ---------------------------------------------------------------------------------------------------- matrices ---- */

/* [DIM][DIM]: of norm 1, by its exact singular values. */
static void random_matrix(double *q)
{
    double norm;
    fathom_normal(q, fathom_key_from_seed(matrix_key), DIM * DIM);
    if (fathom_spectral_norm(&norm, q, DIM, DIM) != FATHOM_OK)
        exit_failed("not enough memory for a matrix");
    for (size_t i = 0; i < DIM * DIM; i++)
        q[i] /= norm;
}

static const char *const kinds[] = { "-LI", "LQ" };

/* n copies of the matrix of that kind, [n][DIM][DIM]. */
static void fill_matrices(double *j, size_t kind, double number, size_t n)
{
    double q[DIM * DIM];
    random_matrix(q);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < DIM * DIM; k++)
            j[i * DIM * DIM + k] = kind == 1 ? number * q[k] : k % (DIM + 1) == 0 ? -number : 0;
}

struct estimates {
    double *j, *value; /* [ROULETTE_DRAWS][DIM][DIM], [ROULETTE_DRAWS] */
};

static struct estimates open_estimates(void)
{
    struct estimates e = { malloc((size_t)ROULETTE_DRAWS * DIM * DIM * sizeof(double)),
                           malloc(ROULETTE_DRAWS * sizeof(double)) };
    if (!e.j || !e.value)
        exit_failed("not enough memory for %d draws", ROULETTE_DRAWS);
    return e;
}

static void close_estimates(struct estimates *e)
{
    free(e->j);
    free(e->value);
}

/* n draws of the estimate in e->value; returns their mean, *variance with divisor n - 1. */
static double draw(double *variance, struct estimates *e, fathom_log_det way, size_t n_terms, double stop, size_t n)
{
    fathom_config config = fathom_config_default();
    config.block = FATHOM_BLOCK_RESIDUAL;
    config.dim = DIM;
    config.log_det = way;
    config.terms = n_terms;
    config.stop = stop;
    if (fathom_log_det_estimate(e->value, NULL, e->j, &config, fathom_key_from_seed(draw_key), n) != FATHOM_OK)
        exit_failed("not enough memory for %zu draws", n);
    const double mean = runner_mean(e->value, n);
    *variance = 0;
    if (n > 1) {
        const double error = runner_std_error(e->value, n);
        *variance = error * error * (double)n;
    }
    return mean;
}

/* ------------------------------------------------------------------------------------------- bias, variance ---- */

static double bias_bound(double number, size_t n)
{
    double sum = same_log1p(-number), power = 1;
    for (size_t k = 1; k <= n; k++) {
        power *= number;
        sum += power / (double)k;
    }
    return -DIM * sum;
}

static void fill_bias(struct table *table, const struct outcome *outcome)
{
    struct estimates e = open_estimates();
    (void)outcome;
    for (size_t kind = 0; kind < COUNT(kinds); kind++)
        for (size_t l = 0; l < COUNT(numbers); l++) {
            double none, variance;
            fill_matrices(e.j, kind, numbers[l], DRAWS);
            const double exact = draw(&none, &e, FATHOM_LOG_DET_EXACT, 1, 0.5, 1);
            for (size_t t = 0; t < COUNT(terms); t++) {
                const double series = draw(&none, &e, FATHOM_LOG_DET_SERIES, terms[t], 0.5, 1);
                const double mean = draw(&variance, &e, FATHOM_LOG_DET_HUTCHINSON, terms[t], 0.5, DRAWS);
                table_text(table, kinds[kind]);
                table_setting(table, numbers[l]);
                table_count(table, terms[t]);
                table_number(table, exact);
                table_number(table, fabs(series - exact));
                table_number(table, bias_bound(numbers[l], terms[t]));
                table_number(table, mean);
                table_number(table, variance);
            }
        }
    close_estimates(&e);
}

/* The mean of 100 000 draws against the exact value.  std_error is none of a variance that is infinite: of Poisson's the
 * table shows what these draws give. */
static void fill_roulette(struct table *table, const struct outcome *outcome)
{
    static const struct {
        const char    *name;
        fathom_log_det way;
        size_t         kind;
    } ways[] = { { "geometric", FATHOM_LOG_DET_ROULETTE, 1 },
                 { "geometric", FATHOM_LOG_DET_ROULETTE, 0 },
                 { "poisson", FATHOM_LOG_DET_POISSON, 1 } };
    struct estimates e = open_estimates();
    (void)outcome;
    for (size_t l = 0; l < COUNT(numbers); l++)
        for (size_t w = 0; w < COUNT(ways); w++) {
            const double stop = w < 2 ? (1 - numbers[l] * numbers[l]) / 2 : poisson_rate;
            double       none, variance;
            fill_matrices(e.j, ways[w].kind, numbers[l], ROULETTE_DRAWS);
            const double exact = draw(&none, &e, FATHOM_LOG_DET_EXACT, 1, 0.5, 1);
            const double mean = draw(&variance, &e, ways[w].way, EXACT_TERMS, stop, ROULETTE_DRAWS);
            const double std_error = sqrt(variance / ROULETTE_DRAWS);
            table_text(table, ways[w].name);
            table_text(table, kinds[ways[w].kind]);
            table_setting(table, numbers[l]);
            table_setting(table, stop);
            table_count(table, ROULETTE_DRAWS);
            table_number(table, exact);
            table_number(table, mean);
            table_number(table, std_error);
            table_number(table, (mean - exact) / std_error);
        }
    close_estimates(&e);
}

/* ------------------------------------------------------------------------------------------- second moments ---- */

/* chance: [MOMENT_TERMS + 1], P(N >= i) of the number N of further terms. */
static void chances(double *chance, bool poisson, double stop)
{
    chance[0] = 1;
    if (!poisson) {
        for (size_t i = 1; i <= MOMENT_TERMS; i++)
            chance[i] = i == 1 ? 1 : chance[i - 1] * (1 - stop);
        return;
    }
    double point[4 * MOMENT_TERMS], tail = 0; /* the sum from its smallest term up */
    point[0] = same_exp(-stop);
    for (size_t i = 1; i < COUNT(point); i++)
        point[i] = point[i - 1] * stop / (double)i;
    for (size_t i = COUNT(point); i-- > 1;) {
        tail += point[i];
        if (i <= MOMENT_TERMS)
            chance[i] = tail;
    }
}

/* The partial sums of E estimate^2 at J = -rho I, where v^T J^k v = D (-rho)^k whatever the signs v. */
static void put_moment(struct table *table, const char *name, bool poisson, double rho, double stop)
{
    double chance[MOMENT_TERMS + 1], estimate = 0, power = 1, sum = 0;
    chances(chance, poisson, stop);
    for (size_t k = 1; k <= EXACT_TERMS; k++) {
        power *= rho;
        estimate += DIM * power / (double)k;
    }
    for (size_t n = 0; n < MOMENT_TERMS; n++) {
        const double part = (chance[n] - chance[n + 1]) * (estimate * estimate);
        sum += part;
        if (!isfinite(sum))
            break;
        table_text(table, name);
        table_setting(table, rho);
        table_setting(table, stop);
        table_text(table, !poisson && rho * rho <= 1 - stop ? "true" : "false");
        table_count(table, EXACT_TERMS + n);
        table_number(table, part);
        table_number(table, sum);
        power *= rho;
        estimate += DIM * power / ((double)(EXACT_TERMS + n + 1) * chance[n + 1]);
    }
}

static void fill_moment(struct table *table, const struct outcome *outcome)
{
    (void)outcome;
    put_moment(table, "geometric", false, 0.9, (1 - 0.9 * 0.9) / 2);
    put_moment(table, "geometric", false, 0.9, 0.3);
    put_moment(table, "geometric", false, 0.9, 0.5);
    put_moment(table, "poisson", true, 0.9, poisson_rate);
    put_moment(table, "poisson", true, 0.5, poisson_rate);
}

/* -------------------------------------------------------------------------------------------- trained flows ---- */

static const double fixed[] = { 3e-2 };

#define RESIDUAL .block = "residual", .width = 48
static const struct arm tested[] = {
    { .name = "exact", RESIDUAL },
    { .name = "truncated", RESIDUAL, .log_det = "hutchinson", .terms = 4 },
    { .name = "roulette", RESIDUAL, .log_det = "roulette", .terms = 2, .stop = 0.5 },
};
static const struct arm described[] = { { .name = "exact-traces", RESIDUAL, .log_det = "series", .terms = 2 } };

#define PART(arm_list, seeds_of)                                                                                       \
    {                                                                                                                  \
        .nesting = { AXIS_ARM, AXIS_DEPTH, AXIS_RATE, AXIS_SEED }, .arms = arm_list, .n_arms = COUNT(arm_list),        \
        .rates = fixed, .n_rates = COUNT(fixed), .seeds = seeds_of, .train = true, .validation = true, .health = true, \
        .depths = { 1, { 4 } },                                                                                        \
    }
static const struct design parts[] = { PART(tested, 12), PART(described, 4) };

static void defaults(struct options *options)
{
    options->seed = 400;
    options->seeds = 12;
}

const struct experiment log_det_estimators = {
    .program = {
        .name = "log_det_estimators",
        .summary = "Trains residual flows by the exact log-determinant and by estimates of it:\n"
                   "log_det_estimators.tsv, medians in log_det_cells.tsv.  On fixed matrices: bias and variance\n"
                   "against the number of terms, log_det_bias.tsv; means of 100 000 roulettes,\n"
                   "log_det_roulette.tsv; partial sums of their second moments, log_det_moment.tsv.",
        .takes = (TAKES_DATA | TAKES_SEEDS | TAKES_TRAINING | TAKES_OUTPUT) & ~TAKES(OPTION_LR),
    },
    .defaults = defaults,
    .design = parts,
    .n_designs = COUNT(parts),
    .truth = true,
    .tables = {
        {"log_det_estimators", "data arm log_det terms stop depth width steps lr seed n_params flops status train_logp "
                               "validation_logp test_logp kl kl_std_error inverse_error certified before "
                               "params_sha256"},
        {"log_det_cells", TUNED_CELLS_COLUMNS, .summary_of = "log_det_estimators", .derive = tuned_cells_fill},
        {"log_det_bias", "matrix lipschitz terms exact bias bound mean variance", .fill = fill_bias},
        {"log_det_roulette", "distribution matrix lipschitz stop draws exact mean std_error z", .fill = fill_roulette},
        {"log_det_moment", "distribution rho stop finite terms part sum", .fill = fill_moment},
    },
    .figures = {"log_det_bias", "log_det_moment"},
    .notebook_but = TAKES(OPTION_SEEDS),
};
