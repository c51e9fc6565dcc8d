/* sibling_world.h - synthetic tables of sibling_moons. */
#ifndef FATHOM_TESTS_SIBLING_WORLD_H
#define FATHOM_TESTS_SIBLING_WORLD_H

extern struct sibling_world {
    double start[2];  /* mean log p before training: cold, warm                   */
    double free_logp; /* after it, of the rotation that is a free, clipped matrix */
    double apart;     /* rows that the clip leaves apart from the diagonal flow   */
} sibling_world;

/* The untrained numbers have the printed digits. */
struct sibling_world good_sibling(void);

/* sibling_moons and sibling_moons_diagonal, into the folder of report_world.h. */
void write_sibling(void);

#endif
