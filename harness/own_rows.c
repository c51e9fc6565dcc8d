/* own_rows.c - a file of rows, as the command line asks for it (own_rows.h).
 *
 * A file may be read otherwise than its author meant it.  So what was read is printed, and stands at the head of every
 * table.
 */
#include "own_rows.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fields.h"
#include "exit.h"
#include "number.h"

const char *own_rows_name(const struct options *options)
{
    return !options->data                  ? fathom_data_set_name(0)
         : strcmp(options->data, "-") == 0 ? "standard input"
                                           : options->data;
}

struct column_text own_rows_column(const fathom_read_report *rows, size_t column)
{
    const bool         known = column < rows->n_columns;
    const char *const  name = known ? rows->column[column].name : NULL;
    struct column_text text;
    snprintf(text.text, sizeof text.text, "column %zu", known ? rows->column[column].place : column + 1);
    if (name && *name)
        snprintf(text.text + strlen(text.text), sizeof text.text - strlen(text.text), " (%s)",
                 fathom_show(name, strlen(name)).text);
    return text;
}

/* Text that grows to the end of its array, and no further. */
struct words {
    char   text[400];
    size_t at;
};

__attribute__((format(printf, 2, 3))) static void add(struct words *words, const char *format, ...)
{
    const size_t left = sizeof words->text - words->at;
    va_list      args;
    va_start(args, format);
    const size_t size = (size_t)vsnprintf(words->text + words->at, left, format, args);
    va_end(args);
    words->at += size < left ? size : left - 1;
}

/* "spiral, two_spirals_4d" */
static struct words known_names(void)
{
    struct words names = { 0 };
    for (size_t i = 0; fathom_data_set_name(i); i++)
        add(&names, "%s%s", i > 0 ? ", " : "", fathom_data_set_name(i));
    return names;
}

static FILE *open_rows(const char *path)
{
    struct stat info;
    if (strcmp(path, "-") == 0)
        return stdin;
    FILE *in = fopen(path, "r");
    if (!in && errno == ENOENT && !strchr(path, '/'))
        exit_failed("%s: no data set has this name (%s), and as a file: %s", path, known_names().text, strerror(errno));
    if (!in)
        exit_failed("%s: %s", path, strerror(errno));
    if (fstat(fileno(in), &info) == 0 && S_ISDIR(info.st_mode))
        exit_failed("%s: is a directory, not a file of rows", path);
    return in;
}

/* The cure for a first column that is no coordinate; nothing if only one would be left. */
static struct words without_first(const fathom_read_report *report)
{
    struct words words = { 0 };
    for (size_t i = 2; i <= report->file_columns && report->file_columns > 2; i++)
        add(&words, "%s%zu", i == 2 ? "; without it: --columns " : ",", i);
    return words;
}

static void warn(const char *name, const fathom_read_report *report)
{
    const bool index = report->notices & FATHOM_NOTICE_INDEX;
    if (index)
        exit_note("%s: warning: the first column%s counts the rows, %s1, 2, ..., and is read as a coordinate%s", name,
                  report->column[0].name && !*report->column[0].name ? ", which has no name," : "",
                  report->notices & FATHOM_NOTICE_FROM_0 ? "0, " : "", without_first(report).text);
    for (size_t i = 0; i < report->n_columns && report->notices & FATHOM_NOTICE_UNNAMED; i++)
        if (!*report->column[i].name && !(i == 0 && index))
            exit_note("%s: warning: column %zu has no name in line %zu, and is read as a coordinate%s", name,
                      report->column[i].place, report->header_line,
                      i == 0 ? without_first(report).text : "; --columns LIST chooses others");
    if (report->notices & FATHOM_NOTICE_TRAILING)
        exit_note("%s: warning: each row ends with a separator; the empty field behind it is not read", name);
}

/* "a.csv: 100 rows of 3 columns (x, y, z), separated by commas; names from line 1; 20 rows held out" */
static void print_report(const char *name, const fathom_read_report *report)
{
    struct words chosen = { 0 }, names = { 0 }, header = { 0 }, validation = { 0 };
    if (report->file_columns != report->n_columns)
        add(&chosen, " of %zu", report->file_columns);
    for (size_t i = 0; i < report->n_columns; i++) {
        const fathom_read_column *column = &report->column[i];
        if (names.at > sizeof names.text - 64) { /* a name is cut to 43 characters */
            add(&names, " and %zu more", report->n_columns - i);
            break;
        }
        if (column->name && *column->name)
            add(&names, "%s%s", i > 0 ? ", " : "", fathom_show(column->name, strlen(column->name)).text);
        else
            add(&names, "%s%zu", i > 0 ? ", " : "", column->place);
    }
    if (report->header_line)
        add(&header, "names from line %zu", report->header_line);
    else
        add(&header, "no header");
    if (report->validation > 0)
        add(&validation, ", %zu for validation", report->validation);
    exit_note("%s: %zu rows of %zu%s columns (%s), separated by %s; %s; %zu rows held out%s", name, report->rows,
              report->n_columns, chosen.text, names.text, fathom_separator_name(report->separator), header.text,
              report->heldout, validation.text);
}

void own_rows_read(fathom_dataset *train, fathom_dataset *heldout, fathom_dataset *validation,
                   fathom_read_report *report, struct options *options)
{
    const char         *name = own_rows_name(options);
    FILE               *in = open_rows(options->data);
    fathom_error        error;
    fathom_read_options how = fathom_read_options_default();
    how.separator = options->separator;
    how.decimal = options->decimal;
    how.header = options->header ? FATHOM_HEADER_YES : options->no_header ? FATHOM_HEADER_NO : FATHOM_HEADER_AUTO;
    how.skip = options->skip;
    how.columns = options->columns;
    how.heldout = options->heldout;
    how.validation = options->validation;
    how.seed = options->data_seed;
    if (fathom_dataset_read_parts(train, heldout, validation, report, in, name, &how, &error) != FATHOM_OK)
        exit_failed("%s", error.text);
    if (in != stdin)
        fclose(in);
    warn(name, report);
    if (!options->quiet)
        print_report(name, report);
    options->separator = report->separator;
    options->header = report->header_line > 0;
    options->no_header = !options->header;
    options->columns = report->columns;
}
