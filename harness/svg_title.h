/* svg_title.h - what a picture shows, in words, for who cannot see it: the elements title and desc of an SVG.
 *
 * The words stand at the head of the figure's script, as a comment:
 *
 *   # loss.gp - the batch loss of training against the step, a line per depth.
 *   # Tables: loss.tsv, loss_mean.tsv.
 *
 * The first sentence behind the dash is the title.  All that follows, to the end of the comment, is the description.
 * (SVG 1.1, 5.4: both are children of the svg element, title first.)
 */
#ifndef SVG_TITLE_H
#define SVG_TITLE_H

#include <stdbool.h>

#include "bytes.h"

/* Puts both behind the opening svg tag of a whole picture.  gnuplot's own title goes; its description, which names its
 * version (report/compare.c reads it), ends ours.  script: the text of the
 * script; without such a comment the picture stays as it is.  False: no memory, and the picture is as it was. */
bool svg_title_put(struct bytes *picture, const char *script);

#endif
