/* shard.h - an experiment's runs in parts, so that several machines make them: which part has which runs.
 *
 * Runs are dealt by cost, longest first, each to the part with the least so far (Graham 1969, LPT): all parts end at
 * about the same time.  The deal is a function of the list of runs alone, the same on every machine.
 */
#ifndef SHARD_H
#define SHARD_H

#include "design.h"

/* Leaves in the list the runs of part `part` of `parts` (1 <= part <= parts), in their order. */
void shard_keep(struct run_list *runs, const struct session *session, size_t part, size_t parts);

/* A line for each run on standard output: key (64 digits), cost (about its share of the time), settings in one line;
 * separated by TABs.  The key is the SHA-256 of the run's canonical text.  Gives the program's exit status. */
int shard_list(const struct run_list *runs, const struct session *session);

/* Takes the runs of the stores that --merge names into the session's store, and prints how many.  A store that cannot be
 * used or belongs to other code ends the program. */
void shard_merge(const struct session *session);

#endif
