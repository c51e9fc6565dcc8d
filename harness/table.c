/* table.c - tables of results (table.h).
 *
 * One arena holds every text, each ended by a 0; configuration, column names and cells are offsets into it.  So a
 * table of 65 536 rows is two allocations that grow, and a cell is never copied again.
 */
#include "table.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "files.h"

struct offsets {
    size_t *at, n, room;
};

struct table {
    char          *arena;
    size_t         size, room;
    struct offsets config; /* key, value, key, value, ...     */
    struct offsets columns;
    struct offsets cells; /* [rows][columns], row-major      */
    size_t         name;
    bool           raw_columns; /* fill themselves: table_raw_columns */
    double         raw_shift;
    bool           short_of_memory;
};

/* ------------------------------------------------------------------------------------------------- growing ---- */

/* Adds the text and a 0; gives its offset. */
static size_t add_text(struct table *t, const char *text, size_t length)
{
    if (t->size + length + 1 > t->room) {
        size_t room = 2 * (t->size + length) + 4096;
        char  *grown = realloc(t->arena, room);
        if (!grown) {
            t->short_of_memory = true;
            return 0;
        }
        t->arena = grown;
        t->room = room;
    }
    size_t at = t->size;
    memcpy(t->arena + at, text, length);
    t->arena[at + length] = '\0';
    t->size += length + 1;
    return at;
}

static void add_offset(struct table *t, struct offsets *list, size_t offset)
{
    if (list->n == list->room) {
        size_t  room = 2 * list->room + 64;
        size_t *grown = realloc(list->at, room * sizeof *grown);
        if (!grown) {
            t->short_of_memory = true;
            return;
        }
        list->at = grown;
        list->room = room;
    }
    list->at[list->n++] = offset;
}

/* A TAB or line break inside a text would be a column or row more. */
static size_t add_clean_text(struct table *t, const char *text)
{
    size_t length = strlen(text), at = add_text(t, text, length);
    for (size_t i = 0; i < length && !t->short_of_memory; i++)
        if ((unsigned char)t->arena[at + i] < ' ')
            t->arena[at + i] = '?';
    return at;
}

static void add_split(struct table *t, struct offsets *list, const char *text, char separator)
{
    for (;;) {
        const char *end = strchr(text, separator);
        size_t      length = end ? (size_t)(end - text) : strlen(text);
        add_offset(t, list, add_text(t, text, length));
        if (!end)
            return;
        text = end + 1;
    }
}

/* ------------------------------------------------------------------------------------------------ building ---- */

struct table *table_new(const char *name, const char *columns)
{
    struct table *t = calloc(1, sizeof *t);
    if (t) {
        t->name = add_text(t, name, strlen(name));
        add_split(t, &t->columns, columns, ' ');
    }
    return t;
}

void table_free(struct table *t)
{
    if (t) {
        free(t->arena);
        free(t->config.at);
        free(t->columns.at);
        free(t->cells.at);
        free(t);
    }
}

void table_config(struct table *t, const char *key, const char *value)
{
    if (!t)
        return;
    for (size_t i = 0; i + 1 < t->config.n; i += 2)
        if (strcmp(t->arena + t->config.at[i], key) == 0) {
            t->config.at[i + 1] = add_clean_text(t, value);
            return;
        }
    add_offset(t, &t->config, add_clean_text(t, key));
    add_offset(t, &t->config, add_clean_text(t, value));
}

void table_text(struct table *t, const char *value)
{
    if (t)
        add_offset(t, &t->cells, add_clean_text(t, value));
}

__attribute__((format(printf, 2, 3))) static void add_printed(struct table *t, const char *format, ...)
{
    char    text[64];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    table_text(t, text);
}

void table_count(struct table *t, uint64_t value) { add_printed(t, "%llu", (unsigned long long)value); }

static void add_number(struct table *t, double value)
{
    /* NaN's sign and the sign of an overflow differ between machines; that there is no number does not. */
    if (isfinite(value))
        add_printed(t, "%.17g", value);
    else
        table_text(t, "nan");
}

/* The cell that comes next belongs to a column <name>_raw, and the one before it to <name>. */
static bool raw_is_next(const struct table *t)
{
    const size_t column = t->short_of_memory ? 0 : t->cells.n % t->columns.n; /* memory may lack the columns too */
    if (column == 0)
        return false;
    const char  *name = table_column_name(t, column - 1), *next = table_column_name(t, column);
    const size_t length = strlen(name);
    return strncmp(next, name, length) == 0 && strcmp(next + length, "_raw") == 0;
}

void table_number(struct table *t, double value)
{
    add_number(t, value);
    if (t && t->raw_columns && raw_is_next(t))
        add_number(t, value - t->raw_shift);
}

void table_raw_columns(struct table *t, double shift)
{
    if (t) {
        t->raw_columns = true;
        t->raw_shift = shift;
    }
}

void table_shortest(char text[TABLE_SETTING_SIZE], double value)
{
    if (isnan(value)) {
        strcpy(text, "nan");
        return;
    }
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, TABLE_SETTING_SIZE, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            return;
    }
}

void table_digits(struct table *t, double value)
{
    char text[TABLE_SETTING_SIZE];
    snprintf(text, sizeof text, "%.6g", value);
    table_text(t, isfinite(value) ? text : "nan");
}

void table_setting(struct table *t, double value)
{
    char text[TABLE_SETTING_SIZE];
    table_shortest(text, value);
    table_text(t, text);
}

/* ------------------------------------------------------------------------------------------------- writing ---- */

static void print_cells(struct bytes *out, const struct table *t, const size_t *at)
{
    for (size_t c = 0; c < t->columns.n; c++) {
        bytes_text(out, t->arena + at[c]);
        bytes_add(out, c + 1 < t->columns.n ? "\t" : "\n", 1);
    }
}

/* The table as the bytes of its file, which are the caller's to free, whatever comes. */
static bool print_table(struct bytes *out, const struct table *t, fathom_error *error)
{
    if (!t || t->short_of_memory) {
        snprintf(error->text, sizeof error->text, "not enough memory for the tables");
        return false;
    }
    if (t->cells.n % t->columns.n != 0) {
        snprintf(error->text, sizeof error->text, "%s.tsv: row %zu was not finished", table_name(t),
                 t->cells.n / t->columns.n + 1);
        return false;
    }
    for (size_t i = 0; i < t->config.n; i += 2)
        bytes_print(out, "# %s: %s\n", t->arena + t->config.at[i], t->arena + t->config.at[i + 1]);
    print_cells(out, t, t->columns.at);
    for (size_t i = 0; i < t->cells.n; i += t->columns.n)
        print_cells(out, t, t->cells.at + i);
    if (out->short_of_memory)
        snprintf(error->text, sizeof error->text, "not enough memory for the table %s", table_name(t));
    return !out->short_of_memory;
}

bool tables_stage(struct files *set, struct table *const *tables, size_t n, fathom_error *error)
{
    bool good = true;
    for (size_t i = 0; good && i < n; i++) {
        struct bytes text = { 0 }, name = { 0 };
        good = print_table(&text, tables[i], error);
        if (good) {
            bytes_print(&name, "%s.tsv", table_name(tables[i]));
            good = !name.short_of_memory;
            if (!good)
                snprintf(error->text, sizeof error->text, "not enough memory for the table %s", table_name(tables[i]));
        }
        good = good && files_add_all(set, &(struct file){ name.data, text.data, text.size }, 1, error);
        bytes_free(&text);
        bytes_free(&name);
    }
    return good;
}

bool tables_write(const char *folder, struct table *const *tables, size_t n, fathom_error *error)
{
    struct files *set = files_begin(folder, "tables", error);
    if (set && tables_stage(set, tables, n, error))
        return files_commit(set, error);
    files_abandon(set);
    return false;
}

/* ------------------------------------------------------------------------------------------------- reading ---- */

/* "# key: value"; a comment of another form is passed over. */
static void read_config(struct table *t, const char *line)
{
    const char *key = line + 1 + (line[1] == ' '), *end = strstr(key, ": ");
    if (end) {
        add_offset(t, &t->config, add_text(t, key, (size_t)(end - key)));
        add_offset(t, &t->config, add_text(t, end + 2, strlen(end + 2)));
    }
}

struct table *table_read(const char *path, fathom_error *error)
{
    const char   *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    FILE         *in = fopen(path, "r");
    struct table *t = calloc(1, sizeof *t);
    char         *line = NULL;
    size_t        room = 0, number = 0;
    ssize_t       length;
    bool          good = false;

    if (!in || !t) {
        snprintf(error->text, sizeof error->text, "%.250s: %s", path, strerror(in ? ENOMEM : errno));
        goto done;
    }
    t->name = add_text(t, base, strcspn(base, "."));
    while (!t->short_of_memory && (errno = 0, length = getline(&line, &room, in)) > 0) {
        number++;
        if (line[length - 1] != '\n' || strlen(line) != (size_t)length) {
            snprintf(error->text, sizeof error->text, "%.250s: line %zu is cut short", path, number);
            goto done;
        }
        line[length - 1] = '\0';
        if (length > 1 && line[length - 2] == '\r') {
            snprintf(error->text, sizeof error->text, "%.150s: " TABLE_CRLF, path, number);
            goto done;
        }
        if (line[0] == '#') {
            read_config(t, line);
            continue;
        }
        size_t before = t->cells.n;
        add_split(t, t->columns.n == 0 ? &t->columns : &t->cells, line, '\t');
        if (t->cells.n != before && t->cells.n - before != t->columns.n && !t->short_of_memory) {
            snprintf(error->text, sizeof error->text, "%.250s: line %zu has %zu columns, the head %zu", path, number,
                     t->cells.n - before, t->columns.n);
            goto done;
        }
    }
    if (t->short_of_memory || (!feof(in) && errno == ENOMEM)) /* the line may be what did not fit */
        snprintf(error->text, sizeof error->text, "%.250s: not enough memory", path);
    else if (!feof(in))
        snprintf(error->text, sizeof error->text, "%.250s: %s", path, strerror(errno ? errno : EIO));
    else if (t->columns.n == 0)
        snprintf(error->text, sizeof error->text, "%.250s: no line of column names", path);
    else
        good = true;
done:
    if (in)
        fclose(in);
    free(line);
    if (!good) {
        table_free(t);
        t = NULL;
    }
    return t;
}

bool        table_whole(const struct table *t) { return t && !t->short_of_memory; }
const char *table_name(const struct table *t) { return t->arena + t->name; }
size_t      table_rows(const struct table *t) { return t->cells.n / t->columns.n; }
size_t      table_columns(const struct table *t) { return t->columns.n; }
const char *table_column_name(const struct table *t, size_t column) { return t->arena + t->columns.at[column]; }

bool table_find(size_t *column, const struct table *t, const char *name)
{
    for (size_t c = 0; c < t->columns.n; c++)
        if (strcmp(table_column_name(t, c), name) == 0) {
            *column = c;
            return true;
        }
    return false;
}

const char *table_value(const struct table *t, const char *key)
{
    for (size_t i = 0; i < t->config.n; i += 2)
        if (strcmp(t->arena + t->config.at[i], key) == 0)
            return t->arena + t->config.at[i + 1];
    return NULL;
}

const char *table_cell(const struct table *t, size_t row, size_t column)
{
    return t->arena + t->cells.at[row * t->columns.n + column];
}

double table_cell_number(const struct table *t, size_t row, size_t column)
{
    const char *text = table_cell(t, row, column);
    char       *end;
    double      value = strtod(text, &end);
    return end == text || *end ? NAN : value;
}
