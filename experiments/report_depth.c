/* report_depth.c - what depth buys, beside the truth and on rows not trained on; and how the gradient grows with it.
 */
#include "report_parts.h"

#include <math.h>

#define NOTEBOOK_DEPTH 8 /* the deepest flow that the notebook trains */
#define HALF_ORDER sqrt(10) /* a factor: within it of 10, a ratio is nearer to one order of magnitude than to another */

/* ------------------------------------------------------------------------------------------ depth and truth ---- */

struct depth_row {
    double        depth;
    struct effect train, heldout;    /* over seeds */
    struct effect gap;               /* train - held-out, paired */
    struct effect over;              /* train - the truth's own on those rows */
    struct effect step;              /* held-out, against the depth before; tested */
    double        train_step;        /* the same of the training rows, mean */
    double        kl, kl_std_error;  /* over seeds and rows */
    size_t        seeds, finished, gap_n;
    double       *gaps;              /* [gap_n] */
};

static struct effect mean_of(struct sample s) { return effect_mean(s.x, s.n); }

/* Standard error of the mean KL: the seeds' scatter, and the rows', which all seeds share. */
static void measure_kl(struct depth_row *row, struct report *report, const char *where)
{
    const struct table *t = report->table[DEPTH_TRUTH];
    const struct sample kl = question_numbers(&report->pool, t, "kl", where);
    const struct sample errors = question_numbers(&report->pool, t, "kl_std_error", where);
    row->kl = row->kl_std_error = NAN;
    if (kl.n < 2 || errors.n < 1)
        return;
    const struct summary s = stats_summary(kl.x, kl.n), e = stats_summary(errors.x, errors.n);
    row->kl = s.mean;
    row->kl_std_error = sqrt(s.std_error * s.std_error + e.mean * e.mean);
}

static void measure_depth(struct depth_row *row, struct report *report, double depth, double before)
{
    const struct table *t = report->table[DEPTH_TRUTH];
    const char         *where = SAY("depth=%g", depth);
    const struct sample train = question_numbers(&report->pool, t, "train_logp", where);
    const struct sample truth = question_numbers(&report->pool, t, "train_truth", where);
    const struct sample heldout = question_numbers(&report->pool, t, "heldout_logp", where);
    double             *over = pool_alloc(&report->pool, (train.n + 1) * sizeof *over);
    *row = (struct depth_row){.depth = depth, .seeds = question_count(t, where),
                              .finished = question_count(t, SAY("%s status=ok", where))};
    row->train = mean_of(train);
    row->heldout = mean_of(heldout);
    for (size_t i = 0; i < train.n; i++)
        over[i] = train.x[i] - (truth.n ? truth.x[0] : NAN); /* one number for all seeds */
    row->over = effect_mean(over, train.n);

    /* Both columns of a run are numbers or, if it diverged, neither; a held-out score alone may still overflow. */
    row->gaps = pool_alloc(&report->pool, (row->seeds + 1) * sizeof(double));
    const struct sample seeds = question_distinct(&report->pool, t, "seed", where);
    for (size_t s = 0; s < seeds.n; s++) {
        const char  *one = SAY("%s seed=%g", where, seeds.x[s]);
        const double gap = question_number(t, "train_logp", one) - question_number(t, "heldout_logp", one);
        if (!isnan(gap))
            row->gaps[row->gap_n++] = gap;
    }
    row->gap = effect_mean(row->gaps, row->gap_n);
    measure_kl(row, report, where);
    if (before > 0) {
        const char *other = SAY("depth=%g", before);
        const struct pairs held = question_pairs(&report->pool, t, "heldout_logp", "seed", where, other);
        const struct pairs fit = question_pairs(&report->pool, t, "train_logp", "seed", where, other);
        row->step = verdict_mean(&report->verdicts, held.d, held.n);
        row->train_step = effect_mean(fit.d, fit.n).value;
    }
}

static void print_depths(struct report *report, const struct depth_row *row, size_t n)
{
    const struct table *t = report->table[DEPTH_TRUTH];
    const double        train = question_number(t, "train_truth", "");
    const double        heldout = question_number(t, "heldout_truth", "");
    report_print(report,
        "| depth | runs finished | training log p | held-out log p | training - held-out | training - truth's own "
        "| KL(truth, flow) ± standard error |\n|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++)
        report_print(report, "| %g | %zu of %zu | %s | %s | %s | %s | %s ± %s |\n", row[i].depth, row[i].finished,
                     row[i].seeds, say_interval(report, 4, &row[i].train), say_interval(report, 4, &row[i].heldout),
                     say_interval(report, 3, &row[i].gap), say_interval(report, 3, &row[i].over),
                     say_number(report, 4, row[i].kl), say_number(report, 4, row[i].kl_std_error));
    report_print(report, "| the truth | | %s | %s | %s | 0 | 0 |\n\n",
                 say_number(report, 4, train), say_number(report, 4, heldout), say_number(report, 3, train - heldout));
    report_print(report, "| step of depth | training log p | held-out log p, paired by seed | p "
                         "|\n|---|---|---|---|\n");
    for (size_t i = 1; i < n; i++)
        report_print(report, "| %g to %g | %s | %s | %s |\n", row[i - 1].depth, row[i].depth,
                     say_number(report, 4, row[i].train_step), say_interval(report, 4, &row[i].step),
                     say_p(report, row[i].step.corrected));
    report_print(report, "\n");
}

/* Why the runs cannot tell one depth from another; NULL: they can. */
static const char *too_few(struct report *report, const struct depth_row *row, size_t n, size_t depths_needed)
{
    if (n < depths_needed)
        return SAY("the table has %zu of the %zu depths that it takes at least", n, depths_needed);
    for (size_t i = 0; i < n; i++)
        if (row[i].seeds < 2)
            return SAY("depth %g has a single run", row[i].depth);
    return NULL;
}

static void claim_steps(struct report *report, const struct depth_row *row, size_t n)
{
    size_t up = 0, worse = 0; /* steps that help, from the first on; the first step that hurts */
    while (up + 1 < n && effect_sign(&row[up + 1].step) > 0)
        up++;
    for (size_t i = n; i-- > 1;)
        if (effect_sign(&row[i].step) < 0)
            worse = i;
    const bool all = n > 1 && up + 1 == n, early = worse > 0 && row[worse].depth <= NOTEBOOK_DEPTH;
    const char *after = worse ? SAY("the step to depth %g makes held-out rows worse by %s", row[worse].depth,
                                    say_number(report, 4, -row[worse].step.value))
                              : up + 1 < n ? SAY("the step to depth %g brings %s, %s", row[up + 1].depth,
                                                 say_interval(report, 4, &row[up + 1].step),
                                                 say_p(report, row[up + 1].step.corrected)) : "";
    report_claim(report, &(struct claim){
        .title = "each stack of more blocks fits better",
        .sentence = "stacking coupling blocks steadily improves the fit. [...] Likelihood climbs steadily with depth",
        .rule = SAY("on held-out rows, paired by seed: supported if every step of depth significantly improves log p; "
                    "refuted if a step up to depth %d, the notebook's deepest, significantly worsens it; otherwise "
                    "supported with a limit, the depth up to which each step helps; undecided if not even the first "
                    "does.",
                    NOTEBOOK_DEPTH),
        .effect = n > 1 ? SAY("from depth %g to %g held-out log p goes from %s to %s.", row[0].depth, row[n - 1].depth,
                              say_number(report, 4, row[0].heldout.value),
                              say_number(report, 4, row[n - 1].heldout.value))
                        : "the table holds one depth.",
        .limit = all || early || up == 0 ? early ? SAY("%s.", after) : NULL
                                         : SAY("each step helps up to depth %g; %s.", row[up].depth, after),
        .untested = too_few(report, row, n, 2), .rests_on = ON(DEPTH_TRUTH),
        .decision = all ? SUPPORTED : early ? REFUTED : up > 0 ? LIMITED : UNDECIDED,
    });
}

static void claim_taper(struct report *report, const struct depth_row *row, size_t n)
{
    const struct table *t = report->table[DEPTH_TRUTH];
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (row[i].heldout.value > row[best].heldout.value)
            best = i;
    /* First gain minus last gain of each seed: (h1 - h0) - (hn - hn-1). */
    struct effect less = {.p = 1, .corrected = 1, .value = NAN, .low = NAN, .high = NAN}, left = less;
    if (n > 2) {
        const struct pairs first = question_pairs(&report->pool, t, "heldout_logp", "seed",
                                                  SAY("depth=%g", row[1].depth), SAY("depth=%g", row[0].depth));
        const struct pairs last = question_pairs(&report->pool, t, "heldout_logp", "seed",
                                                 SAY("depth=%g", row[n - 1].depth), SAY("depth=%g", row[n - 2].depth));
        double *d = pool_alloc(&report->pool, (first.n + 1) * sizeof *d);
        /* seeds stand in the same order */
        const size_t m = first.lost + last.lost == 0 && first.n == last.n ? first.n : 0;
        for (size_t i = 0; i < m; i++)
            d[i] = first.d[i] - last.d[i];
        less = verdict_mean(&report->verdicts, d, m);
        const struct sample kl = question_numbers(&report->pool, t, "kl", SAY("depth=%g", row[best].depth));
        left = verdict_mean(&report->verdicts, kl.x, kl.n);
    }
    const bool tapers = effect_sign(&less) > 0, short_of = effect_sign(&left) > 0;
    report_claim(report, &(struct claim){
        .title = "the gains taper as the flow saturates the target",
        .sentence = "The gains taper as the flow saturates the target.",
        .rule = SAY("supported if the last step's held-out gain is significantly smaller than the first's, and the "
                    "interval of KL(truth, flow) at the best depth lies below %g nats; with a limit if the gain is "
                    "smaller, but that KL significantly above zero: then the flow saturates short of the target; "
                    "refuted if the gain is significantly larger; otherwise undecided.", MATERIAL),
        .effect = SAY("the last step gains %s nats less than the first (%s).", say_interval(report, 3, &less),
                      say_p(report, less.corrected)),
        .limit = tapers && short_of ? SAY("the gains taper, but short of the target: at the best depth, %g, KL is "
                                          "%s ± %s nats.", row[best].depth, say_number(report, 4, row[best].kl),
                                          say_number(report, 4, row[best].kl_std_error)) : NULL,
        .untested = too_few(report, row, n, 3), .rests_on = ON(DEPTH_TRUTH),
        .decision = tapers && short_of ? LIMITED
                  : tapers && effect_between(&left, -INFINITY, MATERIAL) ? SUPPORTED
                  : effect_sign(&less) < 0 ? REFUTED : UNDECIDED,
    });
}

static void claim_fit(struct report *report, const struct depth_row *row, size_t n)
{
    const struct table *t = report->table[DEPTH_TRUTH];
    const double truth_gap = question_number(t, "train_truth", "") - question_number(t, "heldout_truth", "");
    size_t passed = n, part = n;
    for (size_t i = n; i-- > 0;) {
        if (row[i].over.value > 0)
            passed = i;
        if (row[i].gap.low > truth_gap)
            part = i;
    }
    struct effect over = {.corrected = 1, .value = NAN, .low = NAN, .high = NAN}, growth = over;
    if (n > 1) {
        const char *deepest = SAY("depth=%g", row[n - 1].depth), *first = SAY("depth=%g", row[0].depth);
        const struct pairs fit = question_pairs(&report->pool, t, "train_logp", "seed", deepest, first);
        const struct pairs held = question_pairs(&report->pool, t, "heldout_logp", "seed", deepest, first);
        double      *d = pool_alloc(&report->pool, (fit.n + 1) * sizeof *d);
        const size_t m = fit.lost + held.lost == 0 && fit.n == held.n ? fit.n : 0;
        for (size_t i = 0; i < m; i++)
            d[i] = fit.d[i] - held.d[i];
        growth = verdict_mean(&report->verdicts, d, m);
        const struct sample deep = question_numbers(&report->pool, t, "train_logp", SAY("depth=%g", row[n - 1].depth));
        double *excess = pool_alloc(&report->pool, (deep.n + 1) * sizeof *excess);
        for (size_t i = 0; i < deep.n; i++)
            excess[i] = deep.x[i] - question_number(t, "train_truth", "");
        over = verdict_mean(&report->verdicts, excess, deep.n);
    }
    const bool passes = effect_sign(&over) > 0, grows = effect_sign(&growth) > 0;
    const bool close = effect_between(&over, -INFINITY, MATERIAL) && effect_between(&growth, -INFINITY, MATERIAL);
    const char *few = too_few(report, row, n, 2);
    const char *curves = isnan(truth_gap) ? "what the truth's own curves do is not known"
                       : part < n ? SAY("the curves have parted, by more than the truth's own %s, from depth %g on",
                                        say_number(report, 3, truth_gap), row[part].depth)
                                  : "at no depth have the curves significantly parted";
    report_claim(report, &(struct claim){
        .title = "the training rows' log p measures the fit",
        .sentence = "depth_lp = [logp(train(build(jr.key(0), d))) for d in depths] [the score is taken over the rows "
                    "that were trained on]",
        .rule = SAY("refuted if, at the greatest depth, the training score significantly passes the truth's own on the "
                    "same rows, and the gap between training and held-out score has significantly grown from the "
                    "least depth to the greatest; with a limit if one of the two is so; if neither is, supported if "
                    "both intervals lie below %g nats, and otherwise undecided.", MATERIAL),
        .effect = SAY("the gap grows by %s nats over the depths (%s); at the greatest depth the training score stands "
                      "%s above the truth's (%s); %s.", say_interval(report, 3, &growth),
                      say_p(report, growth.corrected), say_interval(report, 3, &over), say_p(report, over.corrected),
                      curves),
        .limit = passes && grows ? SAY("from depth %g on the mean training score is better than the truth's own, "
                                       "which no density can be on fresh rows: that part of the gain is over-fitting; "
                                       "%s.",
                                       row[passed < n ? passed : n - 1].depth, curves)
                 : grows ? SAY("the gap grows with depth, but the training score does not significantly pass the "
                               "truth; %s.", curves)
                 : passes ? "the training score passes the truth, but the gap does not significantly grow." : NULL,
        .untested = few ? few : isnan(truth_gap) ? "there is no truth for these rows" : NULL,
        .rests_on = ON(DEPTH_TRUTH),
        .decision = passes && grows ? REFUTED : passes || grows ? LIMITED : close ? SUPPORTED : UNDECIDED,
    });
}

void report_depth_truth(struct report *report)
{
    const struct sample depths = question_distinct(&report->pool, report->table[DEPTH_TRUTH], "depth", "");
    struct depth_row   *row = pool_alloc(&report->pool, (depths.n + 1) * sizeof *row);
    report_print(report,
        "### Depth and the truth\n\n"
        "Spline flows from several seeds at each depth, scored on the training rows and on held-out ones, beside the\n"
        "density that both were drawn from. Its own score is what a perfect flow would have; it is computed by "
        "quadrature\nover the arms. The distance left is\n\n"
        "$$\\mathrm{KL}(p^\\ast \\Vert p) = E_{p^\\ast} [ \\log p^\\ast(x) - \\log p(x) ] ,$$\n\n"
        "the mean over held-out rows; its standard error holds the scatter of seeds and of rows.\n\n");
    for (size_t i = 0; i < depths.n; i++)
        measure_depth(&row[i], report, depths.x[i], i ? depths.x[i - 1] : 0);
    print_depths(report, row, depths.n);
    report_figure(report, "depth_truth", "training and held-out log p against depth, the truth as a ceiling");
    claim_steps(report, row, depths.n);
    claim_taper(report, row, depths.n);
    claim_fit(report, row, depths.n);
    report_source(report, DEPTH_TRUTH, "true density `lib/spiral.c`, KL `experiments/runner.c`");
}

/* -------------------------------------------------------------------------------------- gradients and depth ---- */

struct law {
    struct effect slope;          /* of log gradient against log depth, a slope each seed; tested */
    struct line   power, exponential; /* of the medians */
    double        power_misfit, exponential_misfit; /* root mean square of log residuals */
};

static double misfit(const double *x, const double *y, struct line line, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        const double r = y[i] - line.intercept - line.slope * x[i];
        sum += r * r;
    }
    return sqrt(sum / (double)n);
}

static struct law fit_law(struct report *report, const char *coupling)
{
    const struct table *t = report->table[GRADIENT_DEPTH];
    const struct sample depths = question_distinct(&report->pool, t, "depth", SAY("coupling=%s", coupling));
    const struct sample seeds = question_distinct(&report->pool, t, "seed", SAY("coupling=%s", coupling));
    const size_t room = depths.n + 1;
    double *x = pool_alloc(&report->pool, 4 * room * sizeof *x);
    double *log_x = x + room, *y = log_x + room, *median = y + room;
    double *slope = pool_alloc(&report->pool, (seeds.n + 1) * sizeof *slope);
    size_t  n = 0;
    struct law law = {.power_misfit = NAN, .exponential_misfit = NAN};
    for (size_t s = 0; s < seeds.n; s++) {
        size_t m = 0;
        for (size_t d = 0; d < depths.n; d++) {
            const double g = question_number(t, "grad_norm", SAY("coupling=%s depth=%g seed=%g", coupling, depths.x[d],
                                                                seeds.x[s]));
            if (g > 0) {
                log_x[m] = log(depths.x[d]);
                y[m++] = log(g);
            }
        }
        if (m > 1)
            slope[n++] = stats_line(log_x, y, 0.95, m).slope;
    }
    law.slope = verdict_mean(&report->verdicts, slope, n);
    for (size_t d = 0; d < depths.n; d++) {
        const struct sample g = question_numbers(&report->pool, t, "grad_norm",
                                                 SAY("coupling=%s depth=%g", coupling, depths.x[d]));
        x[d] = depths.x[d];
        log_x[d] = log(depths.x[d]);
        median[d] = log(stats_summary(g.x, g.n).median);
    }
    if (depths.n > 2) {
        law.power = stats_line(log_x, median, 0.95, depths.n);
        law.exponential = stats_line(x, median, 0.95, depths.n);
        law.power_misfit = misfit(log_x, median, law.power, depths.n);
        law.exponential_misfit = misfit(x, median, law.exponential, depths.n);
    }
    return law;
}

static void gradient_table(struct report *report, const char *coupling)
{
    const struct table *t = report->table[GRADIENT_DEPTH];
    const struct sample depths = question_distinct(&report->pool, t, "depth", SAY("coupling=%s", coupling));
    for (size_t d = 0; d < depths.n; d++) {
        const char *alike = SAY("coupling=%s depth=%g", coupling, depths.x[d]);
        const struct sample g = question_numbers(&report->pool, t, "grad_norm", alike);
        const struct summary s = stats_summary(g.x, g.n);
        const double printed = question_number(report->table[PRINTED], "value", SAY("quantity=grad_norm %s", alike));
        const double seed0 = question_number(t, "grad_norm", SAY("%s seed=0", alike));
        report_print(report, "| %s | %g | %zu of %zu | %s | %s to %s | %s | %s |\n", coupling, depths.x[d],
                     g.n, question_count(t, alike),
                     say_number(report, 2, s.median), say_number(report, 2, s.q1), say_number(report, 2, s.q3),
                     isnan(printed) ? "" : SAY("%.1f", printed),
                     isnan(printed) || isnan(seed0) ? ""
                         : SAY("%.0f of %zu", stats_rank(g.x, seed0, g.n) * (double)g.n, g.n));
    }
}

/* Why a coupling cannot tell: it takes two seeds, each with two depths. */
static const char *too_few_gradients(struct report *report)
{
    static const char *const couplings[] = {"affine", "spline"};
    const struct table *t = report->table[GRADIENT_DEPTH];
    for (size_t c = 0; c < 2; c++) {
        const char  *where = SAY("coupling=%s", couplings[c]);
        const size_t seeds = question_distinct(&report->pool, t, "seed", where).n;
        if (seeds == 0)
            return SAY("there is no %s flow", couplings[c]);
        if (seeds < 2 || question_distinct(&report->pool, t, "depth", where).n < 2)
            return SAY("the %s flows have one seed or one depth", couplings[c]);
    }
    return NULL;
}

static void claim_growth(struct report *report, const struct law *affine, const struct law *spline)
{
    const int a = effect_sign(&affine->slope), s = effect_sign(&spline->slope);
    report_claim(report, &(struct claim){
        .title = "the gradient norm grows with depth",
        .sentence = "The gradient norm grows with depth — composing more blocks amplifies the back-propagated "
                    "gradient",
        .rule = "each seed has its own slope of log gradient norm against log depth. Supported if the mean slope is "
                "significantly above zero for both couplings; refuted if significantly below for one; with a limit if "
                "above for one only.",
        .effect = SAY("the norm grows as depth to the power %s (affine, %s) and %s (spline, %s).",
                      say_interval(report, 2, &affine->slope), say_p(report, affine->slope.corrected),
                      say_interval(report, 2, &spline->slope), say_p(report, spline->slope.corrected)),
        .limit = a + s == 1 ? SAY("shown for the %s coupling only.", a > 0 ? "affine" : "spline") : NULL,
        .untested = too_few_gradients(report), .rests_on = ON(GRADIENT_DEPTH),
        .decision = a > 0 && s > 0 ? SUPPORTED : a < 0 || s < 0 ? REFUTED : a + s == 1 ? LIMITED : UNDECIDED,
    });
}

static void claim_order_of_magnitude(struct report *report)
{
    const struct table *t = report->table[GRADIENT_DEPTH];
    const struct pairs p = question_pairs(&report->pool, t, "grad_norm", "seed", "coupling=spline depth=16",
                                          "coupling=spline depth=2");
    const struct sample deep = question_numbers(&report->pool, t, "grad_norm", "coupling=spline depth=16");
    double *d = pool_alloc(&report->pool, (p.n + 1) * sizeof *d);
    size_t reach = 0;
    for (size_t i = 0; i < p.n; i++) {
        d[i] = log(p.a[i] / p.b[i]) - log(10);
        reach += d[i] >= 0;
    }
    const struct effect e = verdict_mean(&report->verdicts, d, p.n);
    const struct effect ratio = {.value = 10 * exp(e.value), .low = 10 * exp(e.low), .high = 10 * exp(e.high)};
    const int sign = effect_sign(&e);
    const bool near = p.n > 1 && ratio.low <= 10 && ratio.high >= 10 && ratio.low > 10 / HALF_ORDER &&
                      ratio.high < 10 * HALF_ORDER; /* a wide interval covers everything and says nothing */
    const double printed = question_number(report->table[PRINTED], "value", "quantity=grad_norm coupling=spline "
                                                                            "depth=16");
    const double seed0 = question_number(t, "grad_norm", "coupling=spline depth=16 seed=0");
    if (deep.n > 1 && !isnan(seed0)) {
        const struct summary s = stats_summary(deep.x, deep.n);
        report_print(report, "Is the notebook's %.1f typical (spline, depth 16)? Of %zu seeds, %.0f lie at or below "
                     "it; the median is %s, the quartiles %s and %s. It is %s.\n\n", printed, deep.n,
                     stats_rank(deep.x, seed0, deep.n) * (double)deep.n, say_number(report, 1, s.median),
                     say_number(report, 1, s.q1), say_number(report, 1, s.q3),
                     seed0 < s.q1 ? "below the lower quartile: a mild seed"
                     : seed0 > s.q3 ? "above the upper quartile: a steep seed" : "between the quartiles: typical");
    }
    report_claim(report, &(struct claim){
        .title = "an order of magnitude, for the spline",
        .sentence = "(an order of magnitude over blocks for the spline)",
        .rule = SAY("the ratio of the norms at depth 16 and depth 2, paired by seed, against 10, by the t-test of its "
                    "logarithm. Supported if significantly above 10; refuted if significantly below; with a limit if "
                    "its interval covers 10 and lies between %.1f and %.1f; otherwise undecided.", 10 / HALF_ORDER,
                    10 * HALF_ORDER),
        .effect = SAY("the geometric mean of the ratio over %zu seeds is %s (%s); %zu seeds reach 10.", p.n,
                      say_interval(report, 1, &ratio), say_p(report, e.corrected), reach),
        .limit = sign == 0 && near ? SAY("the ratio, %s, cannot be told from 10; %zu of %zu seeds reach it.",
                                           say_interval(report, 1, &ratio), reach, p.n) : NULL,
        .untested = p.n + p.lost > 1 ? NULL : "it takes two seeds of spline flows at depths 2 and 16",
        .rests_on = ON(GRADIENT_DEPTH),
        .decision = sign > 0 ? SUPPORTED : sign < 0 ? REFUTED : near ? LIMITED : UNDECIDED,
    });
}

void report_gradient_depth(struct report *report)
{
    report_print(report,
        "### Gradients and depth\n\nThe same probe from many seeds, of which the notebook has one.\n\n"
        "| coupling | depth | seeds with a finite gradient | median | quartiles | the notebook (seed 0) | seeds at or "
        "below it |\n|---|---|---|---|---|---|---|\n");
    gradient_table(report, "affine");
    gradient_table(report, "spline");
    report_print(report, "\n");
    report_figure(report, "gradient_depth", "gradient norm of untrained flows against depth: median and quartiles, "
                  "and the notebook's seed");
    const struct law affine = fit_law(report, "affine"), spline = fit_law(report, "spline");
    if (isfinite(affine.power_misfit) && isfinite(spline.power_misfit))
        report_print(report, "The medians grow as depth to the power %.2f (affine) and %.2f (spline), the lines of the "
                     "figure. A power of the depth misses them by a factor of %.2f and %.2f, an exponential by %.2f "
                     "and %.2f: the power law is %s.\n\n", affine.power.slope, spline.power.slope,
                     exp(affine.power_misfit),
                     exp(spline.power_misfit), exp(affine.exponential_misfit), exp(spline.exponential_misfit),
                     affine.power_misfit < affine.exponential_misfit && spline.power_misfit < spline.exponential_misfit
                         ? "the better description of both"
                     : affine.power_misfit < affine.exponential_misfit ? "better for the affine coupling only"
                     : spline.power_misfit < spline.exponential_misfit ? "better for the spline only"
                                                                              : "the worse one");
    claim_growth(report, &affine, &spline);
    claim_order_of_magnitude(report);
    report_source(report, GRADIENT_DEPTH, "gradient `lib/flow.c`, fit `experiments/stats.c`");
}
