/* inverse_depth.c - does the exact inverse survive every layer: the claim D5 of PROTOCOL.md. */
#include "judge.h"

#include <math.h>

#define TOLERANCE 1e-8 /* half the digits of a double */
enum { TRAINED_FLOWS = 12, MAX_DEPTHS = 64 };

static const struct source tables[] = {
    { .name = "inverse_depth",
      .columns = "coupling depth seed status untrained_inverse_error inverse_error untrained_condition_number "
                 "condition_number",
      .protocol = { SETTINGS_DEPTH "actnorm=none lr=0.003 clip=1", "coupling=both depths=1,2,4,8,16", "seeds=12" },
      .stated = true },
    { 0 },
};

static const char *const couplings[] = { "spline", "affine" };
enum { N_COUPLINGS = 2 };

/* The flows of one depth, before or after training. */
struct errors {
    size_t flows, above;     /* above: not below the tolerance, or no finite number at all */
    double worst, condition; /* greatest finite inverse error; median condition number */
};

struct depth_errors {
    double        depth;
    struct errors untrained, trained;
    size_t        diverged; /* runs that have no trained flow */
};

struct inverse_depth {
    struct {
        size_t               n;
        struct depth_errors *depth; /* [n] */
    } coupling[N_COUPLINGS];
};

static const struct table *table_of(const struct inputs *in) { return sources_table(in->sources, "inverse_depth"); }

/* Of the flows that meet the condition. */
static struct errors measure_errors(const struct inputs *in, const char *error, const char *condition,
                                    const char *where)
{
    const struct sample  finite = query_numbers(in->pool, table_of(in), error, where);
    const struct summary conditions = query_summary(in->pool, table_of(in), condition, where);
    struct errors e = { .flows = query_count(table_of(in), where), .worst = NAN, .condition = conditions.median };
    e.above = e.flows - finite.n;
    for (size_t i = 0; i < finite.n; i++) {
        e.above += !(finite.x[i] < TOLERANCE);
        e.worst = isnan(e.worst) || finite.x[i] > e.worst ? finite.x[i] : e.worst;
    }
    return e;
}

/* A flow that diverged has no trained parameters. */
static struct errors measure_trained(const struct inputs *in, const char *alike)
{
    struct errors     all = { .worst = NAN, .condition = NAN };
    const char *const status[] = { "ok", "ruined" };
    for (size_t k = 0; k < 2; k++) {
        const struct errors e = measure_errors(in, "inverse_error", "condition_number",
                                               text(in->pool, "%s status=%s", alike, status[k]));
        all.flows += e.flows;
        all.above += e.above;
        all.worst = isnan(all.worst) || e.worst > all.worst ? e.worst : all.worst;
        all.condition = k == 0 ? e.condition : all.condition;
    }
    return all;
}

static void *measure(const struct inputs *in)
{
    struct inverse_depth *m = pool_zeroed(in->pool, sizeof *m);
    for (size_t c = 0; c < N_COUPLINGS; c++) {
        const char         *of = text(in->pool, "coupling=%s", couplings[c]);
        const struct sample depths = query_distinct(in->pool, table_of(in), "depth", of);
        m->coupling[c].n = depths.n;
        m->coupling[c].depth = pool_zeroed(in->pool, (depths.n + 1) * sizeof *m->coupling[c].depth);
        for (size_t d = 0; d < depths.n; d++) {
            const char *alike = text(in->pool, "%s depth=%g", of, depths.x[d]);
            m->coupling[c].depth[d] = (struct depth_errors){
                .depth = depths.x[d],
                .untrained = measure_errors(in, "untrained_inverse_error", "untrained_condition_number", alike),
                .trained = measure_trained(in, alike),
                .diverged = query_count(table_of(in), text(in->pool, "%s status=diverged", alike)),
            };
        }
    }
    return m;
}

static void print_errors(struct bytes *table, struct pool *pool, const struct errors *e)
{
    bytes_print(table, " %zu of %zu | %s | %s |", e->flows - e->above, e->flows, text_short(pool, e->worst),
                text_short(pool, e->condition));
}

static void claim_inverse(struct pieces *out, const struct depth_errors *depth, size_t n, const char *coupling)
{
    struct pool *pool = out->pool;
    size_t       flows = 0, above = 0, diverged = 0, runs = 0, n_good = 0, n_full = 0;
    double       good[MAX_DEPTHS], full[MAX_DEPTHS], worst = NAN;
    for (size_t d = 0; d < n && d < MAX_DEPTHS; d++) {
        const struct errors *before = &depth[d].untrained, *after = &depth[d].trained;
        const size_t         lost = before->above + after->above;
        flows += before->flows + after->flows;
        above += lost;
        runs += before->flows;
        diverged += depth[d].diverged;
        worst = isnan(worst) || before->worst > worst ? before->worst : worst;
        worst = isnan(worst) || after->worst > worst ? after->worst : worst;
        if (lost == 0)
            good[n_good++] = depth[d].depth;
        if (after->flows >= TRAINED_FLOWS)
            full[n_full++] = depth[d].depth;
    }
    pieces_claim(
        out,
        &(struct claim){
            .name = coupling,
            .title = text(pool, "the exact inverse survives every layer, %s", coupling),
            .sentence = "exact inverse survives every layer",
            .rule = "max |x - T^-1(T(x))| over the test rows, of untrained and trained flows at depths 1 to 16; a row "
                    "that does not come back as a finite number has an infinite error. Supported if all are below "
                    "1e-8, half the digits of a double; refuted as stated by one that is not; within the depths that "
                    "have 12 trained flows, if others lack them. Runs that diverged have no trained flow; they "
                    "are left out, and their number is given.",
            .estimate = flows ? text(pool, "%zu of %zu flows below 1e-8", flows - above, flows) : NULL,
            .effect = text(pool,
                           "%zu of %zu flows are below 1e-8, untrained and trained; the greatest finite error is %s. "
                           "%zu of %zu trainings diverged and are left out.",
                           flows - above, flows, text_short(pool, worst), diverged, runs),
            .limit = above > 0 ? text(pool, "all flows are below 1e-8 at %s only.", text_depths(pool, good, n_good))
                   : n_full < n
                       ? text(pool, "%s, where 12 trained flows or more are left.", text_depths(pool, full, n_full))
                       : NULL,
            .untested = n == 0      ? text(pool, "there is no %s flow", coupling)
                      : n_full == 0 ? "no depth has 12 trained flows"
                                    : NULL,
            .rests_on = "inverse_depth",
            .decision = above > 0  ? REFUTED
                      : n_full < n ? LIMITED
                                   : SUPPORTED,
        });
}

static void decide(struct pieces *out, const void *measured)
{
    const struct inverse_depth *m = measured;
    struct bytes               *table = pieces_table(out, "errors");
    bytes_text(
        table,
        "| coupling | depth | untrained: below 1e-8 | greatest finite error | condition number, median | trained: "
        "below 1e-8 | greatest finite error | condition number, median | diverged, left out "
        "|\n|---|---|---|---|---|---|---|---|---|\n");
    for (size_t c = 0; c < N_COUPLINGS; c++) {
        for (size_t d = 0; d < m->coupling[c].n; d++) {
            const struct depth_errors *row = &m->coupling[c].depth[d];
            bytes_print(table, "| %s | %g |", couplings[c], row->depth);
            print_errors(table, out->pool, &row->untrained);
            print_errors(table, out->pool, &row->trained);
            bytes_print(table, " %zu |\n", row->diverged);
        }
        claim_inverse(out, m->coupling[c].depth, m->coupling[c].n, couplings[c]);
    }
}

const struct judge judge_inverse_depth = {
    .name = "inverse_depth",
    .tables = tables,
    .figures = "inverse_depth",
    .family = "Depth",
    .measure = measure,
    .decide = decide,
};
