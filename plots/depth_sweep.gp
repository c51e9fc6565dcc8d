# depth_sweep.gp - mean log p of the training rows against depth, and the round-off ensemble around it.
#
# Above: the notebook's line, with the ensemble's spread beside each mark.  At that scale the spread is a sliver, so
# below each draw is a stroke, as its distance from the number that the notebook printed: reference left, ours right.
# Tables: depth_sweep.tsv, depth_sweep_summary.tsv; with `notebook` also truth.tsv, the printed numbers and the reference
# draws.

T = "depth_sweep.tsv"; S = "depth_sweep_summary.tsv"

# The ensemble is the replicas of the first seed; the line is its replica 0.  Runs that failed have no number.
eval rows_of("T")
if (members == 0) { eval nothing("no run"); exit }
depths = ""; seed = NaN
stats T using (seed = seed == seed ? seed : column("seed"), depths = with_word(depths, strcol("depth")), 0) nooutput
eval sorted("depths")
n = words(depths)
depth(i)  = real(word(depths, int(i)))
draw      = 'column("seed") == seed ? finite(trained("train_logp")) : NaN'

# Of these depths, those that the notebook printed, and what it printed.
shown = ""; values = ""
ours(d) = strstrt(depths." ", " ".d." ") > 0
if (notebook) {
    stats PRINTED using (strcol("quantity") eq "mean_logp" && ours(strcol("depth")) \
        ? (shown = shown." ".strcol("depth"), values = values." ".strcol("value"), 0) : 0) nooutput
}
notebook = words(shown) > 0
printed(i) = number_in(values, i)
eval canvas(500, notebook ? 600 : 350)

# Mean - sd, least, greatest, mean + sd of each depth's ensemble, and the line: replica 0 of each depth that has one.
ensemble(d) = column("depth") == d && column("seed") == seed && strcol("of") eq "train_logp"
total = 0; lowest = 1e300; highest = -1e300; of_shown = 0; farthest = 0.0; some = 0; ends = ""
set print $spread
print "depth\tbelow\tleast\tgreatest\tabove"
do for [i=1:n] {
    eval look_up("S", 'ensemble(depth(i))', "min");   least = found
    eval look_up("S", 'ensemble(depth(i))', "max");   greatest = found
    eval look_up("S", 'ensemble(depth(i))', "sd");    sd = found == found ? found : 0     # of one draw: none
    eval look_up("S", 'ensemble(depth(i))', "mean")
    if (least == least && greatest == greatest && found == found) {
        some = 1
        print sprintf("%g\t%.17g\t%.17g\t%.17g\t%.17g", depth(i), found - sd, least, greatest, found + sd)
    }
    eval range_of("T", 'column("depth") == depth(i) ? @draw : NaN')
    if (members > 0) {
        total = total + members; lowest = smaller(lowest, RANGE_min); highest = larger(highest, RANGE_max)
        do for [k=1:words(shown)] { if (word(shown, k) eq word(depths, i)) {
            of_shown = of_shown + members
            farthest = larger(farthest, 1000 * larger(abs(RANGE_min - printed(k)), abs(RANGE_max - printed(k))))
        } }
    }
}
if (!some) { print "-9\t0\t0\t0\t0" }      # off the figure: a plot of no points would be a complaint
set print $line
print "depth\ttrain_logp"
some = 0
do for [i=1:n] {
    eval look_up("T", 'column("seed") == seed && column("replica") == 0 && column("depth") == depth(i)', "train_logp")
    if (found == found) { some = 1; ends = ends.sprintf(" %.17g", found); print sprintf("%g\t%.17g", depth(i), found) }
}
if (!some) { print "-9\t0"; ends = "0" }
set print

set multiplot
set lmargin at screen 0.17
set rmargin at screen 0.975
set ylabel offset 0.5,0
set xlabel (notebook ? "" : "number of coupling blocks") offset 0,0.5

# ---- the line ----------------------------------------------------------------------------------------------------
set tmargin at screen (notebook ? 0.945 : 0.91)
set bmargin at screen (notebook ? 0.50 : 0.16)
set title (notebook ? "Stacking coupling blocks improves the fit" : "Score against depth")
set ylabel "mean log p(x)   [nats]"
set key bottom right
unit = larger(1, depth(n) / 20.0)       # what lies beside a mark lies by as much beside each
set xrange [1 - 0.6 * unit : depth(n) + 0.8 * unit]
set xtics ()
eval thinned("depths", "real(w_)", "depth(n) + 1.4 * unit - 1", "400")
set for [d in ticked] xtics add (d real(d))
set offsets 0, 0, graph 0.08, graph 0.06
set yrange [* : *] noextend
if (!notebook && total > 0 && flat(lowest, highest)) {
    set yrange [lowest - beside_flat(lowest) : highest + beside_flat(lowest)]
}
set boxwidth 0.14 * unit absolute
set style fill solid 0.35 border lc rgb green
if (notebook) {
    if (total > 0 && lowest > -4 && highest < 1) {
        set format y "%.1f"
        step = highest - lowest < 1 ? 0.1 : 0.5
        set ytics step
    }
    if (total == 0) { set label 2 "every run failed" at graph 0.5, 0.5 center }
    eval look_up("'truth.tsv'", 'strcol("rows") eq "train"', "mean_logp");  truth = found
    set label 1 gprintf("true density, %.3f", truth) at 1 - 0.4 * unit, truth offset 0,0.7 font SMALL
    plot $line using "depth":"train_logp" with linespoints ls OURS title "ours, replica 0", \
         $spread using (column("depth") + 0.3 * unit):"below":"least":"greatest":"above" \
             with candlesticks lc rgb green lw 1 title "our replicas: range and ±1 sd", \
         PRINTED using (strcol("quantity") eq "mean_logp" && ours(strcol("depth")) ? column("depth") : NaN):"value" \
             with points ls PRINTED_MARK title "printed in the notebook", \
         truth with lines ls TRUTH notitle
} else {
    if (total > 0) {
        if (number_in(ends, 1) > number_in(ends, words(ends))) { set key bottom left reverse Left }
        plot $line using "depth":"train_logp" with linespoints ls OURS title "replica 0", \
             $spread using (column("depth") + 0.3 * unit):"below":"least":"greatest":"above" \
                 with candlesticks lc rgb green lw 1 title "replicas: range and ±1 sd"
    } else {
        set yrange [0 : 1]
        set format y ""
        set label 1 "every run failed" at graph 0.5, 0.5 center
        plot NaN notitle
    }
}

# ---- the ensembles, magnified ------------------------------------------------------------------------------------
if (notebook) {
    # The depths that it printed, in its order, side by side at 1, 2, ...
    place(d) = (sum [k=1:words(shown)] (real(word(shown, k)) == d ? k : 0))
    above(d, y) = place(d) > 0 ? 1000 * (y - printed(place(d))) : d < 0 ? 0 : NaN
    set table $draws separator tab
    if (of_shown > 0) { plot T using (column("depth")):(@draw) with table }
    unset table
    if (of_shown == 0) { set print $draws; print "-9\t0"; set print }
    unset datafile columnheaders

    unset label
    unset title
    set tmargin at screen 0.385
    set bmargin at screen 0.10
    set xlabel "number of coupling blocks"
    set ylabel "log p − printed   [10^{−3} nats]"
    set format y "%.0f"
    if (farthest < 100) { set ytics 10 } else { set ytics autofreq; set format y "%g" }
    set yrange [* : *]
    set offsets 0, 0, graph 0.05, graph 0.05
    set xrange [0.5 : words(shown) + 0.5]
    set xtics ()
    array printed_at[words(shown)]
    do for [k=1:words(shown)] { set xtics add (word(shown, k) k) }
    set key at graph 0.5, 1.10 center horizontal maxrows 1 samplen 1.2 width -6
    plot 0 with lines ls ZERO notitle, \
         ENSEMBLE using (place($1) - 0.30):(above($1, $3)):(0.22):(0) \
             with vectors nohead ls REFERENCE title "reference, left", \
         $draws using (place($1) + 0.08):(above($1, $2)):(0.22):(0) \
             with vectors nohead lc rgb green lw 1.2 title "ours, right", \
         printed_at using 1:(0) with points ls PRINTED_MARK title "printed"
}
unset multiplot
