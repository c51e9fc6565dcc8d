/* sibling_moons.c - the numbers that two sibling notebooks print, beside ours, and what else the same flows show.
 *
 * An untrained number must have the printed digits.  A trained one is one draw of ours beside one of theirs: nothing is
 * tested.
 */
#include "judge.h"

#include <math.h>
#include <string.h>

static const struct source tables[] = {
    { .name = "sibling_moons",
      .columns = "start coupling rotation peak_lr status start_logp start_integral final_logp final_integral "
                 "final_coarse_integral log_det",
      .protocol = { .choice = "steps=3000" } },
    { .name = "sibling_moons_diagonal",
      .columns = "coupling median quantile_999 greatest apart greatest_latent logp_median logp_greatest" },
    { .name = "printed_sibling", .file = "reference/printed_sibling.tsv", .columns = "quantity start value stack" },
    { 0 },
};

enum { ARMS = 6, PAIRS = 2 };

static const struct named {
    const char *start, *coupling, *rotation;
} arms[ARMS] = {
    { "cold", "mixture-clipped", "householder" }, { "cold", "mixture", "householder" },
    { "warm", "mixture-clipped", "frozen" },      { "warm", "mixture", "frozen" },
    { "warm", "mixture-clipped", "free" },        { "warm", "mixture", "free" },
};

static const char *const pairs[PAIRS] = { "mixture-clipped", "mixture" };

struct arm_of_moons {
    const struct named *name;
    double              start_logp, start_integral, final_logp, final_integral, coarse_integral, log_det;
    double              printed_start, printed_final, stack_start, stack_final; /* NaN: the notebook has no such flow */
};

struct pair_of_flows {
    double median, high, greatest, apart, latent, logp_greatest;
};

struct sibling_moons {
    struct arm_of_moons  arm[ARMS];
    struct pair_of_flows pair[PAIRS], printed, stack;
};

/* ------------------------------------------------------------------------------------------------- measure ---- */

/* column: "value", what the notebooks print, or "stack", what reference/warm.py makes. */
static double theirs(const struct inputs *in, const char *column, const char *quantity, const char *start)
{
    return query_number(sources_table(in->sources, "printed_sibling"), column,
                        text(in->pool, "quantity=%s start=%s", quantity, start));
}

static struct arm_of_moons measure_arm(const struct inputs *in, const struct named *name)
{
    const struct table *t = sources_table(in->sources, "sibling_moons");
    const char *where = text(in->pool, "start=%s coupling=%s rotation=%s", name->start, name->coupling, name->rotation);
    const bool  printed = strcmp(name->coupling, "mixture") != 0 && strcmp(name->rotation, "free") != 0;
    return (struct arm_of_moons){
        .name = name,
        .start_logp = query_number(t, "start_logp", where),
        .start_integral = query_number(t, "start_integral", where),
        .final_logp = query_number(t, "final_logp", where),
        .final_integral = query_number(t, "final_integral", where),
        .coarse_integral = query_number(t, "final_coarse_integral", where),
        .log_det = query_number(t, "log_det", where),
        .printed_start = printed ? theirs(in, "value", "start_logp", name->start) : NAN,
        .printed_final = printed ? theirs(in, "value", "final_logp", name->start) : NAN,
        .stack_start = printed ? theirs(in, "stack", "start_logp", name->start) : NAN,
        .stack_final = printed ? theirs(in, "stack", "final_logp", name->start) : NAN,
    };
}

static struct pair_of_flows theirs_of(const struct inputs *in, const char *column)
{
    return (struct pair_of_flows){ .median = theirs(in, column, "median", "warm"),
                                   .greatest = theirs(in, column, "greatest", "warm"),
                                   .apart = theirs(in, column, "apart", "warm") };
}

static void *measure(const struct inputs *in)
{
    const struct table   *t = sources_table(in->sources, "sibling_moons_diagonal");
    struct sibling_moons *m = pool_zeroed(in->pool, sizeof *m);
    for (size_t i = 0; i < ARMS; i++)
        m->arm[i] = measure_arm(in, &arms[i]);
    for (size_t i = 0; i < PAIRS; i++) {
        const char *where = text(in->pool, "coupling=%s", pairs[i]);
        m->pair[i] = (struct pair_of_flows){
            .median = query_number(t, "median", where),
            .high = query_number(t, "quantile_999", where),
            .greatest = query_number(t, "greatest", where),
            .apart = query_number(t, "apart", where),
            .latent = query_number(t, "greatest_latent", where),
            .logp_greatest = query_number(t, "logp_greatest", where),
        };
    }
    m->printed = theirs_of(in, "value");
    m->stack = theirs_of(in, "stack");
    return m;
}

/* -------------------------------------------------------------------------------------------------- decide ---- */

static const char *digits_verdict(struct pieces *out, const char *ours, const char *theirs)
{
    return pieces_number_verdict(out, "sibling_moons",
                                 strcmp(ours, theirs) == 0 ? "the same to the last digit" : "another digit");
}

static void list_numbers(struct pieces *out, const struct arm_of_moons *arm)
{
    struct pool *pool = out->pool;
    const char  *ours = text_number(pool, 3, arm->start_logp), *theirs = text_number(pool, 3, arm->printed_start);
    pieces_number(out, text(pool, "sibling notebook: mean log p of the moons, %s start, untrained", arm->name->start),
                  theirs, ours, digits_verdict(out, ours, theirs));
    pieces_number(out, text(pool, "the same after 3000 steps"), text_number(pool, 3, arm->printed_final),
                  text_number(pool, 4, arm->final_logp), "not tested: one draw beside one");
}

static const char *one_integral(struct pool *pool, double value)
{
    return value > 1000 ? text(pool, "%.1e", value) : text_number(pool, 4, value);
}

static const char *integral_text(struct pool *pool, double fine, double coarse)
{
    return isnan(coarse) ? one_integral(pool, fine)
                         : text(pool, "%s (%s)", one_integral(pool, fine), one_integral(pool, coarse));
}

/* What is known of a number: printed, of the reference stack, ours. */
static const char *three(struct pool *pool, double printed, double stack, double ours)
{
    return text(pool, "%s | %s | %s", isnan(printed) ? "-" : text_number(pool, 3, printed),
                isnan(stack) ? "-" : text_number(pool, 4, stack), text_number(pool, 4, ours));
}

static void print_arms(struct pieces *out, const struct sibling_moons *m)
{
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "arms");
    bytes_text(
        table,
        "| start | mixtures | rotation | log p untrained, printed | reference stack | ours | its integral | log p "
        "trained, printed | reference stack | ours | its integral | sum of log \\|det\\| "
        "|\n|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < ARMS; i++) {
        const struct arm_of_moons *a = &m->arm[i];
        bytes_print(table, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", a->name->start,
                    strcmp(a->name->coupling, "mixture") == 0 ? "whole" : "clipped", a->name->rotation,
                    three(pool, a->printed_start, a->stack_start, a->start_logp),
                    integral_text(pool, a->start_integral, NAN),
                    three(pool, a->printed_final, a->stack_final, a->final_logp),
                    integral_text(pool, a->final_integral, a->coarse_integral), text_number(pool, 2, a->log_det));
        if (!isnan(a->printed_start))
            list_numbers(out, a);
    }
}

static void print_theirs(struct bytes *table, struct pool *pool, const char *who, const struct pair_of_flows *p)
{
    bytes_print(table, "| clipped, %s | %s | - | %s | %g | - |\n", who, text_short(pool, p->median),
                text_short(pool, p->greatest), p->apart);
}

static void print_pairs(struct pieces *out, const struct sibling_moons *m)
{
    struct pool  *pool = out->pool;
    struct bytes *table = pieces_table(out, "diagonal");
    bytes_text(table,
               "| mixtures | distance of the latents: median | quantile 0.999 | largest | rows above 0.01 | largest "
               "difference of log p |\n|---|---|---|---|---|---|\n");
    print_theirs(table, pool, "as printed", &m->printed);
    print_theirs(table, pool, "reference stack", &m->stack);
    for (size_t i = 0; i < PAIRS; i++) {
        const struct pair_of_flows *p = &m->pair[i];
        bytes_print(table, "| %s | %s | %s | %s | %s | %s |\n", strcmp(pairs[i], "mixture") == 0 ? "whole" : "clipped",
                    text_short(pool, p->median), text_short(pool, p->high), text_short(pool, p->greatest),
                    text_number(pool, 0, p->apart), text_short(pool, p->logp_greatest));
    }
    pieces_value(
        out, "clip",
        isnan(m->pair[0].greatest)
            ? ""
            : text(pool,
                   "In double precision and from the same mixtures the two maps agree to %s where there is no clip, "
                   "and the clip leaves %s rows apart, by %s at most: the diagonal flow takes them to a latent of up "
                   "to %s, the clipped coupling ends at 4.75.",
                   text_short(pool, m->pair[1].greatest), text_number(pool, 0, m->pair[0].apart),
                   text_number(pool, 3, m->pair[0].greatest), text_number(pool, 2, m->pair[0].latent)));
}

/* What a free matrix does. */
static void put_free(struct pieces *out, const struct sibling_moons *m)
{
    struct pool               *pool = out->pool;
    const struct arm_of_moons *frozen = &m->arm[2], *free_one = &m->arm[4];
    pieces_value(
        out, "free",
        isnan(free_one->final_logp - frozen->final_logp)
            ? ""
            : text(pool,
                   "Trained as a free matrix whose log-determinant counts as 0, the rotation collapses (the sum of "
                   "log |det| is %s), \"log p\" climbs to %s, and the \"density\" integrates to %s over the square. "
                   "Frozen it stays at %s.",
                   text_number(pool, 1, free_one->log_det), text_number(pool, 2, free_one->final_logp),
                   text(pool, "%.0e", free_one->final_integral), text_number(pool, 3, frozen->final_logp)));
}

static void decide(struct pieces *out, const void *measured)
{
    const struct sibling_moons *m = measured;
    print_arms(out, m);
    print_pairs(out, m);
    put_free(out, m);
}

const struct judge judge_sibling_moons = {
    .name = "sibling_moons",
    .tables = tables,
    .figures = "",
    .measure = measure,
    .decide = decide,
};
