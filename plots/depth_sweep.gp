# depth_sweep.gp - mean log p of the training rows against depth, and the round-off ensemble around it.
#
# Above: the notebook's line, with the ensemble's spread beside each mark.  At that scale the spread is a sliver, so
# below each draw is a stroke, as its distance from the number that the notebook printed: reference left, ours right.
# Tables: depth_sweep.tsv; with `notebook` also truth.tsv, the printed numbers and the reference draws.

T = "depth_sweep.tsv"

# The ensemble is the replicas of the first seed; the line is its replica 0.  Runs that diverged have no number.
eval rows_of("T")
if (members == 0) { eval nothing("no run"); exit }
depths = ""; seed = NaN
stats T using (seed = seed == seed ? seed : column("seed"), depths = with_word(depths, strcol("depth")), 0) nooutput
eval sorted("depths")
n = words(depths)
depth(i)  = real(word(depths, int(i)))
draw      = 'column("seed") == seed ? finite(cell("train_logp")) : NaN'

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

# Mean - sd, least, greatest, mean + sd of each depth's ensemble; a depth whose runs all diverged has none.
set print $spread
print "depth\tbelow\tleast\tgreatest\tabove"
total = 0; lowest = 1e300; highest = -1e300; of_shown = 0; farthest = 0.0
do for [i=1:n] {
    count = 0; low = 1e300; high = -1e300; sum1 = 0.0; sum2 = 0.0
    see(y)   = y == y ? (count = count + 1, low = y < low ? y : low, high = y > high ? y : high, sum1 = sum1 + y) : 0
    again(y) = y == y ? (sum2 = sum2 + ((y - sum1 / count) / scale)**2) : 0
    stats T using (see(column("depth") == depth(i) ? @draw : NaN), 0) nooutput
    scale = larger(1, high - low)       # so that no square overflows
    stats T using (again(column("depth") == depth(i) ? @draw : NaN), 0) nooutput
    if (count > 0) {
        mean = sum1 / count; sd = count > 1 ? scale * sqrt(sum2 / (count - 1)) : 0
        print sprintf("%g\t%.15g\t%.15g\t%.15g\t%.15g", depth(i), mean - sd, low, high, mean + sd)
        do for [k=1:words(shown)] { if (word(shown, k) eq word(depths, i)) {
            of_shown = of_shown + count
            farthest = larger(farthest, 1000 * larger(abs(low - printed(k)), abs(high - printed(k))))
        } }
    }
    total = total + count; lowest = low < lowest ? low : lowest; highest = high > highest ? high : highest
}
if (total == 0) { print "-9\t0\t0\t0\t0" }      # off the figure: a plot of no points would be a complaint

# The line: replica 0 of each depth that has one.
set print $line
print "depth\ttrain_logp"
some = 0; ends = ""
do for [i=1:n] {
    eval summary("T", 'column("replica") == 0 && column("depth") == depth(i) ? @draw : NaN')
    if (members > 0) { some = 1; ends = ends.sprintf(" %.17g", GROUP_mean)
                      print sprintf("%g\t%.17g", depth(i), GROUP_mean) }
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
    if (total == 0) { set label 2 "every run diverged" at graph 0.5, 0.5 center }
    stats "truth.tsv" using (strcol("rows") eq "train" ? column("mean_logp") : NaN) nooutput name "TRUE"
    set label 1 gprintf("true density, %.3f", TRUE_mean) at 1 - 0.4 * unit, TRUE_mean offset 0,0.7 font SMALL
    plot $line using "depth":"train_logp" with linespoints ls OURS title "ours, replica 0", \
         $spread using (column("depth") + 0.3 * unit):"below":"least":"greatest":"above" \
             with candlesticks lc rgb green lw 1 title "our replicas: range and ±1 sd", \
         PRINTED using (strcol("quantity") eq "mean_logp" && ours(strcol("depth")) ? column("depth") : NaN):"value" \
             with points ls PRINTED_MARK title "printed in the notebook", \
         TRUE_mean with lines ls TRUTH notitle
} else {
    if (total > 0) {
        if (number_in(ends, 1) > number_in(ends, words(ends))) { set key bottom left reverse Left }
        plot $line using "depth":"train_logp" with linespoints ls OURS title "replica 0", \
             $spread using (column("depth") + 0.3 * unit):"below":"least":"greatest":"above" \
                 with candlesticks lc rgb green lw 1 title "replicas: range and ±1 sd"
    } else {
        set yrange [0 : 1]
        set format y ""
        set label 1 "every run diverged" at graph 0.5, 0.5 center
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
