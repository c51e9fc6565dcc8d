# depth_truth.gp - training and held-out mean log p against depth, the true density's own scores as ceilings; below,
# the distance from the truth in nats, and how much of it is over-fitting.
#
# KL(truth || flow) is the distance on new rows.  What of it the training rows do not show, (flow - truth on training
# rows) + KL, is over-fitting: the difference of the two scores, less what the truth itself has of one.
# Scores far below the best (FOOT) are off the figure.
# Tables: depth_truth.tsv and depth_truth_over_fit.tsv, and of each its summary, <name>_summary.tsv.
# Own rows have no truth, and perhaps no held-out rows: then what they do give is drawn.

FOOT = 4.0
T = "depth_truth.tsv"; S = "depth_truth_summary.tsv"
O = "depth_truth_over_fit.tsv"; O_S = "depth_truth_over_fit_summary.tsv"
eval rows_of("T")
if (members == 0) { eval nothing("no run"); exit }
depths = ""; least = 1e9; most = 0; seeds = ""
stats T using (depths = with_word(depths, strcol("depth")), seeds = with_word(seeds, strcol("seed")), \
               least = column("depth") < least ? column("depth") : least, \
               most = column("depth") > most ? column("depth") : most, 0) nooutput
eval sorted("depths")
over = words(seeds) > 1 ? ": mean of ".words(seeds)." seeds, ±1 sd" : ""

eval range_of("T", 'trained("train_logp")');    has_train = members > 0
eval range_of("T", 'trained("heldout_logp")');  has_heldout = members > 0
eval range_of("O", 'cell("over_fit")');      has_kl = members > 0
# (The same number in every row.)
truth_on(rows) = "truth = 0; ".range_of("T", 'cell("'.rows.'_truth")')."; if (members > 0) { truth = RANGE_min }"
eval truth_on("train");                train_truth = truth;    has_truth = members > 0
eval truth_on("heldout");              heldout_truth = truth;  has_new_truth = members > 0

high = has_truth ? train_truth : -1e300
if (has_new_truth && heldout_truth > high) { high = heldout_truth }
do for [c in "train_logp heldout_logp"] {
    eval range_of("T", 'trained(c)')
    if (members > 0 && RANGE_max > high) { high = RANGE_max }
}
# (Where every score lies further below the truth, the best of them takes its place.)
eval range_of("T", 'trained("train_logp") > high - FOOT || trained("heldout_logp") > high - FOOT ? 1 : NaN')
if (members == 0) {
    high = -1e300
    do for [c in "train_logp heldout_logp"] {
        eval range_of("T", 'trained(c)')
        if (members > 0 && RANGE_max > high) { high = RANGE_max }
    }
    if (high == -1e300) { high = 0 }
}
low = high
do for [c in "train_logp heldout_logp"] {
    eval range_of("T", 'trained(c) > high - FOOT ? trained(c) : NaN')
    if (members > 0 && RANGE_min < low) { low = RANGE_min }
}
pad = flat(low, high) ? beside_flat(high) : 0.08 * (high - low) + 1e-3

# The lower panel's: 0, and all distances, or those up to FOOT if there are any.
eval range_of("T", 'trained("kl") > FOOT ? trained("kl") : NaN')
far = members > 0;  farthest = far ? RANGE_max : 0
eval range_of("T", 'trained("kl") <= FOOT && trained("kl") > -0.2 ? 1 : NaN')
all_far = far && members == 0
least_distance = 0; greatest_distance = 0
do for [k=1:2] {
    eval range_of(k == 1 ? "T" : "O", k == 1 ? 'trained("kl")' : 'cell("over_fit")')
    if (members > 0) {
        least_distance = smaller(least_distance, RANGE_min); greatest_distance = larger(greatest_distance, RANGE_max)
    }
}

# Mean and standard deviation over the seeds, a row for each depth that has a mean.
# (Of no depth at all: one row that nothing draws, for gnuplot reads also what a loop of no turns plots.)
means(table, name_) = 'some = 0; print "depth\tmean\tsd"; do for [d in depths] { D = real(d); '. \
    look_up(table, 'column("depth") == D && strcol("of") eq "'.name_.'"', "sd").'; sd = found == found ? found : 0; '. \
    look_up(table, 'column("depth") == D && strcol("of") eq "'.name_.'"', "mean"). \
    '; if (found == found) { print sprintf("%s\t%.17g\t%.17g", d, found, sd); some = 1 } }; '. \
    'if (!some) { print sprintf("%s\t0\t0", word(depths, 1)) }; set print'
set print $train;     eval means("S", "train_logp")
set print $heldout;   eval means("S", "heldout_logp")
set print $kl;        eval means("S", "kl")
set print $over_fit;  eval means("O_S", "over_fit")

eval canvas(500, has_kl ? 600 : 370)
set multiplot
set lmargin at screen (abs(low) < 1e4 && farthest < 1e4 ? 0.165 : 0.225)
set rmargin at screen 0.975
set xlabel (has_kl ? "" : "number of coupling blocks") offset 0,0.6
set logscale x 2
set xrange [least / 1.25 : most * 1.25]
set xtics ()
eval thinned("depths", "log(value_of(w_))", "log(1.5625 * most / least)", "412")
set for [d in ticked] xtics add (d real(d))
left(d)  = d / 1.035      # one beside the other, so that no bar hides the other's
right(d) = d * 1.035

# ---- the scores --------------------------------------------------------------------------------------------------
set tmargin at screen (has_kl ? 0.945 : 0.91)
set bmargin at screen (has_kl ? 0.50 : 0.155)
set title "Score against depth, on training rows and on new ones"
set label 90 "mean log p(x)   [nats]" at screen 0.024, graph 0.5 center rotate   # (no wide tick moves a label)
set key bottom right
set label 1 gprintf("truth, training rows: %.3f", train_truth) at graph 0.015, first train_truth offset 0,0.6 font SMALL
set label 2 gprintf("truth, held-out rows: %.3f", heldout_truth) at graph 0.015, first heldout_truth offset 0,-0.7 \
    font SMALL
if (!has_truth) { unset label 1 }
if (!has_new_truth) { unset label 2 }
if (train_truth < low - pad) { unset label 1 }
if (heldout_truth < low - pad) { unset label 2 }
if (has_truth && train_truth > high + pad) {
    set label 1 gprintf("truth, training rows: %.3f, above the scale", train_truth) at graph 0.015, 0.95 font SMALL
    unset label 2
}
do for [i=1:words(depths)] {
    D = number_in(depths, i)
    eval look_up("S", 'column("depth") == D && strcol("of") eq "train_logp"', "runs");      lost = found
    eval look_up("S", 'column("depth") == D && strcol("of") eq "train_logp"', "ok");        lost = lost - found
    if (lost > 0) {
        set label 10 + i sprintf("× %d", lost) at first D, graph 0.025 center font SMALL
        set label 3 "× n: so many runs failed" at graph 0.015, 0.10 font SMALL
    }
}
if (has_train) {
    set format y decimals(flat(low, high) ? 2 * pad : high - low)
    set yrange [low - pad : high + pad]
    above(y) = y > train_truth ? y : train_truth
    plot for [i=1:has_truth] $train \
             using (left(column("depth"))):(train_truth):(above(column("mean"))) \
             with filledcurves lc rgb "#F2C879" title "above the truth: over-fitted", \
         for [i=1:has_truth] train_truth with lines ls TRUTH notitle, \
         for [i=1:has_new_truth] heldout_truth with lines ls TRUTH dt (2,4) notitle, \
         T using (left(column("depth"))):(finite(trained("train_logp"))) \
             with points ls TRAIN lc rgb faint(green) ps 0.45 notitle, \
         for [i=1:has_heldout] T using (right(column("depth"))):(has_heldout ? finite(trained("heldout_logp")) : 0) \
             with points ls HELDOUT lc rgb faint(purple) ps 0.5 notitle, \
         $train using (left(column("depth"))):"mean":"sd" with yerrorbars ls TRAIN lw 1.2 pt -1 notitle, \
         $train using (left(column("depth"))):"mean" with linespoints ls TRAIN ps 0.75 title "training rows".over, \
         for [i=1:has_heldout] $heldout using (right(column("depth"))):"mean":"sd" \
             with yerrorbars ls HELDOUT lw 1.2 dt 1 pt -1 notitle, \
         for [i=1:has_heldout] $heldout using (right(column("depth"))):"mean" \
             with linespoints ls HELDOUT ps 0.85 title "held-out rows"
} else {
    unset logscale x
    set xrange [0 : 1]
    set yrange [0 : 1]
    set label 1 "every run failed" at graph 0.5, 0.5 center
    plot NaN notitle
}

# ---- the distance ------------------------------------------------------------------------------------------------
if (has_kl) {
    unset label
    unset title
    set tmargin at screen 0.435
    set bmargin at screen 0.095
    set xlabel "number of coupling blocks"
    set label 90 "distance   [nats]" at screen 0.024, graph 0.5 center rotate
    set yrange [* : *] noextend
    set offsets 0, 0, graph 0.07, graph 0.06
    if (far) { set yrange [-0.2 : FOOT] }
    if (all_far) { set yrange [-0.05 * farthest : 1.1 * farthest] }
    if (!far && flat(least_distance, greatest_distance)) { set yrange [-0.1 : 1] }
    set format y "%g"
    set key top right
    eval range_of("T", 'trained("kl_std_error")')
    if (members > 0) {
        set label 1 sprintf("KL of one run: standard error at most ". \
            (RANGE_max < 1e4 ? "%.3f" : "%.2g")." nats", RANGE_max) \
            at graph 0.985, 0.64 right font SMALL
    }
    plot 0 with lines ls ZERO notitle, \
         O using (left(column("depth"))):(finite(cell("over_fit"))) \
             with points ls OVER_FIT lc rgb "#F2C879" ps 0.5 notitle, \
         T using (right(column("depth"))):(finite(trained("kl"))) \
             with points ls HELDOUT lc rgb faint(purple) ps 0.5 notitle, \
         $over_fit using (left(column("depth"))):"mean":"sd" \
             with yerrorbars ls OVER_FIT lw 1.2 dt 1 pt -1 notitle, \
         $kl using (right(column("depth"))):"mean":"sd" with yerrorbars ls HELDOUT lw 1.2 dt 1 pt -1 notitle, \
         $kl using (right(column("depth"))):"mean" \
             with linespoints ls HELDOUT ps 0.85 title "KL(truth || flow)".over, \
         $over_fit using (left(column("depth"))):"mean" \
             with linespoints ls OVER_FIT title "over-fitting: KL − distance on training rows"
}
unset multiplot
