/* test_report_fill.c - REPORT.md.in: places are filled, and whatever does not fit is refused with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "fill.h"

static struct sources sources;
static struct pieces  pieces;

/* A piece of each kind, of a judge "judge". */
static int open_pieces(void **state)
{
    (void)state;
    static const struct claim  claim = { .name = "bits",
                                         .title = "a title",
                                         .rule = "a rule.",
                                         .effect = "an effect.",
                                         .rests_on = "",
                                         .decision = SUPPORTED };
    static const struct source none = { .name = "none", .protocol = { .count = "seeds=1 replicas=9" } };
    static struct opened       opened = { .source = &none, .program = "judge" };
    opened.table = table_new("none", "a b");
    table_config(opened.table, "seeds", "1");
    table_config(opened.table, "replicas", "5");
    sources = (struct sources){
        .folder = "results", .home = ".", .called = "results", .pictures = "results/", .opened = &opened, .n = 1
    };
    pieces = (struct pieces){ .pool = &sources.pool, .sources = &sources, .judge = "judge" };
    bytes_text(pieces_table(&pieces, "rows"), "| a |\n|---|\n| 1 |\n");
    pieces_value(&pieces, "number", "12");
    pieces_value(&pieces, "nothing", "");
    pieces_claim(&pieces, &claim);
    pieces_figure(&pieces, "map");
    pieces_source(&pieces, "none");
    return 0;
}

static int close_pieces(void **state)
{
    (void)state;
    pieces_free(&pieces);
    sources_close(&sources);
    return 0;
}

/* What uses all pieces but those that the test is about. */
#define ALL_BUT_NUMBER                                                                 \
    "{{table judge.rows}}{{value judge.nothing}}{{claim judge.bits}}{{figure map: a}}" \
    "{{source judge}}\n"

static void refuses(const char *document, const char *says)
{
    struct bytes out = { 0 };
    fathom_error error = { "" };
    assert_false(fill(&out, document, "REPORT.md.in", &pieces, &error));
    if (!strstr(error.text, says) || strchr(error.text, '\n'))
        fail_msg("expected '%s', got '%s'", says, error.text);
    bytes_free(&out);
}

static void fills_each_kind(void **state)
{
    struct bytes out = { 0 };
    fathom_error error = { "" };
    (void)state;
    if (!fill(&out,
              "# Title\n\n{{table judge.rows}}\n\n{{claim judge.bits}}\n\nOf {{value judge.number}}, "
              "{{value judge.number}}{{value judge.nothing}}.\n\n{{figure map: the map: all of it}}\n\n"
              "{{source judge}} More.\n",
              "REPORT.md.in", &pieces, &error))
        fail_msg("%s", error.text);
    assert_string_equal(out.data,
                        "# Title\n\n| a |\n|---|\n| 1 |\n\n"
                        "<a id=\"judge.bits\"></a>\n**Claim: a title.**\n\n*Rule.* A rule.\n\n*Measured.* An "
                        "effect.\n\n*Verdict:* **supported**."
                        "\n\nOf 12, 12.\n\n![the map: all of it](results/map.svg)\n\n*Figure: the map: all of it.*\n\n"
                        "Again: `build/judge --replicas 5 --out results`. Table: `results/none.tsv`. More.\n");
    bytes_free(&out);
}

/* An empty place that is all of its line leaves neither the line nor the empty one behind it. */
static void leaves_out_what_is_empty(void **state)
{
    struct bytes out = { 0 };
    fathom_error error = { "" };
    (void)state;
    if (!fill(&out,
              ALL_BUT_NUMBER "\none\n\n{{value judge.nothing}}\n\ntwo {{value judge.nothing}}\n\n"
                             "{{value judge.number}}",
              "REPORT.md.in", &pieces, &error))
        fail_msg("%s", error.text);
    assert_non_null(strstr(out.data, "\none\n\ntwo \n\n12"));
    assert_int_equal(strlen(strstr(out.data, "\n12")), 3); /* no line end where the document has none */
    bytes_free(&out);
}

static void names_the_line(void **state)
{
    (void)state;
    refuses("a\n\n{{valeu judge.number}}\n",
            "REPORT.md.in: line 3: unknown verb 'valeu'; legal are table, claim, figure, source, value");
    refuses("a\n\n\n{{value judge.numbers}}\n", "REPORT.md.in: line 4: no value 'judge.numbers'");
    refuses("{{value judge.numbe}}\n", "line 1: no value 'judge.numbe'");   /* nor the beginning of a name */
    refuses("{{table judge.number}}\n", "line 1: no table 'judge.number'"); /* there is a value of that name */
    refuses("{{value}}\n", "line 1: no value ''");
    refuses("{{}}\n", "line 1: unknown verb ''");
    refuses("{{value judge.nothing}}\n\n\n{{claim x}}\n", "line 4: no claim 'x'"); /* lines left out are counted */
    refuses("a\nb {{value judge.number\n}}", "line 2: a place that begins with {{");
    refuses("{{value judge.number: words}}", "line 1: only a figure has words");
    refuses("{{figure map}}", "line 1: the figure 'map' has no caption");
}

static void all_must_be_used(void **state)
{
    (void)state;
    refuses(ALL_BUT_NUMBER, "REPORT.md.in: the value 'judge.number' is nowhere used");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fills_each_kind, open_pieces, close_pieces),
        cmocka_unit_test_setup_teardown(leaves_out_what_is_empty, open_pieces, close_pieces),
        cmocka_unit_test_setup_teardown(names_the_line, open_pieces, close_pieces),
        cmocka_unit_test_setup_teardown(all_must_be_used, open_pieces, close_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
