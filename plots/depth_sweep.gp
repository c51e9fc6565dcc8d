# depth_sweep.gp - mean log p of the training rows against depth, and the round-off ensemble around it.
#
# Above: the notebook's line, with the ensemble's spread beside each mark.  At that scale the spread is a sliver, so
# below each draw is a stroke, as its distance from the number that the notebook printed: reference left, ours right.
# Tables: depth_sweep.tsv; with `notebook` also truth.tsv, the printed numbers and the reference draws.

T = "depth_sweep.tsv"

# The ensemble is the replicas of the first seed; the line is its replica 0.  Runs that diverged have no number.
depths = ""; seed = NaN
stats T using (seed = seed == seed ? seed : column("seed"), depths = with_word(depths, strcol("depth")), 0) nooutput
n = words(depths)
depth(i)  = real(word(depths, int(i)))
draw      = 'column("seed") == seed ? column("mean_logp") : NaN'
line(x)   = column("replica") == 0 && column("seed") == seed ? x : NaN

# Of these depths, those that the notebook printed, and what it printed.
shown = ""; values = ""
ours(d) = strstrt(depths." ", " ".d." ") > 0
if (notebook) {
    stats PRINTED using (strcol("quantity") eq "mean_logp" && ours(strcol("depth")) \
        ? (shown = shown." ".strcol("depth"), values = values." ".strcol("value"), 0) : 0) nooutput
}
notebook = words(shown) > 0
eval canvas(500, notebook ? 600 : 350)

# Mean - sd, least, greatest, mean + sd of each depth's ensemble; a depth whose runs all diverged has none.
set print $spread
print "depth\tbelow\tleast\tgreatest\tabove"
total = 0; lowest = 1e300; highest = -1e300
do for [i=1:n] {
    count = 0; low = 1e300; high = -1e300; sum1 = 0.0; sum2 = 0.0
    see(y)   = y == y ? (count = count + 1, low = y < low ? y : low, high = y > high ? y : high, sum1 = sum1 + y) : 0
    again(y) = y == y ? (sum2 = sum2 + (y - sum1 / count)**2) : 0
    stats T using (see(column("depth") == depth(i) ? @draw : NaN), 0) nooutput
    stats T using (again(column("depth") == depth(i) ? @draw : NaN), 0) nooutput
    if (count > 0) {
        mean = sum1 / count; sd = count > 1 ? sqrt(sum2 / (count - 1)) : 0
        print sprintf("%g\t%.15g\t%.15g\t%.15g\t%.15g", depth(i), mean - sd, low, high, mean + sd)
    }
    total = total + count; lowest = low < lowest ? low : lowest; highest = high > highest ? high : highest
}
set print

set multiplot
set lmargin at screen 0.17
set rmargin at screen 0.975
set ylabel offset 0.5,0
set xlabel (notebook ? "" : "number of coupling blocks") offset 0,0.5

# ---- the line ----------------------------------------------------------------------------------------------------
set tmargin at screen (notebook ? 0.945 : 0.91)
set bmargin at screen (notebook ? 0.50 : 0.16)
set title "Stacking coupling blocks improves the fit"
set ylabel "mean log p(x)   [nats]"
set key bottom right
set xrange [0.4 : depth(n) + 0.8]
set xtics ()
set for [d in depths] xtics add (d real(d))
set offsets 0, 0, graph 0.08, graph 0.06
set yrange [* : *] noextend
if (lowest == highest) { set yrange [lowest - 0.03 : highest + 0.03] }
set boxwidth 0.14 absolute
set style fill solid 0.35 border lc rgb green
if (notebook) {
    set format y "%.1f"
    set ytics 0.1
    stats "truth.tsv" using (strcol("rows") eq "train" ? column("mean_logp") : NaN) nooutput name "TRUE"
    set label 1 gprintf("true density, %.3f", TRUE_mean) at 0.6, TRUE_mean offset 0,0.7 font SMALL
    plot T using (line(column("depth"))):(line(column("mean_logp"))) \
             with linespoints ls OURS title "ours, replica 0", \
         $spread using (column("depth") + 0.3):"below":"least":"greatest":"above" \
             with candlesticks lc rgb green lw 1 title "our replicas: range and ±1 sd", \
         PRINTED using (strcol("quantity") eq "mean_logp" && ours(strcol("depth")) ? column("depth") : NaN):"value" \
             with points ls PRINTED_MARK title "printed in the notebook", \
         TRUE_mean with lines ls TRUTH notitle
} else {
    if (total > 0) {
        plot T using (line(column("depth"))):(line(column("mean_logp"))) with linespoints ls OURS title "replica 0", \
             $spread using (column("depth") + 0.3):"below":"least":"greatest":"above" \
                 with candlesticks lc rgb green lw 1 title "replicas: range and ±1 sd"
    } else {
        set yrange [0 : 1]
        set label 1 "every run diverged" at graph 0.5, 0.5 center
        plot NaN notitle
    }
}

# ---- the ensembles, magnified ------------------------------------------------------------------------------------
if (notebook) {
    # The depths that it printed, in its order, side by side at 1, 2, ...
    place(d) = (sum [k=1:words(shown)] (real(word(shown, k)) == d ? k : 0))
    above(d, y) = place(d) > 0 ? 1000 * (y - real(word(values, place(d)))) : NaN
    set table $draws separator tab
    plot T using (column("depth")):(@draw) with table
    unset table
    unset datafile columnheaders

    unset label 1
    unset title
    set tmargin at screen 0.385
    set bmargin at screen 0.10
    set xlabel "number of coupling blocks"
    set ylabel "log p − printed   [10^{−3} nats]"
    set format y "%.0f"
    set ytics 10
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
