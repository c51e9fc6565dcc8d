/* report.c - REPORT.md: every number of the notebook beside ours, and every claim with its verdict.
 *
 * Reads the tables of a folder and prints the report on standard output.  It computes nothing that is not in a table.
 */
#include "report_parts.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "leave.h"
#include "options.h"
#include "plot.h"

static const struct program program = {
    .name = "report",
    .summary = "Prints the report on the tables of a folder, in Markdown: report DIR.",
    .takes = 0,
};

int main(int argc, char **argv)
{
    struct options ignored = options_default();
    char           home[PATH_MAX], *text = NULL;
    size_t         size = 0;
    fathom_error   error;

    if (argc == 2 && argv[1][0] == '-')
        options_read(&ignored, &program, argc, argv); /* --help, --version */
    if (argc != 2 || argv[1][0] == '-')
        leave_usage("takes one folder of tables: report DIR");
    if (plot_home(home, sizeof home, &error) != PLOT_OK)
        leave_failed("%s", error.text);

    FILE *out = open_memstream(&text, &size);
    if (!out)
        leave_failed("not enough memory for the report");
    const bool good = report_write(out, argv[1], home, &error);
    if (fclose(out) != 0)
        leave_failed("not enough memory for the report");
    if (!good)
        leave_failed("%s", error.text);
    if (fwrite(text, 1, size, stdout) != size || fflush(stdout) != 0)
        leave_failed("standard output: %s", strerror(errno));
    free(text);
    return LEAVE_DONE;
}
