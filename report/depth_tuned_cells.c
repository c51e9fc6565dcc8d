/* depth_tuned_cells.c - the depths and the trainings that the claims D1 to D3 compare (depth_tuned.h). */
#include "depth_tuned.h"

const double      depth_tuned_depth[N_DEPTHS] = { 1, 2, 4, 8, 16 };
const char *const depth_tuned_called[N_TRAININGS] = { "as the notebook trains", "at the tuned rate",
                                                      "at equal parameters, at the tuned rate" };
