/* report_notebook.c - the notebook's own numbers beside ours: trained log p, gradient norms, the residual map.
 *
 * A trained number is a draw from a distribution (report_roundoff.c says why), so ours agrees if both sets of draws can
 * come from one.  The others are fixed to round-off and are compared digit by digit.
 */
#include "report_parts.h"

#include <math.h>
#include <string.h>

/* Four tests of agreement, together at level 0.01. */
#define AGREE_LEVEL 0.0025

static const char *first_seed(const struct table *table)
{
    const char *seed = table_value(table, "seed");
    return seed ? seed : "0";
}

static size_t at_or_below(struct sample s, double value)
{
    return s.n ? (size_t)lround(statistics_rank(s.x, value, s.n) * (double)s.n) : 0;
}

/* "(beyond all 32)" is said where a printed number lies outside the draws. */
static const char *place(struct report *report, struct sample s, double printed)
{
    const size_t below = at_or_below(s, printed);
    return SAY("%zu of %zu%s", below, s.n, s.n > 1 && (below == 0 || below == s.n) ? " (outside)" : "");
}

static const char *mean_and_sd(struct report *report, const struct summary *s)
{
    return s->n < 2 ? say_number(report, 4, s->mean)
                    : SAY("%s ± %s", say_number(report, 4, s->mean), say_number(report, 4, s->sd));
}

/* A run that diverged, or whose score overflowed, has no number, but it has a place: below all others. */
static struct ks_test agreement(struct report *report, struct sample ours, size_t runs, struct sample reference)
{
    double *x = pool_alloc(&report->pool, (runs + 1) * sizeof *x);
    for (size_t i = 0; i < runs; i++)
        x[i] = i < ours.n ? ours.x[i] : -INFINITY;
    return statistics_kolmogorov_smirnov(x, reference.x, runs, reference.n);
}

/* What so many runs can tell; p: NaN if there was no test. */
static const char *judge_draws(struct report *report, double p, size_t runs, size_t finished, size_t reference)
{
    if (runs == 0)
        return "not tested: no run at this depth";
    if (reference == 0)
        return "not tested: no draw of the reference at this depth";
    if (finished == 0 && runs == 1)
        return "not tested: the one run diverged";
    if (runs == 1)
        return "not tested: one run is no distribution to compare";
    if (statistics_kolmogorov_smirnov_least(runs, reference) > AGREE_LEVEL)
        return SAY("not tested: too few runs to tell (%zu)", runs);
    const char *verdict = isnan(p) ? "not tested" : p > AGREE_LEVEL ? "reproduced" : "not reproduced";
    return finished == runs ? verdict
                            : SAY("%s (%zu of %zu runs without a finite score)", verdict, runs - finished, runs);
}

static void depth_row(struct report *report, double depth, double printed)
{
    const struct table *sweep = report->table[DEPTH_SWEEP];
    const char         *where = SAY("depth=%g seed=%s", depth, first_seed(sweep));
    const struct sample ours = question_numbers(&report->pool, sweep, "mean_logp", where);
    const struct sample heldout = question_numbers(&report->pool, sweep, "heldout_logp", where);
    const struct sample reference =
        question_numbers(&report->pool, report->table[ENSEMBLE], "mean_logp", SAY("depth=%g", depth));
    const double first = question_number(sweep, "mean_logp", SAY("%s replica=0", where));
    const struct summary mine = statistics_summary(ours.x, ours.n), theirs = statistics_summary(reference.x, reference.n);
    const char *held = say_number(report, 4, statistics_summary(heldout.x, heldout.n).mean);
    const size_t runs = question_count(sweep, where);
    const char  *difference = "-", *ks = "-";
    double       p = NAN;

    if (ours.n > 1 && reference.n > 1) {
        const struct difference d = statistics_difference(ours.x, reference.x, ours.n, reference.n);
        difference = SAY("%s ± %s", say_number(report, 4, d.value), say_number(report, 4, d.std_error));
    }
    if (runs > 1 && reference.n > 1) {
        const struct ks_test test = agreement(report, ours, runs, reference);
        ks = SAY("%.3f, %s", test.statistic, say_p(report, test.p));
        p = test.p;
    }
    const char *verdict =
        report_number_verdict(report, DEPTH_SWEEP, judge_draws(report, p, runs, ours.n, reference.n));
    report_print(report, "| %g | %.3f | %s | %s (%zu) | %s (%zu) | %s | %s | %s | %s | %s | %s |\n", depth, printed,
                 say_number(report, 4, first), mean_and_sd(report, &mine), ours.n, mean_and_sd(report, &theirs),
                 reference.n, difference, ks, place(report, ours, printed),
                 place(report, reference, printed), held, verdict);
    report_number(report, SAY("mean log p of the training rows, depth %g", depth), SAY("%.3f", printed),
                  SAY("%s (held-out %s)", mean_and_sd(report, &mine), held),
                  verdict);
}

static void density_check(struct report *report)
{
    const struct table *table = report->table[DENSITY_INTEGRAL];
    const struct sample depths = question_distinct(&report->pool, table, "depth", "");
    double              worst = 0;
    const char         *unknown = NULL;
    report_figure(report, "density", "the density of the trained flow on the plane, one colour scale, the rows on top");
    report_print(report, "A density that is right integrates to 1: log-det, base and every layer are in that "
                         "number.\n\n| depth | integral over the plane - 1 | change when the step is doubled "
                         "|\n|---|---|---|\n");
    for (size_t i = 0; i < depths.n; i++) {
        const char  *where = SAY("depth=%g", depths.x[i]);
        const double fine = question_number(table, "integral", where);
        const double coarse = question_number(table, "coarse_integral", where);
        report_print(report, "| %g | %s | %s |\n", depths.x[i], isnan(fine) ? "-" : SAY("%.0e", fine - 1),
                     isnan(coarse - fine) ? "-" : SAY("%.0e", coarse - fine));
        if (isnan(fine))
            unknown = SAY("%s%s%g", unknown ? unknown : "", unknown ? ", " : "", depths.x[i]);
        worst = fmax(worst, fabs(fine - 1));
    }
    report_print(report, "\n%s\n\n",
                 unknown ? SAY("Not all are 1 to 1e-4: no finite number came out at depth %s.", unknown)
                 : worst < 1e-4 ? "All are 1 to better than 1e-4."
                                                  : "Not all are 1 to 1e-4: the rule's step is too coarse for one.");
    report_source(report, DENSITY_INTEGRAL, "the integral `experiments/density.c`");
}

void report_depth_numbers(struct report *report)
{
    const struct table *printed = report->table[PRINTED];
    const struct sample depths = question_distinct(&report->pool, printed, "depth", "quantity=mean_logp");
    report_print(report,
        "### The notebook's numbers\n\n"
        "A flow $T$ is a stack of blocks, each a rotation and two couplings with flips between them, and a base "
        "$p_Z$:\n\n$$\\log p(x) = \\log p_Z(T(x)) + \\sum_i \\log \\lvert \\det J_i \\rvert .$$\n\n"
        "A coupling moves half of the coordinates by a monotone scalar map whose parameters a small network reads "
        "from\nthe other half:\n\n"
        "$$y_A = x_A, \\qquad y_B = f(x_B;\\, c(x_A)), \\qquad \\log\\lvert\\det J\\rvert = \\sum_B \\log f'.$$\n\n"
        "Here $f$ is a rational-quadratic spline. The mean of $-\\log p$ over a batch is minimised by Adam, with the\n"
        "gradient clipped to norm 1 and one cycle of the learning rate. The score is the mean of $\\log p$ over the\n"
        "training rows, as in the notebook; the last number column is the same mean over held-out rows.\n\n"
        "Training is chaotic: parameters that differ by one part in 1e15 end with another third decimal. So a trained\n"
        "number is a draw. Replicas with such perturbations give our draws; the reference's draws were made by the\n"
        "notebook's own stack. *Agreement*: the two-sample Kolmogorov-Smirnov test with its exact p, at p > %g for "
        "each\ndepth (four tests together at 0.01).\n\n"
        "| depth | notebook | ours, unperturbed | ours: mean ± sd (draws) | reference: mean ± sd (draws) "
        "| difference of means ± its standard error | Kolmogorov-Smirnov | of ours at or below the printed value "
        "| of the reference | held-out: our mean | verdict |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
        AGREE_LEVEL);
    for (size_t i = 0; i < depths.n; i++)
        depth_row(report, depths.x[i],
                  question_number(printed, "value", SAY("quantity=mean_logp depth=%g", depths.x[i])));
    report_print(report, "\n");
    for (size_t i = 0; i < depths.n; i++) {
        const double value = question_number(printed, "value", SAY("quantity=mean_logp depth=%g", depths.x[i]));
        const struct sample reference = question_numbers(&report->pool, report->table[ENSEMBLE], "mean_logp",
                                                         SAY("depth=%g", depths.x[i]));
        const struct summary s = statistics_summary(reference.x, reference.n);
        const size_t below = at_or_below(reference, value);
        if (reference.n > 1 && (below == 0 || below == reference.n))
            report_print(report, "The number printed at depth %g lies outside all %zu draws of the notebook's own "
                         "stack, %.1f standard deviations from their mean: a rare draw.\n\n",
                         depths.x[i], reference.n, fabs(value - s.mean) / s.sd);
    }
    report_figure(report, "depth_sweep", "mean log p against depth; below, every draw as its distance from the printed "
                  "number");
    report_figure(report, "loss", "batch loss against step");
    report_source(report, DEPTH_SWEEP, "flow `lib/flow.c`, spline `lib/kernels/transformer_spline.c`, coupling `lib/kernels/layer_coupling.c`, "
                  "training `lib/train.c`, test `experiments/statistics.c`");
    density_check(report);
}

/* ------------------------------------------------------------------------------------------ gradient norms ---- */

static void gradient_row(struct report *report, const char *coupling, double depth)
{
    const struct table *table = report->table[GRADIENT_NORM];
    const char  *alike = SAY("coupling=%s depth=%g", coupling, depth);
    const double printed = question_number(report->table[PRINTED], "value", SAY("quantity=grad_norm %s", alike));
    const double ours = question_number(table, "grad_norm", SAY("%s seed=%s", alike, first_seed(table)));
    const double reference = question_number(report->table[UNTRAINED], "grad_norm", alike);
    const char  *rounded = say_number(report, 1, ours), *as_printed = SAY("%.1f", printed);
    const bool   run = question_count(table, SAY("%s seed=%s", alike, first_seed(table))) > 0;
    const char  *verdict = report_number_verdict(report, GRADIENT_NORM,
        !run ? "not tested: not computed" : isnan(ours) ? "not reproduced: no finite number"
             : strcmp(rounded, as_printed) == 0 ? "the same to the last digit" : "another digit");
    report_print(report, "| %s | %g | %s | %s | %s | %s | %s |\n", coupling, depth, as_printed,
                 say_number(report, 6, ours), say_number(report, 2, ours - printed),
                 isnan(ours - reference) ? "-" : SAY("%.0e", fabs(ours - reference) / reference), verdict);
    report_number(report, SAY("gradient norm, %s, depth %g", coupling, depth), as_printed, rounded, verdict);
}

void report_gradient_numbers(struct report *report)
{
    static const char *const couplings[] = {"affine", "spline"};
    report_print(report,
        "### The notebook's numbers\n\n"
        "The probe is the norm of the gradient over all parameters, $\\lVert \\nabla L \\rVert$, of an untrained flow\n"
        "over the first 1000 rows. Nothing is trained, so it is fixed to round-off: it must have the notebook's "
        "digits,\nand meet the value of the notebook's own stack. An affine coupling has $f(x) = x s + \\mathrm{loc}$ "
        "with\n$s = \\mathrm{softplus}(\\mathrm{raw} + c_1)$, where $c_1$ makes $s = 1$ at zero.\n\n"
        "| coupling | depth | notebook | ours | difference | relative difference to the reference stack | verdict |\n"
        "|---|---|---|---|---|---|---|\n");
    for (size_t c = 0; c < 2; c++) {
        const struct sample depths = question_distinct(&report->pool, report->table[PRINTED], "depth",
                                                       SAY("quantity=grad_norm coupling=%s", couplings[c]));
        for (size_t i = 0; i < depths.n; i++)
            gradient_row(report, couplings[c], depths.x[i]);
    }
    report_print(report, "\n");
    report_figure(report, "gradient_norm", "gradient norm of untrained flows against depth, the printed values marked");
    report_source(report, GRADIENT_NORM, "gradient `lib/flow.c`, affine `lib/kernels/transformer_affine.c`, spline `lib/kernels/transformer_spline.c`");
}

/* ------------------------------------------------------------------------------------------- residual map ---- */

/* The first iteration from which the error stays at or below the limit, or NaN. */
static double first_below(struct report *report, const char *column, const char *map, double limit)
{
    const struct table *table = report->table[RESIDUAL_BANACH];
    const struct sample iteration = question_numbers(&report->pool, table, "iteration", map);
    double              first = NAN;
    for (size_t i = iteration.n; i-- > 0;) {
        const double error = question_number(table, column, SAY("%s iteration=%g", map, iteration.x[i]));
        if (!(error <= limit))
            break;
        first = iteration.x[i];
    }
    return first;
}

/* monotone: 1, 0, or NaN where the table has no answer.  A recovery without a finite error is none. */
static const char *judge_map(double lipschitz, double monotone, double error)
{
    if (isnan(lipschitz) || isnan(monotone))
        return "not tested: no number";
    if (lipschitz < 1)
        return monotone == 1 && error <= 1e-15 ? "reproduced" : "not reproduced";
    return monotone == 1 ? "not reproduced" : "reproduced";
}

static const char *say_map(struct report *report, double monotone, double error)
{
    return isnan(monotone) ? "-" : monotone == 0 ? "folds over"
                           : SAY("increasing, recovered to %s", say_short(report, error));
}

static void residual_claim(struct report *report, size_t contractions, size_t invertible, size_t others, size_t folded)
{
    const bool good = invertible == contractions, folds = folded == others;
    report_claim(report, &(struct claim){
        .title = "a residual map is invertible iff $g$ is a contraction",
        .sentence = "it is invertible only if $g$ is a contraction. [...] Residual map is invertible iff $g$ is a "
                    "contraction",
        .rule = "refuted if a contraction of the table is not increasing or is not recovered to 1e-15; otherwise "
                "supported with a limit, for *if* is a theorem and *only if* has the counterexample above.",
        .effect = SAY("%zu of %zu contractions are increasing and recovered; %zu of %zu other maps fold over.",
                      invertible, contractions, folded, others),
        .limit = good ? SAY("contraction is sufficient, not necessary ($g(x) = 2x$); %s.",
                            folds ? "among these sines the sentence holds but for the boundary $\\lvert ab \\rvert = 1$"
                                  : "a map of this very table is increasing without being a contraction")
                      : NULL,
        .untested = contractions ? NULL : "the table has no contraction", .rests_on = ON(RESIDUAL_INVERSE),
        .decision = good ? LIMITED : REFUTED,
    });
}

void report_residual(struct report *report)
{
    const struct table *table = report->table[RESIDUAL_INVERSE];
    const struct sample as = question_numbers(&report->pool, table, "a", "");
    const struct sample bs = question_numbers(&report->pool, table, "b", "");
    size_t              contractions = 0, invertible = 0, others = 0, folded = 0;
    report_print(report,
        "$T(x) = x + g(x)$ with $g(x) = a \\sin(b x)$, whose Lipschitz number is $\\lvert ab \\rvert$. If it is below "
        "1,\n$x \\leftarrow y - g(x)$ brings any two points closer by that factor, and its fixed point is the "
        "inverse, with\nan error of at most $\\lvert ab \\rvert^k$ times the first after $k$ iterations (Banach).\n\n"
        "| $a$ | $b$ | Lip, notebook's title | ours | monotone | steps that do not increase | Banach error after 60 "
        "iterations | verdict |\n|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < as.n && i < bs.n; i++) {
        const char  *map = SAY("a=%.17g b=%.17g", as.x[i], bs.x[i]);
        const double lip = question_number(table, "lipschitz", map);
        const double error = question_number(table, "banach_max_err", map);
        const double monotone = question_number(table, "monotone", map);
        const bool   known = !isnan(lip) && !isnan(monotone);
        const char  *notebook = as.x[i] == 0.3 && bs.x[i] == 1.0   ? "0.30"
                                : as.x[i] == 0.9 && bs.x[i] == 1.5 ? "1.35" : "-";
        const char  *verdict = report_number_verdict(report, RESIDUAL_INVERSE, judge_map(lip, monotone, error));
        const double steps = question_number(table, "nonincreasing_steps", map);
        contractions += known && lip < 1;
        invertible += known && lip < 1 && monotone == 1 && error <= 1e-15;
        others += known && lip >= 1;
        folded += known && lip >= 1 && monotone == 0;
        report_print(report, "| %g | %g | %s | %s | %s | %s | %s | %s |\n", as.x[i], bs.x[i], notebook,
                     say_number(report, 2, lip), isnan(monotone) ? "-" : monotone == 1 ? "yes" : "no",
                     isnan(steps) ? "-" : SAY("%g", steps), say_short(report, error), verdict);
        report_number(report, SAY("residual map $x + %g \\sin(%g x)$", as.x[i], bs.x[i]),
                      fabs(as.x[i] * bs.x[i]) < 1 ? "invertible, recovered to machine precision" : "folds over",
                      say_map(report, monotone, error), verdict);
    }
    report_print(report, "\n");
    for (size_t i = 0; i < as.n && i < bs.n; i++) {
        const char *map = SAY("a=%.17g b=%.17g", as.x[i], bs.x[i]);
        if (question_number(table, "lipschitz", map) < 1)
            report_print(report, "For a = %g, b = %g the error stays below 1e-15 from iteration %s on; the bound "
                         "promises it from %s on.\n\n", as.x[i], bs.x[i],
                         say_number(report, 0, first_below(report, "max_err", map, 1e-15)),
                         say_number(report, 0, first_below(report, "bound", map, 1e-15)));
    }
    report_figure(report, "residual_inverse", "the two maps beside the identity");
    report_figure(report, "banach", "Banach's error against iteration, beside its bound");
    report_print(report,
        "**What \"if and only if\" leaves out.** A contraction is sufficient, not necessary. $g(x) = 2x$ has "
        "Lipschitz\nnumber 2, and $T(x) = 3x$ is as invertible as a map can be; only Banach's iteration, $x "
        "\\leftarrow y - 2x$, runs\naway. What contraction buys is the iteration. For the notebook's family the exact "
        "condition is elementary:\n\n$$T'(x) = 1 + ab \\cos(bx) \\ge 1 - \\lvert ab \\rvert ,$$\n\n"
        "so $T$ is strictly increasing if and only if $\\lvert ab \\rvert \\le 1$. Below 1 the slope is positive; at "
        "1 it\nvanishes only at single points, and $T$ still has a continuous inverse although $g$ does not contract; "
        "above 1\nthe slope changes sign and $T$ folds over. So within this family the sentence is right up to the "
        "boundary\n$\\lvert ab \\rvert = 1$, and in general it is half right.\n\n");
    residual_claim(report, contractions, invertible, others, folded);
    report_source(report, RESIDUAL_INVERSE, "map, Lipschitz number and iteration `lib/residual.c`");
}
