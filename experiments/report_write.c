/* report_write.c - the report as a whole: opens the tables, has every part written twice, and puts the list of all
 * verdicts at its head.
 *
 * The first round collects p-values, the second hears them corrected together (verdict.h).
 */
#include "report_parts.h"

#include <errno.h>
#include <gsl/gsl_errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Which tables are read, what makes them, and what is asked of them.  of_project: a committed file, below the project's
 * folder, otherwise a result.  columns with no head: the file has no line of column names, these are what it holds. */
static const struct source {
    const char *name, *maker, *columns;
    bool        of_project, no_head;
} sources[N_REPORT_TABLES] = {
    [DEPTH_SWEEP] = {"depth_sweep", "depth_sweep", "depth seed replica status mean_logp heldout_logp", false, false},
    [TRUTH] = {"truth", "depth_sweep", "rows n mean_logp std_error", false, false},
    [DENSITY_INTEGRAL] = {"density_integral", "density", "depth integral coarse_integral", false, false},
    [GRADIENT_NORM] = {"gradient_norm", "gradient_norm", "coupling depth seed grad_norm", false, false},
    [RESIDUAL_INVERSE] = {"residual_inverse", "residual_inverse",
                          "a b lipschitz monotone nonincreasing_steps banach_max_err", false, false},
    [RESIDUAL_BANACH] = {"residual_banach", "residual_inverse", "a b iteration max_err bound", false, false},
    [DEPTH_TRUTH] = {"depth_truth", "depth_truth",
                     "depth seed status train_logp train_truth heldout_logp heldout_truth kl kl_std_error", false,
                     false},
    [GRADIENT_DEPTH] = {"gradient_depth", "gradient_depth", "coupling depth seed grad_norm", false, false},
    [CLIPPING] = {"clipping", "clipping",
                  "coupling depth lr clip guard seed status diverged_at skipped train_logp heldout_logp", false, false},
    [ACTNORM] = {"actnorm", "actnorm",
                 "actnorm depth seed untrained_logp untrained_grad_norm status train_logp heldout_logp", false, false},
    [DEPTH20] = {"depth20", "depth20", "coupling depth arm seed status train_logp heldout_logp", false, false},
    [ROUNDOFF] = {"roundoff", "roundoff", "depth step least median greatest", false, false},
    [ROUNDOFF_FINAL] = {"roundoff_final", "roundoff", "depth replica status mean_logp heldout_logp", false, false},
    [CONDITIONER] = {"conditioner", "conditioner", "output segment low high rows batch_rows slope", false, false},
    [PRINTED] = {"reference/printed.tsv", NULL, "quantity coupling depth value", true, false},
    [ENSEMBLE] = {"tests/reference/ensemble.tsv", NULL, "depth member mean_logp", true, true},
    [UNTRAINED] = {"tests/reference/untrained.tsv", NULL, "coupling depth n_params mean_logp grad_norm", true, true},
    [UNTRAINED_ACTNORM] = {"tests/reference/untrained_actnorm.tsv", NULL,
                           "coupling depth n_params mean_logp grad_norm", true, true},
};

/* --------------------------------------------------------------------------------------------------- saying ---- */

void report_print(struct report *report, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bytes_vprint(report->out, format, args);
    va_end(args);
}

const char *say_number(struct report *report, int decimals, double value)
{
    if (!isfinite(value))
        return "-";
    if (fabs(value) >= 1e5) /* a score that exploded: its size is all that it says */
        return SAY("%.1e", value);
    const char *text = SAY("%.*f", decimals, value);
    return text[0] == '-' && strspn(text + 1, "0.") == strlen(text + 1) ? text + 1 : text; /* no minus zero */
}

const char *say_short(struct report *report, double value) { return isfinite(value) ? SAY("%.2g", value) : "-"; }

const char *say_p(struct report *report, double p)
{
    return p < 1e-4 ? "p < 0.0001" : SAY("p = %.2g", p);
}

const char *say_interval(struct report *report, int decimals, const struct effect *e)
{
    if (!isfinite(e->low))
        return say_number(report, decimals, e->value);
    if (fabs(e->low) >= 1e5 || fabs(e->high) >= 1e5) /* as say_number, and all three alike */
        return SAY("%.1e [%.1e, %.1e]", e->value, e->low, e->high);
    return SAY("%s [%s, %s]", say_number(report, decimals, e->value), say_number(report, decimals, e->low),
               say_number(report, decimals, e->high));
}

const char *say_list(struct report *report, const double *x, size_t n)
{
    const char *text = n ? "" : "none";
    for (size_t i = 0; i < n; i++)
        text = SAY("%s%s%g", text, i == 0 ? "" : i + 1 < n ? ", " : " and ", x[i]);
    return text;
}

const char *say_depths(struct report *report, const double *x, size_t n)
{
    return n == 0 ? "no depth" : SAY("%s %s", n == 1 ? "depth" : "depths", say_list(report, x, n));
}

/* ---------------------------------------------------------------------------------------------------- parts ---- */

/* Parts write their phrases so that they can stand within a sentence. */
static const char *capital(struct report *report, const char *phrase)
{
    return *phrase >= 'a' && *phrase <= 'z' ? SAY("%c%s", *phrase - 'a' + 'A', phrase + 1) : phrase;
}

const char *report_table_name(enum report_table table) { return sources[table].name; }
const char *report_maker(enum report_table table) { return sources[table].maker; }

const char *report_what_to_run(struct report *report, unsigned tables)
{
    const char *text = NULL, *last = NULL;
    for (size_t i = 0; i < N_REPORT_TABLES; i++)
        if ((tables & ON(i)) && sources[i].maker && (!last || strcmp(last, sources[i].maker) != 0)) {
            last = sources[i].maker;
            text = SAY("%s%s`build/%s%s --out %s`", text ? text : "run ", text ? " and " : "", last,
                       i == DEPTH_SWEEP ? " --replicas 32" : "", report->folder);
        }
    return text ? text : "";
}

/* Not tested: no decision counts.  again: the tables that must be made again. */
static struct claim untested(struct report *report, const struct claim *claim, const char *why, unsigned again)
{
    struct claim c = *claim;
    c.decision = NOT_TESTED;
    c.limit = SAY("%s; %s.", why, report_what_to_run(report, again));
    return c;
}

/* What comes of the judge's decision beside what could be tested at all. */
static struct claim judge(struct report *report, const struct claim *claim)
{
    unsigned again = 0;
    for (size_t i = 0; i < N_REPORT_TABLES; i++)
        if ((claim->rests_on & ON(i)) && report_settings_differ(report, ON(i), false))
            again |= ON(i);
    if (again)
        return untested(report, claim, SAY("settings differ: %s", report_settings_differ(report, again, false)), again);
    if (claim->untested)
        return untested(report, claim, claim->untested, claim->lacking ? claim->lacking : claim->rests_on);
    return *claim;
}

const char *report_number_verdict(struct report *report, enum report_table table, const char *verdict)
{
    const char *differ = report_settings_differ(report, ON(table), true);
    if (differ)
        verdict = SAY("not tested: settings differ: %s", differ);
    const bool tested = strncmp(verdict, "not tested", strlen("not tested")) != 0;
    return tested ? verdict : SAY("%s; %s", verdict, report_what_to_run(report, ON(table)));
}

void report_claim(struct report *report, const struct claim *given)
{
    const struct claim judged = judge(report, given), *claim = &judged;
    verdict_claim(&report->verdicts, claim);
    report_print(report, "**Claim: %s.**\n\n", claim->title);
    if (claim->sentence)
        report_print(report, "> %s\n\n", claim->sentence);
    report_print(report, "*Rule.* %s\n\n*Measured.* %s\n\n*Verdict:* **%s**%s%s\n\n",
                 capital(report, claim->rule), capital(report, claim->effect),
                 decision_name(claim->decision), claim->limit ? ": " : ".", claim->limit ? claim->limit : "");
}

void report_number(struct report *report, const char *what, const char *notebook, const char *ours,
                   const char *verdict)
{
    if (report->verdicts.second && report->n_numbers < NUMBERS_MAX)
        report->number[report->n_numbers++] = (struct number_row){what, notebook, ours, verdict};
}

void report_figure(struct report *report, const char *name, const char *caption)
{
    report_print(report, "![%s](results/%s.svg)\n\n*Figure: %s.*\n\n", caption, name, caption);
}

/* The command with what is not its default: the seeds or replicas that the table names. */
void report_source(struct report *report, enum report_table which, const char *formulas)
{
    const struct table *table = report->table[which];
    const char         *key = which == DEPTH_SWEEP || which == ROUNDOFF ? "replicas" : "seeds";
    const char         *n = table_value(table, key);
    report_print(report, "Again: `build/%s%s --out results`. Table: `results/%s.tsv`. Formulas: %s.\n\n",
                 sources[which].maker, n && strcmp(n, "1") != 0 ? SAY(" --%s %s", key, n) : "", sources[which].name,
                 formulas);
}

static void write_parts(struct report *report)
{
    report_notation(report);
    report_print(report, "## 1. Depth buys expressiveness\n\n");
    report_depth_numbers(report);
    report_roundoff(report);
    report_depth_truth(report);
    report_print(report, "## 2. Keeping a deep stack trainable\n\n");
    report_gradient_numbers(report);
    report_gradient_depth(report);
    report_clipping(report);
    report_actnorm(report);
    report_depth20(report);
    report_print(report, "## 3. Residual coupling\n\n");
    report_residual(report);
    report_print(report, "## 4. Inside a coupling\n\n");
    report_conditioner(report);
}

static bool some_untested(const struct verdicts *v)
{
    bool some = false;
    for (size_t i = 0; i < v->n_claims; i++)
        some = some || v->claim[i].decision == NOT_TESTED;
    return some;
}

static void write_head(struct report *report)
{
    const struct verdicts *v = &report->verdicts;
    report_print(report, "# Report\n\n");
    report_settings_notice(report);
    report_print(report,
        "The notebook [*Depth, residual coupling & stability*](https://github.com/jejjohnson/research_notebook)\n"
        "(J. Emmanuel Johnson, over his `gauss_flows`) trains coupling flows on a two-armed spiral, prints %zu\n"
        "numbers, and draws conclusions about depth and stability. Here its numbers are computed again, in C, and "
        "each\nconclusion is put to an experiment. This text is generated: `build/report results > REPORT.md` (the "
        "last step\nof `make all`) computes every number, word of judgement and verdict from the tables in "
        "`results/`. All\ndensities are in nats. Square brackets hold 95 %% intervals.\n\n"
        "## Verdicts\n\n### The notebook's numbers\n\n"
        "| number | notebook | ours | verdict |\n|---|---|---|---|\n", table_rows(report->table[PRINTED]));
    for (size_t i = 0; i < report->n_numbers; i++)
        report_print(report, "| %s | %s | %s | %s |\n", report->number[i].what, report->number[i].notebook,
                     report->number[i].ours, report->number[i].verdict);
    report_print(report, "\n### The notebook's claims\n\n| claim | verdict | why |\n|---|---|---|\n");
    for (size_t i = 0; i < v->n_claims; i++) {
        const struct claim *c = &v->claim[i];
        report_print(report, "| %s%s | **%s** | %s |\n", capital(report, c->title),
                     c->sentence ? "" : " (not the notebook's)", decision_name(c->decision),
                     capital(report, c->limit ? c->limit : c->effect));
    }
    report_print(report,
        "\nA verdict is *supported*, *refuted*, *supported with a limit*, or *undecided* where these runs are too few\n"
        "to tell; its rule stands beside it below. The verdicts rest on %zu tests. Their p-values are corrected\n"
        "together by Holm's method, so that the chance of even one false alarm among all of them is at most %g;\n"
        "*significant* means a corrected p of at most %g, and every p below is the corrected one. That nothing\n"
        "significant was found supports no claim: one of no difference also needs the 95 %% interval, uncorrected, to\n"
        "lie within %g nats. Arms that share seeds are compared in pairs. Agreement with the reference's draws has its\n"
        "own level, told there.\n\n",
        v->n, VERDICT_LEVEL, VERDICT_LEVEL, MATERIAL);
    if (some_untested(v))
        report_print(report,
            "A claim is *not tested* where its runs are not in these tables, or are so few that no outcome could have "
            "been\nsignificant, or were made with other settings: that says nothing for it or against it.\n\n");
}

/* --------------------------------------------------------------------------------------------------- tables ---- */

/* A file of rows without a line of column names. */
static struct table *read_headless(const char *path, const char *columns, fathom_error *error)
{
    FILE         *in = fopen(path, "r");
    struct table *table = table_new("", columns);
    char         *line = NULL, *rest;
    size_t        room = 0, number = 0;
    bool          good = in && table;
    if (!good)
        snprintf(error->text, sizeof error->text, "%.250s: %s", path, strerror(in ? ENOMEM : errno));
    while (good && (errno = 0, getline(&line, &room, in)) > 0) {
        size_t cells = 0;
        number++;
        line[strcspn(line, "\n")] = '\0';
        if (strchr(line, '\r')) {
            snprintf(error->text, sizeof error->text, "%.150s: " TABLE_CRLF, path, number);
            good = false;
            break;
        }
        if (line[0] == '#')
            continue;
        for (char *cell = strtok_r(line, "\t", &rest); cell; cell = strtok_r(NULL, "\t", &rest), cells++)
            table_text(table, cell);
        good = cells == table_columns(table) && table_whole(table);
        if (!table_whole(table))
            snprintf(error->text, sizeof error->text, "%.250s: not enough memory", path);
        else if (!good)
            snprintf(error->text, sizeof error->text, "%.250s: line %zu has %zu columns instead of %zu", path, number,
                     cells, table_columns(table));
    }
    if (good && !feof(in)) {
        good = false;
        snprintf(error->text, sizeof error->text, "%.250s: %s", path, strerror(errno ? errno : EIO));
    }
    if (in)
        fclose(in);
    free(line);
    if (!good) {
        table_free(table);
        table = NULL;
    }
    return table;
}

static bool has_columns(const struct table *table, const char *columns, const char *path, fathom_error *error)
{
    char   name[64];
    size_t column;
    for (int used; sscanf(columns, " %63s%n", name, &used) == 1; columns += used)
        if (!table_find(&column, table, name)) {
            snprintf(error->text, sizeof error->text, "%.200s: no column '%s'", path, name);
            return false;
        }
    if (table_rows(table) == 0)
        snprintf(error->text, sizeof error->text, "%.200s: no rows", path);
    return table_rows(table) > 0;
}

static bool open_table(struct report *report, enum report_table which, const char *folder, const char *home,
                       fathom_error *error)
{
    const struct source *source = &sources[which];
    const char          *path = source->of_project ? SAY("%s/%s", home, source->name)
                                                   : SAY("%s/%s.tsv", folder, source->name);
    struct table        *table = source->no_head ? read_headless(path, source->columns, error)
                                                 : table_read(path, error);
    report->table[which] = table;
    if (table && has_columns(table, source->columns, path, error) &&
        (source->of_project || report_settings_read(report, which, path, error)))
        return true;
    const size_t used = strlen(error->text);
    if (source->maker && !strstr(error->text, "not enough memory"))
        snprintf(error->text + used, sizeof error->text - used, "; build/%s --out %.60s makes it", source->maker,
                 folder);
    return false;
}

bool report_write(FILE *out, const char *folder, const char *home, fathom_error *error)
{
    struct report report = {.folder = folder};
    struct bytes  head = {0}, body = {0};
    gsl_error_handler_t *handler = gsl_set_error_handler_off(); /* a number out of range is no reason to abort */
    bool          good = true;

    for (size_t i = 0; i < N_REPORT_TABLES && good; i++)
        good = open_table(&report, (enum report_table)i, folder, home, error);
    for (int round = 0; round < 2 && good; round++) {
        bytes_free(&body);
        report.out = &body;
        write_parts(&report);
        good = !body.short_of_memory &&
               (round == 0 ? verdicts_correct(&report.verdicts) : verdicts_heard_all(&report.verdicts));
        if (!good)
            snprintf(error->text, sizeof error->text, "not enough memory for the report");
    }
    if (good) {
        report.out = &head;
        write_head(&report);
        good = !head.short_of_memory;
        if (!good)
            snprintf(error->text, sizeof error->text, "not enough memory for the report");
    }
    if (good && (fwrite(head.data, 1, head.size, out) != head.size ||
                 fwrite(body.data, 1, body.size, out) != body.size || fflush(out) != 0)) {
        good = false;
        snprintf(error->text, sizeof error->text, "standard output: %s", strerror(errno));
    }
    bytes_free(&head);
    bytes_free(&body);
    verdicts_free(&report.verdicts);
    for (size_t i = 0; i < N_REPORT_TABLES; i++)
        table_free(report.table[i]);
    pool_free(&report.pool);
    gsl_set_error_handler(handler);
    return good;
}
