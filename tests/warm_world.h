/* warm_world.h - synthetic tables of the experiments on the warm start and the guards, by knobs for their cells. */
#ifndef FATHOM_TESTS_WARM_WORLD_H
#define FATHOM_TESTS_WARM_WORLD_H

#include <stdbool.h>
#include <stddef.h>

extern struct warm_world {
    double end[3], largest[3], reach[3]; /* at each rate: warm less cold, in held-out log p, loss and steps           */
    size_t lost[3];                      /* so many of the first warm runs are not ok                                 */
    bool   never[3];                     /* warm never reaches cold's final value                                     */
    double level[3];                     /* added to the held-out log p of both arms                                  */
    double warm_validation[3];           /* added to warm's                                                           */
    double validation[3];                /* of both arms                                                              */
    double guard[3][6];                  /* held-out log p of none, all, and all but masks, clip, ActNorm, warm start */
    size_t guard_lost[3][6];
    size_t plain_lost;      /* of the notebook's stacks without a clip                                 */
    double integral, error; /* of the second cell at its end; error may be NaN                      */
    size_t lacking;         /* so many of the last cells have no integral                           */
    bool   no_end;          /* the first cell has one at its start alone                            */
    size_t slow;            /* so many warm runs at the lowest rate never reach the value           */
    size_t seeds, guard_seeds;
} warm_world;

/* Every claim holds. */
struct warm_world good_warm(void);

/* warm_start, warm_start_reach, warm_start_integral, warm_start_free, guards and guards_cells, into the folder of
 * report_world.h. */
void write_warm(void);

#endif
