/* plot.h - figures: the one place that runs gnuplot.
 *
 * A figure is plots/NAME.gp.  It reads finished tables of the output folder by their names (gnuplot runs in that
 * folder) and writes one picture to its standard output; what the figures share is in plots/style.gp.
 *
 * gnuplot fails silently: after an error it goes on to the next command, a missing table or a full disk may still exit
 * 0, and a writer that dies leaves a good-looking half.  So no gnuplot ever opens a file to write.  Its picture comes
 * back through a pipe, and becomes OUT/NAME.svg (.png, .pdf) only if gnuplot exited with 0, printed the sentinel line
 * that ends the script, and the picture is whole from its first bytes to its last (</svg>, PNG's IEND, PDF's %%EOF).
 * Whatever goes wrong, the file of that name stays as it was (files.h).
 *
 * Other lines on its standard error are no failure.  They may be those of another program (ld.so, fontconfig), or a
 * warning about a curve without points.  They are passed on, as warnings, beside the picture.
 *
 * An SVG carries a title and a description, for who cannot see it: the comment at the head of its script (svg_title.h).
 *
 * SVG and PNG are the same bytes each time for one version of gnuplot (PNG: and of its fonts); no path, host or date
 * is in them.  PDF carries its date.
 */
#ifndef PLOT_H
#define PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "plot_status.h"

/* Sets of formats, or-ed together. */
enum { PLOT_SVG = 1u << 0, PLOT_PNG = 1u << 1, PLOT_PDF = 1u << 2 };

/* "svg,png,pdf" -> a set, never empty.  PLOT_BAD_ARGUMENT names the word that is no format. */
plot_status plot_formats(unsigned *formats, const char *list, fathom_error *error);

struct files;

typedef struct plot_options {
    const char   *out;      /* folder that holds the tables and receives the figures                             */
    struct files *set;      /* not NULL: the figures are added to this set instead (files.h)                     */
    const char   *home;     /* folder that holds plots/, reference/ and tests/reference/; NULL: plot_home's      */
    unsigned      formats;  /* PLOT_SVG | ...                                                                    */
    bool          notebook; /* the tables hold the notebook's own configuration: draw beside them its printed    */
                            /* numbers, the reference draws and the true density (of the spiral)                 */
    unsigned seconds;       /* time limit of one picture; 0: an hour, and five minutes for plot_check's dot      */
    /* What gnuplot wrote beside a good picture: a line of ASCII without a line break, "gnuplot: loss.svg: ...".
     * NULL: it goes to stderr as "PROGRAM: warning: ...". */
    void (*warn)(void *context, const char *line);
    void *warn_context;
} plot_options;

/* Where plots/style.gp lies, seen from the running program: ../share/fathom (installed), .. (built in build/), and
 * last the working folder (built elsewhere).  home: [size]. */
plot_status plot_home(char *home, size_t size, fathom_error *error);

/* Before hours of work: are the scripts found, is there a gnuplot, does it draw a dot in each wanted format?  version:
 * [size], such as "5.4 patchlevel 4", or NULL. */
plot_status plot_check(char *version, size_t size, const plot_options *options, fathom_error *error);

/* Draws OUT/NAME.svg, ... of plots/NAME.gp: all the formats, or no file is touched.  error->text: one line. */
plot_status plot_draw(const char *name, const plot_options *options, fathom_error *error);

#endif
