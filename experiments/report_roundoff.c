/* report_roundoff.c - how fast one part in 1e15 grows, and what it does to the final number.
 *
 * The growth phase runs from the last step at which the difference is still round-off to the first at which it is a
 * tenth of the largest that it ever gets; in it, log difference is a straight line in the step.
 */
#include "report_parts.h"

#include <math.h>

#define ROUNDING 1e-13 /* nats: batch losses of order 1 that differ by less differ by round-off alone */
#define DECIMAL 1e-3   /* nats: the notebook prints three decimals                                    */

struct growth {
    double start, saturated;            /* steps                                                       */
    double rate, low, high;             /* per step: of the median, and of the least and greatest      */
    double largest;                     /* nats: the largest median difference                         */
    double range, sd, heldout_sd;       /* nats: of the final scores                                   */
    size_t replicas;
    bool   measured;                    /* there are differences to follow, and final scores to compare */
};

/* The column's values in the growth phase against the step; not a number if they do not make a line. */
static double rate_of(const double *steps, const double *values, size_t first, size_t last, double *x, double *y)
{
    size_t n = 0;
    for (size_t i = first; i <= last; i++)
        if (values[i] > 0) {
            x[n] = steps[i];
            y[n++] = values[i];
        }
    return n > 2 ? stats_semi_log(x, y, 0.95, n).slope : NAN;
}

static struct growth follow(struct report *report, double depth)
{
    const struct table *table = report->table[ROUNDOFF], *final = report->table[ROUNDOFF_FINAL];
    const char         *where = SAY("depth=%g", depth);
    const struct sample steps = question_numbers(&report->pool, table, "step", where);
    const struct sample least = question_numbers(&report->pool, table, "least", where);
    const struct sample median = question_numbers(&report->pool, table, "median", where);
    const struct sample greatest = question_numbers(&report->pool, table, "greatest", where);
    const struct sample score = question_numbers(&report->pool, final, "mean_logp", where);
    const struct sample heldout = question_numbers(&report->pool, final, "heldout_logp", where);
    double             *x = pool_alloc(&report->pool, 2 * (steps.n + 1) * sizeof *x), *y = x + steps.n + 1;
    struct growth       g = {NAN, NAN, NAN, NAN, NAN, 0, NAN, NAN, NAN, score.n, median.n > 0 && score.n > 1};
    size_t              first = 0, last = 0;

    /* Where every replica has diverged there is no difference, and the columns end. */
    for (size_t i = 0; i < median.n; i++)
        g.largest = fmax(g.largest, median.x[i]);
    while (last < median.n && median.x[last] < g.largest / 10)
        last++;
    for (size_t i = 0; i < last; i++)
        if (median.x[i] < ROUNDING)
            first = i + 1;
    if (g.largest > ROUNDING && last < median.n && last < least.n && last < greatest.n) {
        const double a = rate_of(steps.x, least.x, first, last, x, y);
        const double b = rate_of(steps.x, greatest.x, first, last, x, y);
        g.start = steps.x[first];
        g.saturated = steps.x[last];
        g.rate = rate_of(steps.x, median.x, first, last, x, y);
        g.low = fmin(a, b);
        g.high = fmax(a, b);
    }
    if (score.n > 1) {
        const struct summary s = stats_summary(score.x, score.n);
        g.range = s.max - s.min;
        g.sd = s.sd;
        g.heldout_sd = heldout.n > 1 ? stats_summary(heldout.x, heldout.n).sd : NAN;
    }
    return g;
}

/* What all depths come to. */
struct outcome {
    struct sample grown;        /* depths at which the difference reaches the printed decimal */
    size_t depths, measured;    /* of all; of them, with two replicas that finish             */
    double slowest, fastest;    /* steps in which it doubles                                  */
    double latest;              /* step by which it is saturated                              */
    double least_sd, most_sd;   /* nats: of the final scores                                  */
    double data_error;          /* nats: what other training rows would do to the score; NaN: not known */
};

static void add_depth(struct outcome *all, double depth, const struct growth *g)
{
    const double doubling = M_LN2 / g->rate;
    all->measured += g->measured;
    if (!(g->rate > 0 && g->largest > DECIMAL && g->range > DECIMAL))
        return;
    all->grown.x[all->grown.n++] = depth;
    all->slowest = fmax(all->slowest, doubling);
    all->fastest = fmin(all->fastest, doubling);
    all->latest = fmax(all->latest, g->saturated);
    all->least_sd = fmin(all->least_sd, g->sd);
    all->most_sd = fmax(all->most_sd, g->sd);
}

static void print_growth(struct report *report, double depth, const struct growth *g, double data_error)
{
    report_print(report, "| %g | %zu | %s | %s | %s [%s, %s] | %s | %s | %s | %s | %s |\n", depth, g->replicas,
                 say_number(report, 0, g->start), say_number(report, 0, g->saturated), say_short(report, g->rate),
                 say_short(report, g->low), say_short(report, g->high), say_number(report, 1, M_LN2 / g->rate),
                 say_number(report, 4, g->sd), say_number(report, 4, g->range), say_number(report, 4, g->heldout_sd),
                 say_short(report, g->sd / data_error));
}

static const char *say_outcome(struct report *report, const struct outcome *all)
{
    if (all->grown.n == 0)
        return all->measured < all->depths ? SAY("%zu of %zu depths have two replicas that finish.", all->measured,
                                                 all->depths)
                                           : "at no depth does the perturbation reach the third decimal.";
    const char *beside = all->data_error > 0 ? SAY(", %.2g to %.2g of the data's own standard error",
                                                   all->least_sd / all->data_error, all->most_sd / all->data_error)
                                             : "";
    return SAY("it doubles every %.1f to %.1f steps and is saturated by step %.0f; the final score then scatters with "
               "sd %.4f to %.4f nats%s.", all->fastest, all->slowest, all->latest, all->least_sd, all->most_sd, beside);
}

static void claim_bits(struct report *report, const struct outcome *all)
{
    const size_t n = all->grown.n;
    report_claim(report, &(struct claim){
        .title = "a trained third decimal can be checked only by the same bits",
        .rule = SAY("supported if at every depth the difference grows from round-off to above %g nats, and the final "
                    "scores of the replicas differ by more than that, the last decimal that the notebook prints; "
                    "refuted if at none; otherwise supported with a limit, the depths at which they do.", DECIMAL),
        .effect = say_outcome(report, all),
        .limit = n && n < all->depths ? SAY("at %s.", say_depths(report, all->grown.x, n)) : NULL,
        .untested = all->measured ? NULL : "at no depth are there two replicas that finish",
        .rests_on = ON(ROUNDOFF) | ON(ROUNDOFF_FINAL),
        .decision = n == all->depths ? SUPPORTED : n ? LIMITED
                  : all->measured == all->depths ? REFUTED : UNDECIDED,
    });
}

void report_roundoff(struct report *report)
{
    const struct sample depths = question_distinct(&report->pool, report->table[ROUNDOFF], "depth", "");
    struct outcome all = {
        .grown = {pool_alloc(&report->pool, depths.n * sizeof(double)), 0}, .depths = depths.n, .fastest = INFINITY,
        .least_sd = INFINITY, .data_error = question_number(report->table[TRUTH], "std_error", "rows=train"),
    };
    report_print(report,
        "### Round-off: why a trained number is a draw\n\n"
        "Replicas of one run, whose initial parameters differ by one part in 1e15, against the unperturbed one. The\n"
        "difference of their batch losses grows by a fixed factor a step. The growth phase starts after the last step "
        "at\nwhich the median difference is below %g and ends where it first reaches a tenth of the largest that it "
        "gets;\nthe rate is the slope of its logarithm, in brackets the slopes of the least and the greatest "
        "difference.\n\n| depth | replicas | growth starts at step | saturated at step | rate a step | doubles every "
        "(steps) | final log p, training rows: sd | largest difference | held-out: sd | sd / standard error of the "
        "data |\n|---|---|---|---|---|---|---|---|---|---|\n", ROUNDING);
    for (size_t i = 0; i < depths.n; i++) {
        const struct growth g = follow(report, depths.x[i]);
        print_growth(report, depths.x[i], &g, all.data_error);
        add_depth(&all, depths.x[i], &g);
    }
    report_print(report, "\n");
    report_figure(report, "roundoff", "difference of batch losses against step, after a perturbation of one part in "
                                      "1e15");
    claim_bits(report, &all);
    if (all.grown.n && all.data_error > 0)
        report_print(report,
            "So two correct programs that round differently in one place agree at first, and part in the third "
            "decimal.\nThat scatter is %s than what other training rows would do to the score. But with it no one can "
            "tell a defect\nfrom a rounding. Hence the rule of this project: the same bits whatever the compiler, the "
            "instruction set or\nthe number of threads.\n\n", all.most_sd < all.data_error ? "smaller" : "no smaller");
    report_source(report, ROUNDOFF, "perturbation and replicas `experiments/runner.c`, fit `experiments/stats.c`");
}
