/* test_svg_title.c - the title and the description of an SVG are the comment at the head of its script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "svg_title.h"

/* What becomes of the picture with this script. */
static void becomes(const char *picture, const char *script, const char *expected)
{
    struct bytes bytes = { 0 };
    bytes_text(&bytes, picture);
    assert_true(svg_title_put(&bytes, script));
    assert_string_equal(bytes.data, expected);
    assert_int_equal(bytes.size, strlen(expected));
    bytes_free(&bytes);
}

#define HEAD "<?xml version=\"1.0\"?>\n<svg\n width=\"3\">"
#define OWN "\n\n<title>Gnuplot</title>\n<desc>Produced by GNUPLOT 5.4 </desc>\n"
#define REST "<g><title>kept</title></g></svg>\n"
#define SCRIPT                                                                                                         \
    "# told.gp - score < 1 & depth > 2,\n# of one run.\n#\n# Below: nothing.\n# Table: told.tsv.\n\n# not this\nplot " \
    "x\n"
#define TITLE "\n<title>Score &lt; 1 &amp; depth &gt; 2, of one run.</title>\n"
#define DESC "<desc>Below: nothing. Table: told.tsv."

static void takes_the_head_of_the_script(void **state)
{
    (void)state;
    becomes(HEAD REST, SCRIPT, HEAD TITLE DESC "</desc>" REST);
    becomes(HEAD OWN   REST, SCRIPT,
            HEAD TITLE DESC " Produced by GNUPLOT 5.4 </desc>\n" REST); /* a curve's title stays */
    becomes("<svg></svg>", "# a.gp - one sentence", "<svg>\n<title>One sentence</title>\n<desc></desc></svg>");
    becomes("<svg></svg>", "# a.gp - one. Two.\n", "<svg>\n<title>One.</title>\n<desc>Two.</desc></svg>");
}

static void leaves_a_picture_without_words(void **state)
{
    (void)state;
    becomes(HEAD OWN REST, "plot x\n", HEAD OWN REST);
    becomes(HEAD OWN REST, "", HEAD OWN REST);
    becomes(HEAD OWN REST, "# no dash\nplot x - 1\n", HEAD OWN REST);
    becomes("no picture", SCRIPT, "no picture");
}

/* Every figure has a title and, behind it, what else there is to say: at least its tables. */
static void every_script_has_words(void **state)
{
    glob_t found;
    size_t n = 0;
    (void)state;
    assert_int_equal(glob("plots/*.gp", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        static char  text[4096];
        struct bytes bytes = { 0 };
        FILE        *file = fopen(found.gl_pathv[i], "r");
        if (strstr(found.gl_pathv[i], "style.gp") || !file)
            continue;
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
        bytes_text(&bytes, "<svg></svg>");
        assert_true(svg_title_put(&bytes, text));
        const char *title = strstr(bytes.data, "<title>"), *tables = strstr(bytes.data, "Table");
        if (!title || !tables || tables < strstr(bytes.data, "<desc>"))
            fail_msg("%s: its head is no title and description: %.200s", found.gl_pathv[i], bytes.data);
        bytes_free(&bytes);
        n++;
    }
    globfree(&found);
    assert_true(n > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_head_of_the_script),
        cmocka_unit_test(leaves_a_picture_without_words),
        cmocka_unit_test(every_script_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
