/* gradient_norm.c - the notebook's gradient norms beside ours.
 *
 * Nothing is trained, so they are fixed to round-off and are compared digit by digit.
 */
#include "judge.h"

#include <math.h>
#include <string.h>

static const struct source tables[] = {
    { .name = "gradient_norm",
      .columns = "coupling depth seed grad_norm",
      .protocol = { SETTINGS_FLOW "actnorm=none", "coupling=both depths=2,4,8,16", "seeds=1" } },
    { .name = "untrained",
      .file = "tests/reference/untrained.tsv",
      .columns = "coupling depth n_params mean_logp grad_norm",
      .no_head = true },
    { 0 },
};

struct gradient_norm {
    size_t n, room;
    struct probe {
        const char *coupling;
        double      depth;
        double      printed, ours, reference; /* by the notebook, by us, by the notebook's own stack */
        bool        run;                      /* the table has it                                    */
    } * probe;                                /* [n] */
};

static struct probe measure_probe(const struct inputs *in, const char *coupling, double depth)
{
    const struct table *table = sources_table(in->sources, "gradient_norm");
    const char         *seed = table_value(table, "seed");
    const char         *alike = text(in->pool, "coupling=%s depth=%g", coupling, depth);
    const char         *run = text(in->pool, "%s seed=%s", alike, seed ? seed : "0");
    return (struct probe){
        .coupling = coupling,
        .depth = depth,
        .printed = query_number(sources_table(in->sources, "printed"), "value",
                                text(in->pool, "quantity=grad_norm %s", alike)),
        .ours = query_number(table, "grad_norm", run),
        .reference = query_number(sources_table(in->sources, "untrained"), "grad_norm", alike),
        .run = query_count(table, run) > 0,
    };
}

static void *measure(const struct inputs *in)
{
    static const char *const couplings[] = { "affine", "spline" };
    struct gradient_norm    *m = pool_zeroed(in->pool, sizeof *m);
    for (size_t c = 0; c < 2; c++) {
        const struct sample depths = query_distinct(in->pool, sources_table(in->sources, "printed"), "depth",
                                                    text(in->pool, "quantity=grad_norm coupling=%s", couplings[c]));
        for (size_t i = 0; i < depths.n; i++) {
            m->probe = pool_grown(in->pool, m->probe, m->n, &m->room, sizeof *m->probe);
            m->probe[m->n++] = measure_probe(in, couplings[c], depths.x[i]);
        }
    }
    return m;
}

/* How our digits compare with the printed ones. */
static const char *compare_digits(const struct probe *p, const char *rounded, const char *printed)
{
    if (!p->run)
        return "not tested: not computed";
    if (isnan(p->ours))
        return "no finite number";
    return strcmp(rounded, printed) == 0 ? "the same to the last digit" : "another digit";
}

static void decide(struct pieces *out, const void *measured)
{
    const struct gradient_norm *m = measured;
    struct pool                *pool = out->pool;
    struct bytes               *table = pieces_table(out, "norms");
    const char                 *open = NULL; /* the verdict of the first that was not tested */
    size_t                      same = 0;
    double                      least = INFINITY, most = 0;
    bytes_text(table, "| coupling | depth | notebook | ours | difference | relative difference to the reference stack "
                      "| digits |\n|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < m->n; i++) {
        const struct probe *p = &m->probe[i];
        const char         *rounded = text_number(pool, 1, p->ours), *printed = text(pool, "%.1f", p->printed);
        const char         *digits = pieces_number_verdict(out, "gradient_norm", compare_digits(p, rounded, printed));
        bytes_print(table, "| %s | %g | %s | %s | %s | %s | %s |\n", p->coupling, p->depth, printed,
                    text_number(pool, 6, p->ours), text_number(pool, 2, p->ours - p->printed),
                    isnan(p->ours - p->reference) ? "-"
                                                  : text(pool, "%.0e", fabs(p->ours - p->reference) / p->reference),
                    digits);
        same += strcmp(rounded, printed) == 0;
        if (!open && strncmp(digits, "not tested", strlen("not tested")) == 0)
            open = digits;
        least = fmin(least, p->printed);
        most = fmax(most, p->printed);
    }
    pieces_number(out, text(pool, "gradient norms of %zu untrained flows, with one decimal", m->n),
                  text(pool, "%.1f to %.1f", least, most), text(pool, "%zu of %zu have the same digits", same, m->n),
                  open ? open : verdict_name(same == m->n ? SUPPORTED : REFUTED));
}

const struct judge judge_gradient_norm = {
    .name = "gradient_norm",
    .tables = tables,
    .figures = "gradient_norm",
    .measure = measure,
    .decide = decide,
    .notebook = true,
};
