/* data_sets.h - every data set with a name, one per line; the first is the default.
 *
 * DATA_SET(name)  a file of this folder defines fathom_data_set_name, a struct fathom_data_set (data_set.h). */
DATA_SET(spiral)
DATA_SET(two_spirals_4d)
DATA_SET(moons)
DATA_SET(checkerboard)
DATA_SET(gaussians)
DATA_SET(circles)
DATA_SET(pinwheel)
#undef DATA_SET
