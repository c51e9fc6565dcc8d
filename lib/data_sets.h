/* data_sets.h - every data set with a name, one per line; the first is the default.
 *
 * DATA_SET(name)  a file of this folder defines fathom_data_set_name, a struct fathom_data_set (data_set.h). */
DATA_SET(spiral)
DATA_SET(two_spirals_4d)
#undef DATA_SET
