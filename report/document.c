/* document.c - the report as a whole (document.h). */
#include "document.h"

#include <errno.h>
#include <gsl/gsl_errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "fill.h"
#include "judge.h"
#include "plot.h"

#define JUDGE(name) extern const struct judge judge_##name;
#include "judges.h"
#undef JUDGE
static const struct judge *const judges[] = {
#define JUDGE(name) &judge_##name,
#include "judges.h"
#undef JUDGE
};
enum { N_JUDGES = sizeof judges / sizeof *judges };

/* ---------------------------------------------------------------------------------------------------- lists ---- */

static void list_numbers(struct pieces *out)
{
    struct bytes *table = pieces_table(out, "numbers");
    bytes_text(table, "| number | notebook | ours | verdict |\n|---|---|---|---|\n");
    for (size_t i = 0; i < out->n_numbers; i++) {
        const struct number *number = &out->number[i];
        bytes_print(table, "| %s | %s | %s | %s |\n", number->what, number->notebook, number->ours, number->verdict);
    }
}

/* A line per claim: the notebook's sentences, or what this report claims of its own. */
static void list_claims(struct pieces *out, const char *name, bool notebooks)
{
    struct bytes *table = pieces_table(out, name);
    bytes_print(table, "| %s | our estimate | verdict |\n|---|---|---|\n",
                notebooks ? "the notebook's sentence, in short" : "this report's own claim");
    for (size_t i = 0; i < out->n_claims; i++) {
        const struct claim *c = &out->claim[i];
        if ((c->sentence != NULL) == notebooks)
            bytes_print(table, "| [%s](#%s) | %s | **%s**%s%s |\n", text_capital(out->pool, c->title), c->name,
                        c->estimate, verdict_name(c->decision), c->limit ? ": " : "", c->limit ? c->limit : "");
    }
}

static void note_untold(struct pieces *out)
{
    const char *not_tested = NULL, *exploration = NULL;
    for (size_t i = 0; i < out->n_claims; i++) {
        if (out->claim[i].decision == NOT_TESTED)
            not_tested = "A claim is *not tested* where its runs are not in these tables, or are so few that no "
                         "outcome could have been\nsignificant, or were made with other settings: that says nothing "
                         "for it or against it.";
        if (out->claim[i].decision == EXPLORATION)
            exploration = "*Exploration* stands where the runs are not those that PROTOCOL.md states before they are "
                          "made:\nthere is no verdict.";
    }
    const char *notes = exploration ? text_joined(out->pool, not_tested, "\n\n", exploration) : not_tested;
    pieces_value(out, "not-tested", notes ? notes : "");
}

/* What the report says of all its judges; the notebook's own numbers rest on no test that is corrected. */
static void add_head(struct pieces *out, enum edition edition, const struct verdicts *verdicts)
{
    out->judge = NULL;
    list_numbers(out);
    list_claims(out, "claims", true);
    note_untold(out);
    pieces_value(out, "settings", sources_notice(out->sources));
    if (edition == EDITION_NOTEBOOK)
        return;
    list_claims(out, "own-claims", false);
    pieces_value(out, "tests", text(out->pool, "%zu", verdicts_of_family(verdicts, NULL)));
    pieces_value(out, "stability-tests", text(out->pool, "%zu", verdicts_of_family(verdicts, "Stability")));
    pieces_value(out, "depth-tests", text(out->pool, "%zu", verdicts_of_family(verdicts, "Depth")));
    pieces_value(out, "warm-tests", text(out->pool, "%zu", verdicts_of_family(verdicts, "Warm start")));
    pieces_value(out, "residual-tests", text(out->pool, "%zu", verdicts_of_family(verdicts, "Residual flows")));
    pieces_value(out, "level", text(out->pool, "%g", EFFECT_LEVEL));
    pieces_value(out, "material", text(out->pool, "%g", EFFECT_MATERIAL));
}

/* --------------------------------------------------------------------------------------------------- phases ---- */

static bool sits(const struct judge *judge, enum edition edition)
{
    return edition == EDITION_WHOLE || judge->notebook;
}

static bool open_tables(struct sources *sources, enum edition edition, bool committed, fathom_error *error)
{
    bool good = true;
    for (size_t i = 0; i < N_JUDGES && good; i++)
        good = !sits(judges[i], edition) || sources_open(sources, judges[i]->tables, judges[i]->name, committed, error);
    return good;
}

static bool find_home(struct sources *sources, fathom_error *error)
{
    char home[PATH_MAX];
    if (sources->home)
        return true;
    if (plot_home(home, sizeof home, error) != PLOT_OK)
        return false;
    sources->home = text(&sources->pool, "%s", home);
    return true;
}

/* The folder's tables are read first: what is wrong with them is the user's to mend, wherever the program lies. */
static bool open_all(struct sources *sources, enum edition edition, fathom_error *error)
{
    return open_tables(sources, edition, false, error) && find_home(sources, error) &&
           open_tables(sources, edition, true, error);
}

static void decide(struct pieces *out, const struct judge *judge, const void *measured)
{
    char figure[64];
    out->judge = judge->name;
    judge->decide(out, measured);
    for (const char *at = judge->figures; sscanf(at, "%63s", figure) == 1; at += strcspn(at, " "), at += *at == ' ')
        pieces_figure(out, text(out->pool, "%s", figure));
    pieces_source(out, judge->tables[0].name);
}

static bool read_document(struct bytes *document, const char *path, fathom_error *error)
{
    char   part[4096];
    size_t size;
    FILE  *file = fopen(path, "r");
    if (!file) {
        snprintf(error->text, sizeof error->text, "%.250s: %s", path, strerror(errno));
        return false;
    }
    bytes_text(document, "");
    while ((size = fread(part, 1, sizeof part, file)) > 0)
        bytes_add(document, part, size);
    const bool good = !ferror(file) && !document->short_of_memory;
    if (!good)
        snprintf(error->text, sizeof error->text, "%.250s: %s", path,
                 strerror(document->short_of_memory ? ENOMEM : errno));
    fclose(file);
    return good;
}

bool document_write(struct bytes *out, enum edition edition, const char *folder, const char *home, fathom_error *error)
{
    const bool           whole = edition == EDITION_WHOLE;
    gsl_error_handler_t *handler = gsl_set_error_handler_off(); /* a number out of range is no reason to abort */

    struct sources sources = {
        .folder = folder, .home = home, .called = whole ? "results" : folder, .pictures = whole ? "results/" : ""
    };
    struct verdicts     verdicts = { 0 };
    struct pieces       pieces = { .pool = &sources.pool, .sources = &sources };
    const struct inputs in = { &sources, &verdicts, &sources.pool };
    struct bytes        document = { 0 };
    const char         *path = NULL;
    const void         *measured[N_JUDGES];

    bool good = open_all(&sources, edition, error);
    if (good) {
        path = text(&sources.pool, "%s/report/%s.md.in", sources.home, whole ? "REPORT" : "NOTEBOOK");
        good = read_document(&document, path, error);
    }
    if (good) {
        for (size_t i = 0; i < N_JUDGES; i++) {
            verdicts.family = judges[i]->family;
            measured[i] = sits(judges[i], edition) ? judges[i]->measure(&in) : NULL;
        }
        good = verdicts_correct(&verdicts);
        if (!good)
            snprintf(error->text, sizeof error->text, "not enough memory for the report");
    }
    if (good) {
        for (size_t i = 0; i < N_JUDGES; i++)
            if (sits(judges[i], edition))
                decide(&pieces, judges[i], measured[i]);
        add_head(&pieces, edition, &verdicts);
        good = fill(out, document.data, path, &pieces, error);
    }
    bytes_free(&document);
    pieces_free(&pieces);
    verdicts_free(&verdicts);
    sources_close(&sources);
    gsl_set_error_handler(handler);
    return good;
}
