/* report_deep.c - ActNorm, default and data-initialised; and depth 20 with every remedy that the notebook names. */
#include "report_parts.h"

#include <math.h>
#include <string.h>

/* -------------------------------------------------------------------------------------------------- ActNorm ---- */

static const char *const arms[] = {"none", "default", "data"};
enum { NONE, DEFAULT, DATA, N_ARMS };

struct against_none {
    struct effect start_logp, start_gradient; /* a seed's mean over depths; the gradient's ratio by its log; tested */
    struct effect *heldout;                   /* [depths] paired by seed, tested                               */
    double *train;                            /* [depths] the same of the training rows, mean                  */
    size_t *lost;                             /* [depths] pairs of which one has no score                      */
    double *up, *down;                        /* depths at which held-out is significantly higher, lower       */
    size_t  n_up, n_down;
};

static double difference(const struct table *t, const char *column, const char *a, const char *b, bool logs)
{
    const double x = question_number(t, column, a), y = question_number(t, column, b);
    return logs ? log(x / y) : x - y;
}

/* Each seed's mean over depths of arm - none; then the test over seeds. */
static struct effect over_depths(struct report *report, const char *column, const char *arm, bool logs,
                                 struct sample depths)
{
    const struct table *t = report->table[ACTNORM];
    const struct sample seeds = question_distinct(&report->pool, t, "seed", "");
    double             *d = pool_alloc(&report->pool, (seeds.n + 1) * sizeof *d);
    size_t              n = 0;
    for (size_t s = 0; s < seeds.n; s++) {
        double sum = 0;
        for (size_t i = 0; i < depths.n; i++)
            sum += difference(t, column, SAY("actnorm=%s depth=%g seed=%g", arm, depths.x[i], seeds.x[s]),
                              SAY("actnorm=none depth=%g seed=%g", depths.x[i], seeds.x[s]), logs);
        if (isfinite(sum))
            d[n++] = sum / (double)depths.n;
    }
    return verdict_mean(&report->verdicts, d, n);
}

static struct against_none compare(struct report *report, const char *arm, struct sample depths)
{
    const struct table *t = report->table[ACTNORM];
    const size_t        room = depths.n + 1;
    struct against_none a = {
        .start_logp = over_depths(report, "untrained_logp", arm, false, depths),
        .start_gradient = over_depths(report, "untrained_grad_norm", arm, true, depths),
        .heldout = pool_alloc(&report->pool, room * sizeof *a.heldout),
        .train = pool_alloc(&report->pool, room * sizeof(double)),
        .lost = pool_alloc(&report->pool, room * sizeof(size_t)),
        .up = pool_alloc(&report->pool, room * sizeof(double)),
        .down = pool_alloc(&report->pool, room * sizeof(double)),
    };
    for (size_t i = 0; i < depths.n; i++) {
        const char *with = SAY("actnorm=%s depth=%g", arm, depths.x[i]);
        const char *without = SAY("actnorm=none depth=%g", depths.x[i]);
        const struct pairs held = question_pairs(&report->pool, t, "heldout_logp", "seed", with, without);
        const struct pairs fit = question_pairs(&report->pool, t, "train_logp", "seed", with, without);
        a.heldout[i] = verdict_mean(&report->verdicts, held.d, held.n);
        a.train[i] = effect_mean(fit.d, fit.n).value;
        a.lost[i] = held.lost;
        if (effect_sign(&a.heldout[i]) > 0)
            a.up[a.n_up++] = depths.x[i];
        if (effect_sign(&a.heldout[i]) < 0)
            a.down[a.n_down++] = depths.x[i];
    }
    return a;
}

static void print_actnorm(struct report *report, struct sample depths, const struct against_none *against)
{
    const struct table *t = report->table[ACTNORM];
    report_print(report, "| ActNorm | depth | untrained log p, median | untrained gradient norm, median | diverged "
                         "| trained: training rows, mean | held-out rows, mean |\n|---|---|---|---|---|---|---|\n");
    for (size_t a = 0; a < N_ARMS; a++)
        for (size_t i = 0; i < depths.n; i++) {
            const char *where = SAY("actnorm=%s depth=%g", arms[a], depths.x[i]);
            const struct sample logp = question_numbers(&report->pool, t, "untrained_logp", where);
            const struct sample norm = question_numbers(&report->pool, t, "untrained_grad_norm", where);
            const struct sample train = question_numbers(&report->pool, t, "train_logp", where);
            const struct sample held = question_numbers(&report->pool, t, "heldout_logp", where);
            const size_t runs = question_count(t, where);
            report_print(report, "| %s | %g | %s | %s | %zu of %zu | %s | %s |\n", arms[a], depths.x[i],
                         say_number(report, 2, statistics_summary(logp.x, logp.n).median),
                         say_number(report, 2, statistics_summary(norm.x, norm.n).median),
                         runs - question_count(t, SAY("%s status=ok", where)), runs,
                         say_number(report, 4, statistics_summary(train.x, train.n).mean),
                         say_number(report, 4, statistics_summary(held.x, held.n).mean));
        }
    report_print(report, "\nAgainst no ActNorm, paired by seed, after training:\n\n"
                         "| depth | default: training | default: held-out | p | data: training | data: held-out | p |\n"
                         "|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < depths.n; i++) {
        report_print(report, "| %g |", depths.x[i]);
        for (size_t a = DEFAULT; a <= DATA; a++)
            report_print(report, " %s | %s%s | %s |", say_number(report, 4, against[a].train[i]),
                         say_interval(report, 4, &against[a].heldout[i]),
                         against[a].lost[i] ? SAY(" (%zu pairs lost)", against[a].lost[i]) : "",
                         say_p(report, against[a].heldout[i].corrected));
        report_print(report, "\n");
    }
    report_print(report, "\n");
}

static const char *say_start(struct report *report, const struct against_none *a)
{
    const struct effect ratio = {.value = exp(a->start_gradient.value), .low = exp(a->start_gradient.low),
                                 .high = exp(a->start_gradient.high)};
    return SAY("averaged over depths, untrained log p changes by %s (%s) and the gradient norm by a factor of %s (%s)",
               say_interval(report, 2, &a->start_logp), say_p(report, a->start_logp.corrected),
               say_interval(report, 2, &ratio), say_p(report, a->start_gradient.corrected));
}

static const char *say_finish(struct report *report, const struct against_none *a)
{
    if (a->n_up + a->n_down == 0)
        return "the final held-out log p is significantly higher or lower at no depth";
    return SAY("the final held-out log p is significantly lower at %s, higher at %s",
               say_depths(report, a->down, a->n_down), say_depths(report, a->up, a->n_up));
}

/* Why the table cannot tell; arms: those that the claim compares. */
static const char *too_few_arms(struct report *report, size_t last_arm)
{
    const struct table *t = report->table[ACTNORM];
    for (size_t a = NONE; a <= last_arm; a++) {
        const size_t seeds = question_distinct(&report->pool, t, "seed", SAY("actnorm=%s", arms[a])).n;
        if (seeds < 2)
            return SAY("%s of ActNorm %s", seeds ? "there is a single seed" : "there is no run", arms[a]);
    }
    return NULL;
}

static void claim_default_hurts(struct report *report, const struct against_none *a, size_t n_depths)
{
    const bool start = effect_sign(&a->start_logp) < 0;
    const bool everywhere = start && n_depths > 0 && a->n_down == n_depths;
    const bool nowhere = !start && a->n_down == 0 && (a->n_up > 0 || effect_sign(&a->start_logp) > 0);
    const char *all = SAY("%s; %s", say_start(report, a), say_finish(report, a));
    report_claim(report, &(struct claim){
        .title = "with its default scale ActNorm compounds across depth and hurts",
        .sentence = "dropped in with default scale it compounds across depth and hurts, so it is a deliberate tool, "
                    "not a free add-on.",
        .rule = "against no ActNorm, paired by seed: supported if untrained log p is significantly lower, and after "
                "training held-out log p is so at every depth; with a limit if only some of this is so; refuted if "
                "none of it is and something is significantly higher.",
        .effect = SAY("%s.", all),
        .limit = everywhere || !(start || a->n_down) ? NULL
                 : SAY("%s: %s.", start ? a->n_down ? "it hurts the start, and the result at some depths only"
                                                    : "it hurts the start; training repairs it"
                                        : "it does not hurt the start", say_finish(report, a)),
        .untested = too_few_arms(report, DEFAULT), .rests_on = ON(ACTNORM),
        .decision = everywhere ? SUPPORTED : start || a->n_down ? LIMITED : nowhere ? REFUTED : UNDECIDED,
    });
}

static void claim_only_data(struct report *report, const struct against_none *by_default,
                            const struct against_none *data)
{
    const bool helps = data->n_up > 0, other = by_default->n_up > 0;
    const bool starts = effect_sign(&data->start_logp) > 0 || effect_sign(&data->start_gradient) < 0;
    const char *all = SAY("data-initialised: %s; %s. Default: %s", say_start(report, data), say_finish(report, data),
                          say_finish(report, by_default));
    const enum decision decision = helps && !other && data->n_down == 0 ? SUPPORTED
                                   : helps || (starts && !other) ? LIMITED
                                   : other || data->n_down ? REFUTED : UNDECIDED;
    report_claim(report, &(struct claim){
        .title = "ActNorm helps only when initialised from data",
        .sentence = "It helps only when data-dependently initialised (loc/scale from the first batch)",
        .rule = "held-out log p after training, against no ActNorm, paired by seed, at each depth. Supported if "
                "data-initialised ActNorm is significantly better at some depth and worse at none, and the default "
                "better at none; with a limit if it is better somewhere, but so is the default, or it is worse "
                "elsewhere; also if it significantly improves the start alone (untrained log p or gradient norm) "
                "while the default helps nowhere; refuted if the default helps and it does not, or it only hurts.",
        .effect = SAY("%s.", all),
        .limit = decision == LIMITED || decision == REFUTED
                     ? helps ? SAY("data-initialised: %s; default: %s.", say_finish(report, data),
                                   say_finish(report, by_default))
                       : SAY("%s; data-initialised: %s; default: %s.",
                             starts ? "initialising from data helps the start, not the result" : "it does not help",
                             say_finish(report, data), say_finish(report, by_default))
                     : NULL,
        .untested = too_few_arms(report, DATA), .rests_on = ON(ACTNORM),
        .decision = decision,
    });
}

void report_actnorm(struct report *report)
{
    const struct table *t = report->table[ACTNORM];
    const struct sample depths = question_distinct(&report->pool, t, "depth", "");
    const double scale = log(2) + 1e-5; /* softplus(0) + 1e-5 */
    const struct table *reference = report->table[UNTRAINED_ACTNORM];
    const double reference_logp = question_number(reference, "mean_logp", "coupling=spline depth=8");
    const double reference_norm = question_number(reference, "grad_norm", "coupling=spline depth=8");
    report_print(report,
        "### ActNorm\n\n"
        "At the head of each block, $y = (x - \\mathrm{loc}) / s$ with $s = \\mathrm{softplus}(l) + 10^{-5}$. By "
        "default\n$\\mathrm{loc} = l = 0$, so $s = %.4f$: in two dimensions each block adds $-2 \\log s = %.6f$ to "
        "the log-det, and\neight blocks stretch the plane %.1f times. Initialised from data, each block's input has "
        "mean 0 and standard\ndeviation 1.\n\n", scale, -2 * log(scale), pow(scale, -8));
    struct against_none against[N_ARMS] = {0};
    for (size_t a = DEFAULT; a <= DATA; a++)
        against[a] = compare(report, arms[a], depths);
    print_actnorm(report, depths, against);
    const double logp = question_number(t, "untrained_logp", "actnorm=default depth=8 seed=0");
    const double norm = question_number(t, "untrained_grad_norm", "actnorm=default depth=8 seed=0");
    if (!isnan(logp))
        report_print(report, "Beside the notebook's own stack (default, depth 8, seed 0, untrained): log p %.1f, ours "
                     "%s; gradient norm %.0f, ours %s.\n\n", reference_logp, say_number(report, 1, logp), reference_norm,
                     say_number(report, 0, norm));
    report_figure(report, "actnorm", "untrained and final log p against depth, and the training curves, for the three "
                                     "arms");
    claim_default_hurts(report, &against[DEFAULT], depths.n);
    claim_only_data(report, &against[DEFAULT], &against[DATA]);
    report_source(report, ACTNORM, "ActNorm `lib/kernels/layer_actnorm.c`, its initialisation `lib/flow.c`");
}

/* ------------------------------------------------------------------------------------------------- depth 20 ---- */

static const struct remedy {
    const char *arm, *name;
} remedies[] = {
    {"none", "none"},
    {"clip", "clip 1"},
    {"actnorm", "ActNorm from data"},
    {"both", "both"},
};
enum { N_REMEDIES = sizeof remedies / sizeof *remedies };
static const char *const couplings[] = {"spline", "affine"};

/* All runs finished, with a score that is a number. */
static bool trains(struct report *report, const char *where)
{
    const struct table *t = report->table[DEPTH20];
    const size_t        runs = question_count(t, where);
    return runs > 0 && question_numbers(&report->pool, t, "heldout_logp", where).n == runs;
}

/* "all", "not all", or that there are none. */
static const char *say_trains(struct report *report, const char *where)
{
    return question_count(report->table[DEPTH20], where) == 0 ? "no run" : trains(report, where) ? "all" : "not all";
}

/* The first of these arms of which there is no run, in words; NULL: there are runs of each. */
static const char *no_arm(struct report *report, size_t n_couplings, const char *a, const char *b)
{
    for (size_t c = 0; c < n_couplings; c++)
        for (size_t i = 0; i < 2; i++) {
            const char *arm = i ? b : a;
            if (question_count(report->table[DEPTH20], SAY("coupling=%s depth=20 arm=%s", couplings[c], arm)) == 0)
                return SAY("there is no %s run at depth 20, arm '%s'", couplings[c], arm);
        }
    return NULL;
}

static void print_depth20(struct report *report)
{
    const struct table *t = report->table[DEPTH20];
    report_print(report,
        "| coupling | remedy | diverged | training log p: median | held-out: median | worst held-out "
        "| no finite held-out score | against none, where both finish: training, median | held-out, median | higher, "
        "held-out |\n|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t c = 0; c < 2; c++)
        for (size_t r = 0; r < N_REMEDIES; r++) {
            const char *where = SAY("coupling=%s depth=20 arm=%s", couplings[c], remedies[r].arm);
            const char *none = SAY("coupling=%s depth=20 arm=none", couplings[c]);
            const size_t runs = question_count(t, where), ok = question_count(t, SAY("%s status=ok", where));
            const struct sample train = question_numbers(&report->pool, t, "train_logp", where);
            const struct sample held = question_numbers(&report->pool, t, "heldout_logp", where);
            const struct pairs p = question_pairs(&report->pool, t, "heldout_logp", "seed", where, none);
            const struct pairs q = question_pairs(&report->pool, t, "train_logp", "seed", where, none);
            size_t higher = 0;
            for (size_t i = 0; i < p.n; i++)
                higher += p.d[i] > 0;
            const struct summary s = statistics_summary(held.x, held.n);
            report_print(report, "| %s | %s | %zu of %zu | %s | %s | %s | %zu | %s | %s | %s |\n", couplings[c],
                         remedies[r].name, runs - ok, runs,
                         say_number(report, 3, statistics_summary(train.x, train.n).median), say_number(report, 3, s.median),
                         say_number(report, 3, s.min), ok - held.n,
                         r ? say_number(report, 3, statistics_summary(q.d, q.n).median) : "",
                         r ? say_number(report, 3, statistics_summary(p.d, p.n).median) : "",
                         r ? SAY("%zu of %zu", higher, p.n) : "");
        }
    report_print(report, "\nThe notebook's own stack, spline, clip 1, seeds 0 and 1: -1.356 and -1.364 on the "
                 "training rows; ours: %s and %s (held-out %s and %s).\n\n",
                 say_number(report, 3, question_number(t, "train_logp", "coupling=spline depth=20 arm=clip seed=0")),
                 say_number(report, 3, question_number(t, "train_logp", "coupling=spline depth=20 arm=clip seed=1")),
                 say_number(report, 3, question_number(t, "heldout_logp", "coupling=spline depth=20 arm=clip seed=0")),
                 say_number(report, 3, question_number(t, "heldout_logp", "coupling=spline depth=20 arm=clip seed=1")));
}

/* Depth 20 against the notebook's deepest, 8, both with its clip: from the table of depths. */
static void claim_spline_fine(struct report *report)
{
    const struct pairs p = question_pairs(&report->pool, report->table[DEPTH_TRUTH], "heldout_logp", "seed", "depth=20",
                                          "depth=8");
    const struct effect e = verdict_mean(&report->verdicts, p.d, p.n);
    const bool bare = trains(report, "coupling=spline depth=20 arm=none");
    const bool clipped = trains(report, "coupling=spline depth=20 arm=clip");
    const int  sign = effect_sign(&e);
    const char *scores = p.n ? SAY("held-out log p at depth 20 against depth 8, paired by seed: %s (%s)",
                                   say_interval(report, 4, &e), say_p(report, e.corrected))
                             : "no pair of depths 8 and 20 to compare";
    const char *missing = no_arm(report, 1, "none", "clip");
    const char *without = say_trains(report, "coupling=spline depth=20 arm=none");
    const char *with = say_trains(report, "coupling=spline depth=20 arm=clip");
    report_claim(report, &(struct claim){
        .title = "spline stacks train fine even at depth 20, at a moderate rate",
        .sentence = "Well-conditioned stacks (the RQ-spline flows above, even at depth 20) train fine at a moderate "
                    "learning rate",
        .rule = SAY("supported if every spline run at depth 20 and rate 0.003 finishes, with and without the clip, and "
                    "what held-out log p gains over depth 8 is not significantly negative and its interval lies above "
                    "-%g nats; with a limit if that gain is significantly negative, or only clipped runs finish; "
                    "refuted if a clipped run does not; otherwise undecided.", MATERIAL),
        .effect = SAY("%s finish without a clip, %s finish with it; %s.", without, with, scores),
        .limit = clipped && (!bare || sign < 0) ? SAY("%s%s.", bare ? "" : "only with the clip; ", scores) : NULL,
        .untested = missing ? missing : p.n + p.lost > 1 ? NULL : "it takes two seeds at depths 8 and 20",
        .rests_on = ON(DEPTH20) | ON(DEPTH_TRUTH), .lacking = missing ? ON(DEPTH20) : ON(DEPTH_TRUTH),
        .decision = !clipped ? REFUTED : !bare || sign < 0 ? LIMITED
                  : effect_between(&e, -MATERIAL, INFINITY) ? SUPPORTED : UNDECIDED,
    });
}

static void claim_together(struct report *report)
{
    bool        with[2], without[2];
    const char *say_with[2], *say_without[2];
    for (size_t c = 0; c < 2; c++) {
        const char *both = SAY("coupling=%s depth=20 arm=both", couplings[c]);
        const char *none = SAY("coupling=%s depth=20 arm=none", couplings[c]);
        with[c] = trains(report, both);
        without[c] = trains(report, none);
        say_with[c] = say_trains(report, both);
        say_without[c] = say_trains(report, none);
    }
    const size_t good = (size_t)with[0] + with[1];
    const bool   needed = !without[0] || !without[1];
    const char *what = SAY("runs that finish with a finite held-out score: with clip and ActNorm from data, %s of the "
                           "spline's and %s of the affine; with neither, %s and %s", say_with[0],
                           say_with[1], say_without[0], say_without[1]);
    report_claim(report, &(struct claim){
        .title = "together the guards make very deep flows trainable",
        .sentence = "Together — alternating masks, clipping, ActNorm (data-initialised), and a warm start — these "
                    "make very deep coupling flows trainable.",
        .rule = "depth 20, the notebook's rate; the warm start is not among the arms. Supported if with both remedies "
                "all runs of both couplings finish with a finite held-out score, and with neither remedy not all do; "
                "with a limit if all do so of one coupling only, or also with neither remedy; refuted if of no "
                "coupling.",
        .effect = SAY("%s.", what),
        .limit = good == 2 && needed ? NULL : SAY("%s.", what),
        .untested = no_arm(report, 2, "both", "none"), .rests_on = ON(DEPTH20),
        .decision = good == 0 ? REFUTED : good == 2 && needed ? SUPPORTED : LIMITED,
    });
}

void report_depth20(struct report *report)
{
    report_print(report, "### Depth 20\n\nEvery remedy that the notebook names but the warm start, at its rate.\n\n");
    print_depth20(report);
    report_figure(report, "depth20", "held-out and training log p at depth 20 for each remedy");
    claim_spline_fine(report);
    claim_together(report);
    report_source(report, DEPTH20, "clip `lib/train.c`, ActNorm `lib/kernels/layer_actnorm.c`");
}
