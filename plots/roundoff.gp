# roundoff.gp - how one part in 10^15 of the initial parameters grows in training, and what is left of it at the end.
#
# Above: |difference of the batch losses| from the unperturbed run: the replicas' median, and from least to greatest a
# band.  A point stands for a few steps, by their geometric mean.  The dashes are the line of the growth phase, whose
# rate stands in the key (harness/growth_phase.h).
# Below: each replica's final score, less the mean of its depth.
# Tables: roundoff.tsv, roundoff_windows.tsv, roundoff_rate.tsv, roundoff_final.tsv, roundoff_summary.tsv.

ULP = 2.0**-51          # of a number from 2 to 4, as the losses are where they begin

T = "roundoff.tsv"; W = "roundoff_windows.tsv"; R = "roundoff_rate.tsv"
F = "roundoff_final.tsv"; S = "roundoff_summary.tsv"
eval rows_of("F")
if (members == 0) { eval nothing("no run"); exit }
depths = ""; last = 0; grown = ""
stats F using (depths = with_word(depths, strcol("depth")), 0) nooutput
eval rows_of("W")
if (members > 0) { stats W using (grown = with_word(grown, strcol("depth")), 0) nooutput }
eval rows_of("T")
if (members > 0) { stats T using (last = larger(last, column("step")), 0) nooutput }
eval rows_of("R"); rows_R = members
eval sorted("depths")
n = words(depths)
depth(i) = number_in(depths, i)

# Each depth's rate of growth, as the steps that it takes to grow tenfold.
array slope[n]
array level[n]
array from[n]
array to[n]
array titles[n]
do for [i=1:n] {
    slope[i] = NaN; level[i] = NaN; from[i] = NaN; to[i] = NaN; tenfold = NaN
    if (rows_R > 0) {
        eval look_up("R", 'column("depth") == depth(i)', "rate");       slope[i] = found
        eval look_up("R", 'column("depth") == depth(i)', "intercept");  level[i] = found
        eval look_up("R", 'column("depth") == depth(i)', "start");      from[i] = found
        eval look_up("R", 'column("depth") == depth(i)', "saturated");  to[i] = found
        eval look_up("R", 'column("depth") == depth(i)', "tenfold");    tenfold = found
    }
    titles[i] = "depth ".word(depths, i).(slope[i] > 0 ? sprintf(": tenfold in %.0f steps", tenfold) : \
                                          !has_word(grown, word(depths, i)) ? ": no losses" : "")
}

# The final scores, by place: their depths side by side at 1, 2, ...; and each depth's spread.
means = ""; spreads = ""; finals = 0
do for [i=1:n] {
    eval look_up("S", 'column("depth") == depth(i) && strcol("of") eq "train_logp"', "mean")
    means = means.(found == found ? sprintf(" %.17g", found) : " NaN")
    eval look_up("S", 'column("depth") == depth(i) && strcol("of") eq "train_logp"', "sd")
    spreads = spreads.(found == found ? sprintf(" %.17g", found) : " NaN")
    eval look_up("S", 'column("depth") == depth(i) && strcol("of") eq "train_logp"', "n")
    finals = finals + found
}
place(d) = (sum [i=1:n] (depth(i) == d ? i : 0))
beside(d, y) = place(d) > 0 ? 1000 * (finite(y) - number_in(means, place(d))) : NaN
widest = 1e-6       # of all those distances, of which there may be none: a mean beyond 1e300
if (finals > 0) {
    finals = 0
    stats F using (y = beside(column("depth"), trained("train_logp")), finals = finals + (abs(y) < 1e300), \
                       widest = abs(y) < 1e300 && abs(y) > widest ? abs(y) : widest, 0) nooutput
}

eval canvas(500, finals > 0 ? 600 : 400)
set multiplot
set lmargin at screen 0.17
set rmargin at screen 0.955
set tmargin at screen (finals > 0 ? 0.945 : 0.92)
set bmargin at screen (finals > 0 ? 0.455 : 0.14)
set title "How a difference of one part in 10¹⁵ grows"
set xlabel "training step" offset 0,0.5
set ylabel "|difference of losses|   [nats]" offset 0.8,0
set xrange [0 : last + 1]
if (last < 8) { set xtics 1 }
set logscale y
set yrange [1e-17 : 10]
set ytics 1e4
set ytics add ("1" 1)
set mytics 1
set format y "10^{%T}"
set key at graph 0.985, 0.60 right top
set style fill transparent solid 0.25 noborder
set label 1 "1 ulp of a loss from 2 to 4, 2^{−51}" \
    at graph 0.985, first ULP right offset 0,-0.75 font SMALL tc rgb "#505050"
# (A depth without losses is drawn off the figure, for its title: a plot of no points would be a complaint.)
drawn(d) = strcol("depth") eq d ? column("step") : has_word(grown, d) ? NaN : -1000
if (words(grown) == 0) {
    plot ULP with lines lc rgb grey lw 1 dt (3,4) notitle, \
         for [i=1:n] NaN with lines lc rgb depth_colour(depth(i)) lw 1.8 title titles[i]
} else {
    plot ULP with lines lc rgb grey lw 1 dt (3,4) notitle, \
         for [d in grown] W using (drawn(d)):"least":"greatest" \
             with filledcurves lc rgb depth_colour(real(d)) notitle, \
         for [i=1:n] W using (drawn(word(depths, i))):"median" with lines lc rgb depth_colour(depth(i)) lw 1.8 \
             title titles[i], \
         for [i=1:n] [from[i]:to[i]] (slope[i] > 0 ? exp(level[i] + slope[i] * x) : NaN) \
             with lines lc rgb black lw 1.2 dt (6,4) notitle
}

if (finals > 0) {
    unset label
    unset title
    unset logscale y
    set tmargin at screen 0.335
    set bmargin at screen 0.10
    set xrange [0.5 : n + 0.5]
    set xtics ()
    do for [i=1:n] {
        sd = number_in(spreads, i)
        spread = sd == sd ? gprintf(n > 6 ? "\n%.3f" : "\nsd %.4f", sd) : ""
        set xtics add ((n > 6 ? "" : "depth ").word(depths, i).spread i)
    }
    if (n > 4) { set xtics font SMALL }
    if (n > 6) { set xlabel "depth, and standard deviation" font SMALL offset 0,-0.3 }
    if (n <= 6) { unset xlabel }
    set ylabel "final log p − mean  [10^{−3} nats]" font SMALL offset 0.6,0
    set ytics autofreq
    set format y "%g"
    set yrange [-1.1 * widest : 1.1 * widest]
    plot 0 with lines ls ZERO notitle, \
         for [i=1:n] F using (place(column("depth")) == i ? i - 0.15 : -9): \
                 (beside(column("depth"), trained("train_logp"))):(0.3):(0) \
             with vectors nohead lc rgb depth_colour(depth(i)) lw 1.8 notitle
}
unset multiplot
