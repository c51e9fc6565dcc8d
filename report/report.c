/* report.c - REPORT.md: every number of the notebook beside ours, and every claim with its verdict.
 *
 * Reads the tables of a folder and prints the report on standard output.  It computes nothing that is not in a table.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "document.h"
#include "exit.h"
#include "manifest.h"
#include "options.h"

static const struct program program = {
    .name = "report",
    .summary = "Prints the report on the tables of a folder, in Markdown: report DIR, or of the\n"
               "notebook's own numbers alone: report --notebook DIR.",
    .takes = 0,
};

/* A table or figure that is not of its program's last run is named on stderr, since the report shows both. */
static void note_mixture(const char *folder)
{
    struct bytes lines = { 0 };
    if (manifest_mixture(&lines, folder) > 0)
        for (char *line = lines.data, *rest; line && *line; line = rest) {
            rest = line + strcspn(line, "\n");
            rest += *rest == '\n' ? (*rest = '\0', 1) : 0;
            exit_note("%s", line);
        }
    if (lines.short_of_memory)
        exit_failed("not enough memory");
    bytes_free(&lines);
}

int main(int argc, char **argv)
{
    struct options ignored = options_default();
    struct bytes   text = { 0 };
    fathom_error   error;

    const bool notebook = argc == 3 && strcmp(argv[1], "--notebook") == 0;
    if (argc == 2 && argv[1][0] == '-')
        options_read(&ignored, &program, argc, argv); /* --help, --version */
    if (argc != (notebook ? 3 : 2) || argv[argc - 1][0] == '-')
        exit_usage("takes one folder of tables: report DIR, or report --notebook DIR");
    const char *folder = argv[argc - 1];

    note_mixture(folder);
    if (!document_write(&text, notebook ? EDITION_NOTEBOOK : EDITION_WHOLE, folder, NULL, &error))
        exit_failed("%s", error.text);
    if (fwrite(text.data, 1, text.size, stdout) != text.size || fflush(stdout) != 0)
        exit_failed("standard output: %s", strerror(errno));
    bytes_free(&text);
    return EXIT_DONE;
}
