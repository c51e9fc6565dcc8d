/* plot.c - what a figure is (plot.h): which script draws it, when its picture is whole, and how it becomes a file.
 *
 * The invariant: a file under its final name is a whole picture of a script that ran to its end.  gnuplot itself is in
 * gnuplot.c.
 */
#include "plot.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "gnuplot.h"
#include "svg_title.h"

/* Seconds: a dot may have to wait for a new machine's first index of its fonts. */
enum { CHECK_LIMIT = 300, DRAW_LIMIT = 3600 };

/* The program's own lines on gnuplot's standard error, but for the sentinel. */
#define OWN "fathom: "
#define VERSION OWN "gnuplot "

/* Lines that are passed on of one picture's standard error. */
enum { WARNINGS = 10 };

/* The marks of a whole file, per format. */
static const struct format {
    const char *name, *terminal;
    unsigned    bit;
    const char *head;
    size_t      head_size;
    const char *tail; /* must end the file, but for white space */
    size_t      tail_size;
} formats_known[] = {
    { "svg", "svg", PLOT_SVG, "<?xml ", 6, "</svg>", 6 },
    { "png", "pngcairo", PLOT_PNG, "\x89PNG\r\n\x1a\n", 8, "\0\0\0\0IEND\xae\x42\x60\x82", 12 },
    { "pdf", "pdfcairo", PLOT_PDF, "%PDF-", 5, "%%EOF", 5 },
};
enum { N_FORMATS = sizeof formats_known / sizeof *formats_known };

/* ------------------------------------------------------------------------------------------------ messages ---- */

static void warn(const plot_options *options, const char *what, const char *text)
{
    char line[GNUPLOT_LINE + 256];
    snprintf(line, sizeof line, "gnuplot: %.200s: %s", what, text);
    if (options->warn)
        options->warn(options->warn_context, line);
    else
        fprintf(stderr, "%s: warning: %s\n", program_invocation_short_name, line);
}

/* What was written beside a picture that is good all the same. */
static void pass_on(const struct gnuplot_run *run, const plot_options *options, const char *what)
{
    char   line[GNUPLOT_LINE], more[64];
    size_t at = 0, n = 0;
    while (gnuplot_line(line, &at, run))
        if (strncmp(line, OWN, sizeof OWN - 1) != 0 && n++ < WARNINGS)
            warn(options, what, line);
    if (n > WARNINGS) {
        snprintf(more, sizeof more, "and %zu lines more", n - WARNINGS);
        warn(options, what, more);
    }
}

/* ------------------------------------------------------------------------------------------- whole pictures ---- */

static size_t occurrences(const char *text, const char *word)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, word)); p += strlen(word))
        n++;
    return n;
}

/* One <svg> element with all its groups closed.  A stray 0 ends the text, and with it the search. */
static bool is_whole_svg(const struct bytes *picture)
{
    const char *body = picture->data ? strstr(picture->data, "?>") : NULL;
    return body && strlen(picture->data) == picture->size && occurrences(body, "</svg>") == 1 &&
           occurrences(body, "<svg ") + occurrences(body, "<svg>") == 1 &&
           occurrences(body, "<g ") + occurrences(body, "<g>") == occurrences(body, "</g>");
}

/* Chunk after chunk (four bytes of length, four of type, the data, four of checksum), to the end and no further. */
static bool is_whole_png(const struct bytes *picture, const struct format *format)
{
    const unsigned char *p = (const unsigned char *)picture->data;
    size_t               at = format->head_size;
    while (picture->size - at >= 12) {
        size_t length = (size_t)p[at] << 24 | (size_t)p[at + 1] << 16 | (size_t)p[at + 2] << 8 | p[at + 3];
        if (length > picture->size - at - 12)
            return false;
        at += length + 12;
    }
    return at == picture->size;
}

static bool is_whole(const struct bytes *picture, const struct format *format)
{
    size_t size = picture->size;
    if (size < format->head_size + format->tail_size || memcmp(picture->data, format->head, format->head_size) != 0)
        return false;
    if (format->bit != PLOT_PNG)
        while (size > 0 && memchr(" \t\r\n", picture->data[size - 1], 4))
            size--;
    if (size < format->tail_size ||
        memcmp(picture->data + size - format->tail_size, format->tail, format->tail_size) != 0)
        return false;
    return format->bit == PLOT_SVG ? is_whole_svg(picture)
         : format->bit == PLOT_PNG ? is_whole_png(picture, format)
                                   : true;
}

/* --------------------------------------------------------------------------------------------------- public ---- */

plot_status plot_formats(unsigned *formats, const char *list, fathom_error *error)
{
    unsigned set = 0;
    for (const char *p = list;; p++) {
        size_t   length = strcspn(p, ",");
        unsigned bit = 0;
        for (size_t f = 0; f < N_FORMATS; f++)
            if (length == strlen(formats_known[f].name) && strncmp(p, formats_known[f].name, length) == 0)
                bit = formats_known[f].bit;
        if (!bit)
            return plot_status_fail(error, PLOT_BAD_ARGUMENT, "format '%.*s' is not one of svg, png, pdf",
                                    (int)(length < 64 ? length : 64), p);
        set |= bit;
        p += length;
        if (!*p)
            break;
    }
    *formats = set;
    return PLOT_OK;
}

plot_status plot_home(char *home, size_t size, fathom_error *error)
{
    char    program[PATH_MAX] = ".", candidate[PATH_MAX + 64], real[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length > 0) {
        program[length] = '\0';
        *strrchr(program, '/') = '\0';
    }
    for (int i = length > 0 ? 0 : 2; i < 3; i++) {
        static const char *const from_program[] = { "/../share/fathom", "/.." };
        snprintf(candidate, sizeof candidate, "%s%s/plots/style.gp", i < 2 ? program : ".",
                 i < 2 ? from_program[i] : "");
        if (!realpath(candidate, real))
            continue;
        real[strlen(real) - strlen("/plots/style.gp")] = '\0';
        if (strlen(real) >= size)
            break;
        strcpy(home, real);
        return PLOT_OK;
    }
    return plot_status_fail(
        error, PLOT_NO_SCRIPTS,
        "plots/style.gp not found: neither in ../share/fathom nor .. of the program's folder %s, nor here",
        length > 0 ? program : "(unknown)");
}

/* options->home or plot_home's, as an absolute path: gnuplot will run in another folder. */
static plot_status find_home(char home[PATH_MAX], const plot_options *options, fathom_error *error)
{
    if (!options->home) {
        plot_status status = plot_home(home, PATH_MAX, error);
        if (status != PLOT_OK)
            return status;
    } else if (!realpath(options->home, home))
        return plot_status_fail(error, PLOT_NO_SCRIPTS, "%s: %s", options->home, strerror(errno));
    if (strpbrk(home, "\n\r"))
        return plot_status_fail(error, PLOT_BAD_ARGUMENT, "the folder of plots/ has a line break in its name");
    return PLOT_OK;
}

/* What is sent: where things are, then the shared style and the figure, and the sentinel if both worked. */
static void write_script(struct bytes *script, const char *name, const char *home, const struct format *format,
                         bool notebook)
{
    bytes_text(script, "home = ");
    gnuplot_quoted(script, home);
    bytes_text(script, "\nnotebook = ");
    bytes_text(script, notebook ? "1" : "0");
    bytes_text(script, "\nformat = '");
    bytes_text(script, format->name);
    bytes_text(script, "'\nload home.'/plots/style.gp'; ");
    if (name) {
        bytes_text(script, "load home.'/plots/");
        bytes_text(script, name);
        bytes_text(script, ".gp'");
    } else
        bytes_text(script, "eval canvas(200, 150); plot [0:1] [0:1] 0.5 with points title 'dot'; "
                           "print sprintf('" VERSION "%.1f patchlevel %s', GPVAL_VERSION, GPVAL_PATCHLEVEL)");
    gnuplot_script_end(script);
}

/* Draws one picture and judges it: the figure `name`, or a dot if that is NULL. */
static plot_status draw_picture(struct gnuplot_run *run, const char *name, const char *home, const char *folder,
                                const struct format *format, const plot_options *options, fathom_error *error)
{
    char           label[256], complaint[GNUPLOT_LINE];
    struct bytes   script = { 0 };
    const unsigned seconds = options->seconds ? options->seconds : name ? DRAW_LIMIT : CHECK_LIMIT;
    snprintf(label, sizeof label, "%s.%s", name ? name : "a dot", format->name);
    write_script(&script, name, home, format, options->notebook);
    plot_status status = gnuplot_run(run, folder, &script, seconds, error);
    free(script.data);
    if (status == PLOT_OK)
        status = gnuplot_judge(run, label, error);
    if (status != PLOT_OK || is_whole(&run->out, format))
        return status;
    if (gnuplot_complaint(complaint, run) && name)
        return plot_status_fail(error, PLOT_COMPLAINED, "gnuplot: %s: %s", label, complaint);
    return plot_status_fail(error, PLOT_INCOMPLETE, "gnuplot: %s: the picture is %s", label,
                            run->out.size ? "cut short or not of its format" : "empty");
}

plot_status plot_check(char *version, size_t size, const plot_options *options, fathom_error *error)
{
    char        home[PATH_MAX], line[GNUPLOT_LINE];
    plot_status status = find_home(home, options, error);
    for (size_t f = 0; f < N_FORMATS && status == PLOT_OK; f++) {
        const struct format *format = &formats_known[f];
        struct gnuplot_run   run;
        if (!(options->formats & format->bit))
            continue;
        status = draw_picture(&run, NULL, home, "/", format, options, error);
        for (size_t at = 0; gnuplot_line(line, &at, &run);) {
            if (status != PLOT_OK && strstr(line, "terminal type"))
                status = plot_status_fail(error, PLOT_NO_TERMINAL, "gnuplot: it has no terminal %s, which %s needs",
                                          format->terminal, format->name);
            if (version && size > 0 && strncmp(line, VERSION, sizeof VERSION - 1) == 0)
                snprintf(version, size, "%s", line + sizeof VERSION - 1);
        }
        if (status == PLOT_OK)
            pass_on(&run, options, "a dot");
        gnuplot_free(&run);
    }
    return status;
}

/* The words at the head of the script, into a whole picture. */
static plot_status put_title(struct gnuplot_run *run, const char *name, const char *path, fathom_error *error)
{
    char         part[4096];
    size_t       size;
    struct bytes script = { 0 };
    FILE        *file = fopen(path, "r");
    if (!file)
        return plot_status_fail(error, PLOT_NO_SCRIPTS, "%.250s: %s", path, strerror(errno));
    bytes_text(&script, "");
    while ((size = fread(part, 1, sizeof part, file)) > 0)
        bytes_add(&script, part, size);
    const bool read = !ferror(file), good = !script.short_of_memory && svg_title_put(&run->out, script.data);
    fclose(file);
    bytes_free(&script);
    return !read ? plot_status_fail(error, PLOT_NO_SCRIPTS, "%.250s: cannot be read", path)
         : good  ? PLOT_OK
                 : plot_status_fail(error, PLOT_NO_MEMORY, "gnuplot: %s: not enough memory for its title", name);
}

/* Draws every wanted format, judged, into runs, all of which are to be freed. */
static plot_status draw_pictures(struct gnuplot_run runs[N_FORMATS], const char *name, const char *home,
                                 const char *path, const plot_options *options, fathom_error *error)
{
    plot_status status = PLOT_OK;
    for (size_t f = 0; f < N_FORMATS && status == PLOT_OK; f++)
        if (options->formats & formats_known[f].bit) {
            status = draw_picture(&runs[f], name, home, options->out, &formats_known[f], options, error);
            if (status == PLOT_OK && formats_known[f].bit == PLOT_SVG)
                status = put_title(&runs[f], name, path, error);
        }
    return status;
}

plot_status plot_draw(const char *name, const plot_options *options, fathom_error *error)
{
    char               home[PATH_MAX], path[PATH_MAX + 512], names[N_FORMATS][160];
    struct gnuplot_run runs[N_FORMATS] = { 0 };
    struct file        files[N_FORMATS];
    size_t             n = 0;
    plot_status        status = find_home(home, options, error);
    if (status != PLOT_OK)
        return status;
    if (!*name || strlen(name) > 128 || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))
        return plot_status_fail(error, PLOT_BAD_ARGUMENT, "figure '%.128s': its name is not of a-z, 0-9 and _", name);
    snprintf(path, sizeof path, "%s/plots/%s.gp", home, name);
    if (access(path, R_OK) != 0)
        return plot_status_fail(error, PLOT_NO_SCRIPTS, "%.250s: %s", path, strerror(errno));

    /* All the pictures first, then all the files. */
    status = draw_pictures(runs, name, home, path, options, error);
    for (size_t f = 0; f < N_FORMATS && status == PLOT_OK; f++)
        if (options->formats & formats_known[f].bit) {
            snprintf(names[n], sizeof names[n], "%s.%s", name, formats_known[f].name);
            files[n] = (struct file){ .name = names[n], .data = runs[f].out.data, .size = runs[f].out.size };
            pass_on(&runs[f], options, names[n]);
            n++;
        }
    if (status == PLOT_OK &&
        !(options->set ? files_add_all(options->set, files, n, error) : files_write(options->out, files, n, error)))
        status = PLOT_NOT_WRITTEN;
    for (size_t f = 0; f < N_FORMATS; f++)
        gnuplot_free(&runs[f]);
    return status;
}
