/* report_settings.c - which settings a table was made with, beside those that the report's words are about.
 *
 * The report tells of one protocol: the spiral, and each program's defaults.  A table of other rows, or of another
 * program, is refused.  What else may differ is of three kinds.  What a single run is (steps, rate, width, ...): then
 * nothing measured on the table is judged.  Which runs there are (depths, couplings): then no claim is judged on it,
 * but a number that is there is.  And how many there are (seeds, replicas): these are judged, and their number is told.
 * Invariant, kept by a test: the tables of `make all` differ in nothing.
 */
#include "report_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROWS "heldout=0 data-seed=0 data-size=3000 "
#define FLOW ROWS "bins=8 interval=4 width=24 hidden=2 seed=0 "
#define TRAINED FLOW "batch-seed=1 steps=1200 batch=512 "
#define FITTED TRAINED "lr=0.003 clip=1 "

/* Each a list of "key=value"; NULL: the program has no such setting. */
static const struct protocol {
    const char *run, *choice, *count;
} protocols[N_REPORT_TABLES] = {
    [DEPTH_SWEEP] = {FITTED "coupling=spline actnorm=none", "depths=1,2,4,8", "seeds=1 replicas=32"},
    [TRUTH] = {ROWS, NULL, NULL},
    [DENSITY_INTEGRAL] = {FITTED "coupling=spline actnorm=none", "depths=1,2,4,8", NULL},
    [GRADIENT_NORM] = {FLOW "actnorm=none", "coupling=both depths=2,4,8,16", "seeds=1"},
    [DEPTH_TRUTH] = {FITTED "coupling=spline actnorm=none", "depths=1,2,4,8,16,20", "seeds=16"},
    [GRADIENT_DEPTH] = {FLOW "actnorm=none", "coupling=both depths=1,2,3,4,6,8,12,16,24,32", "seeds=64"},
    [CLIPPING] = {TRAINED "actnorm=none", "coupling=both depths=4,8,16", "seeds=12"},
    [ACTNORM] = {FITTED "coupling=spline", "depths=1,2,4,8,16,20", "seeds=8"},
    [DEPTH20] = {TRAINED "lr=0.003", "coupling=both depths=20", "seeds=8"},
    [ROUNDOFF] = {FITTED "coupling=spline actnorm=none", "depths=1,2,4,8", "replicas=9"},
    [ROUNDOFF_FINAL] = {FITTED "coupling=spline actnorm=none", "depths=1,2,4,8", "replicas=9"},
    [CONDITIONER] = {FITTED "coupling=spline actnorm=none", "depths=4", NULL},
};

/* Every depth of list a, "1,2,4", is in list b. */
static bool within(const char *a, const char *b)
{
    bool all = true;
    for (const char *at = a; at && all; at = strchr(at, ','), at += at != NULL) {
        all = false;
        for (const char *in = b; in && !all; in = strchr(in, ','), in += in != NULL)
            all = strtoul(at, NULL, 10) == strtoul(in, NULL, 10);
    }
    return all;
}

static bool same_value(const char *key, const char *a, const char *b)
{
    if (strcmp(key, "depths") == 0) /* the same runs in any order */
        return within(a, b) && within(b, a);

    char        *a_end, *b_end;
    const double x = strtod(a, &a_end), y = strtod(b, &b_end);
    return strcmp(a, b) == 0 || (*a && *b && !*a_end && !*b_end && x == y);
}

/* "steps 4 instead of 1200, lr 1000 instead of 0.003"; NULL if all are as expected. */
static const char *differences(struct report *report, const struct table *table, const char *expected)
{
    const char *found = NULL;
    char        key[32], value[64];
    int         used;
    for (; expected && sscanf(expected, " %31[^= ]=%63s%n", key, value, &used) == 2; expected += used) {
        const char *ours = table_value(table, key);
        if (!ours || !same_value(key, ours, value))
            found = SAY("%s%s%s %s instead of %s", found ? found : "", found ? ", " : "", key,
                        ours ? ours : "not given", value);
    }
    return found;
}

bool report_settings_read(struct report *report, enum report_table which, const char *path, fathom_error *error)
{
    const struct table    *table = report->table[which];
    const struct protocol *protocol = &protocols[which];
    const char            *program = table_value(table, "program"), *data = table_value(table, "data");
    if (!program || strcmp(program, report_maker(which)) != 0) {
        snprintf(error->text, sizeof error->text, "%.150s: program %.40s instead of %s", path,
                 program ? program : "not given", report_maker(which));
        return false;
    }
    if (protocol->run && (!data || strcmp(data, "spiral") != 0)) {
        snprintf(error->text, sizeof error->text, "%.120s: data %.60s instead of spiral, which the report is about; "
                 "give own rows a folder of their own (--out)", path, data ? data : "not given");
        return false;
    }
    report->settings[which] = (struct settings_found){
        .run = differences(report, table, protocol->run),
        .choice = differences(report, table, protocol->choice),
        .count = differences(report, table, protocol->count),
    };
    return true;
}

const char *report_settings_differ(struct report *report, unsigned tables, bool only_runs)
{
    const char *found = NULL;
    for (size_t i = 0; i < N_REPORT_TABLES; i++) {
        const struct settings_found *s = &report->settings[i];
        const char *choice = only_runs ? NULL : s->choice;
        if ((tables & ON(i)) && (s->run || choice))
            found = SAY("%s%s`%s.tsv` has %s%s%s", found ? found : "", found ? "; " : "",
                        report_table_name((enum report_table)i), s->run ? s->run : "",
                        s->run && choice ? ", " : "", choice ? choice : "");
    }
    return found;
}

/* Tables of two releases may disagree for no other reason. */
static void print_versions(struct report *report)
{
    const char *first = NULL;
    bool        mixed = false;
    for (size_t i = 0; i < N_REPORT_TABLES; i++) {
        const char *version = report_maker((enum report_table)i) ? table_value(report->table[i], "fathom") : NULL;
        mixed = mixed || (first && version && strcmp(first, version) != 0);
        first = first ? first : version;
    }
    if (mixed)
        report_print(report, "> **These tables were made by more than one release of Fathom.**\n\n");
}

void report_settings_notice(struct report *report)
{
    bool any = false, judged = true;
    for (size_t i = 0; i < N_REPORT_TABLES; i++) {
        const struct settings_found *s = &report->settings[i];
        any = any || s->run || s->choice || s->count;
        judged = judged && !s->run && !s->choice;
    }
    print_versions(report);
    if (!any)
        return;
    report_print(report, "> **These tables were made with settings that are not the protocol's.**\n>\n");
    for (size_t i = 0; i < N_REPORT_TABLES; i++) {
        const struct settings_found *s = &report->settings[i];
        const char *all[] = {s->run, s->choice, s->count};
        const char *line = NULL;
        for (size_t k = 0; k < 3; k++)
            if (all[k])
                line = SAY("%s%s%s", line ? line : "", line ? ", " : "", all[k]);
        if (line)
            report_print(report, "> * `%s.tsv`: %s\n", report_table_name((enum report_table)i), line);
    }
    report_print(report, judged ? "\nOnly how many runs there are differs: the verdicts below rest on that many.\n\n"
                                : "\nA claim that rests on a table with other runs is *not tested*. Seeds and replicas "
                                  "are judged as many as there are.\n\n");
}
