/* world_tables.c - the files of a synthetic world's tables, with their heads (world_tables.h). */
#include "world_tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "report_world.h"

char         world_folder[64];
struct world world;

/* Every head names the protocol's settings, and each program takes of them what it knows. */
static const struct world_head {
    const char *program, *coupling, *depths, *replicas, *tables;
} heads[] = {
    { "depth_sweep", "spline", "1,2,4,8", "65", " depth_sweep truth " },
    { "density", "spline", "1,2,4,8", "1", " density_integral " },
    { "gradient_norm", "both", "2,4,8,16", "1", " gradient_norm " },
    { "residual_inverse", "spline", "1,2,4,8", "1",
      " residual_inverse residual_banach residual_linear residual_contraction " },
    { "depth_truth", "spline", "1,2,4,8,16,20", "1", " depth_truth " },
    { "depth_tuned", "spline", "1,2,4,8,16", "1", " depth_tuned depth_tuned_rates " },
    { "rows", "spline", "1,4,16", "1", " rows_summary " },
    { "inverse_depth", "both", "1,2,4,8,16", "1", " inverse_depth " },
    { "gradient_depth", "both", "1,2,3,4,6,8,12,16,24,32", "1", " gradient_depth " },
    { "stability", "both", "1,2,4,8", "1", " stability stability_cells stability_scales " },
    { "stability_4d", "both", "1,2,4,8", "1", " stability_4d stability_4d_cells " },
    { "divergence", "affine", "16", "1", " divergence " },
    { "actnorm", "both", "-", "1", " actnorm " },
    { "masks", "spline", "4,8", "1", " masks " },
    { "warm_start", "both", "-", "1", " warm_start warm_start_reach warm_start_integral warm_start_free " },
    { "guards", "both", "-", "1", " guards guards_cells " },
    { "effective_step", "both", "1,2,4,8,16", "1", " effective_step " },
    { "roundoff", "spline", "1,2,4,8", "9", " roundoff roundoff_final " },
    { "residual_flow", "-", "-", "1", " residual_flow residual_flow_rates " },
    { "log_det_estimators", "-", "-", "1",
      " log_det_estimators log_det_cells log_det_bias log_det_roulette log_det_moment " },
    { "conditioner", "spline", "4", "1", " conditioner " },
    { "sibling_moons", "-", "-", "1", " sibling_moons sibling_moons_diagonal " },
};

static const struct world_runs {
    const char *program, *seed, *seeds, *data;
} runs[] = {
    { "stability", "100", "24", "spiral" },
    { "stability_4d", "100", "8", "two_spirals_4d" },
    { "divergence", "0", "24", "spiral" },
    { "actnorm", "100", "16", "spiral" },
    { "masks", "100", "16", "spiral" },
    { "warm_start", "300", "24", "spiral" },
    { "guards", "300", "12", "spiral" },
    { "effective_step", "100", "16", "spiral" },
    { "depth_tuned", "200", "12", "spiral" },
    { "rows", "200", "4", "spiral" },
    { "inverse_depth", "200", "12", "spiral" },
    { "gradient_depth", "200", "64", "spiral" },
    { "residual_flow", "400", "12", "spiral" },
    { "log_det_estimators", "400", "12", "spiral" },
    { NULL, "0", "8", "spiral" }, /* of all others */
};

bool world_writes(const char *name)
{
    char word[72];
    bool found = false;
    snprintf(word, sizeof word, " %s ", name);
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        found = found || strstr(heads[i].tables, word);
    return found;
}

static void write_head(FILE *file, const char *name)
{
    char                     word[64];
    const struct world_head *head = heads;
    snprintf(word, sizeof word, " %s ", name);
    while (!strstr(head->tables, word))
        assert_true(++head < heads + sizeof heads / sizeof *heads);
    const struct world_runs *of = runs;
    while (of->program && strcmp(of->program, head->program) != 0)
        of++;
    const char *const settings[][2] = {
        { "program", head->program },
        { "fathom", FATHOM_VERSION },
        { "data", of->data },
        { "heldout", "0" },
        { "data-seed", "0" },
        { "data-size", "3000" },
        { "coupling", head->coupling },
        { "depths", head->depths },
        { "bins", "8" },
        { "interval", "4" },
        { "width", "24" },
        { "hidden", "2" },
        { "actnorm", "none" },
        { "seed", of->seed },
        { "seeds", of->seeds },
        { "batch-seed", "1" },
        { "steps", strcmp(head->program, "sibling_moons") == 0 ? "3000" : "1200" },
        { "batch", "512" },
        { "lr", strcmp(head->program, "rows") == 0 ? "0.01" : "0.003" },
        { "clip", strcmp(head->program, "effective_step") == 0 ? "none" : "1" },
        { "replicas", head->replicas },
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        const bool other = world.other_key && strcmp(world.other_table, name) == 0 &&
                           strcmp(world.other_key, settings[i][0]) == 0;
        fprintf(file, "# %s: %s\n", settings[i][0], other ? world.other_value : settings[i][1]);
    }
}

FILE *create_table(const char *name, const char *columns)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s.tsv", world_folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    write_head(file, name);
    for (; *columns; columns++)
        putc(*columns == ' ' ? '\t' : *columns, file);
    putc('\n', file);
    return file;
}

void finish_table(FILE *file) { assert_int_equal(fclose(file), 0); }

void derive_table(const char *name, const char *columns, void (*fill)(struct table *, const struct table *),
                  const char *from)
{
    char          path[128];
    fathom_error  error = { "" };
    struct table *table = table_new(name, columns);
    snprintf(path, sizeof path, "%s/%s.tsv", world_folder, from);
    struct table *source = table_read(path, &error);
    if (!source)
        fail_msg("%s", error.text);
    fill(table, source);
    FILE *file = create_table(name, columns);
    for (size_t row = 0; row < table_rows(table); row++)
        for (size_t c = 0; c < table_columns(table); c++)
            fprintf(file, "%s%c", table_cell(table, row, c), c + 1 < table_columns(table) ? '\t' : '\n');
    finish_table(file);
    table_free(table);
    table_free(source);
}
