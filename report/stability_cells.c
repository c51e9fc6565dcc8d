/* stability_cells.c - the cells that the claims on stability compare, in the words of the tables (stability.h). */
#include "stability.h"

const char *const  stability_scale[N_PRIMARY] = { "affine", "affine-log-softplus", "affine-2sigmoid" };
const char *const  stability_rate[N_RATES] = { "0.003", "0.01", "0.03" };
const char *const  stability_arm[N_CLIPS] = { "none", "clip" };
const char *const  stability_remedy_scale[N_REMEDY_SCALES] = { "affine", "affine-2sigmoid" };
const struct rival stability_rival[N_RIVALS] = {
    { "skip", "skip of steps that are not finite", true },
    { "olmo", "OLMo", true },
    { "zclip", "ZClip", true },
    { "agc", "AGC", true },
    { "amsgrad", "AMSGrad", false },
    { "beta2", "beta2 0.95", false },
    { "rewind", "rewind", true },
    { "actnorm", "ActNorm from data", false },
};
const char *const stability_spline_rate[N_SPLINE_RATES] = { "0.03", "0.1" };
