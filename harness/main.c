/* main.c - the main of every experiment's program: compiled once for each, with -DEXPERIMENT=<its name>. */
#include "experiment.h"

extern const struct experiment EXPERIMENT;

int main(int argc, char **argv) { return experiment_main(&EXPERIMENT, argc, argv); }
