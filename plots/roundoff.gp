# roundoff.gp - how one part in 10^15 of the initial parameters grows in training, and what is left of it at the end.
#
# Above: |difference of the batch losses| from the unperturbed run: the replicas' median, and from least to greatest a
# band.  A point stands for WINDOW steps, by their geometric mean, since at a single step a difference may pass through
# zero; zero itself counts as half an ulp of a loss below 2.  The rate is a line fitted to log difference while it
# grows: after it was last below START, until it is first above STOP.
# Below: each replica's final score, less the mean of its depth.
# Tables: roundoff.tsv, roundoff_final.tsv.

WINDOW = 8
START = 1e-13; STOP = 1e-4
ULP = 2.0**-51          # of a number from 2 to 4, as the losses are where they begin
NOTHING = 2.0**-53

T = "roundoff.tsv"; F = "roundoff_final.tsv"
eval rows_of("F")
if (members == 0) { eval nothing("no run"); exit }
depths = ""; last = 0
eval rows_of("T"); rows_T = members
stats F using (depths = with_word(depths, strcol("depth")), 0) nooutput
if (rows_T > 0) { stats T using (depths = with_word(depths, strcol("depth")), \
               last = column("step") > last ? column("step") : last, 0) nooutput }
eval sorted("depths")
n = words(depths)
depth(i) = number_in(depths, i)
size(y) = abs(y) < 1e300 ? log(y > NOTHING ? y : NOTHING) : NaN

# WINDOW steps a row; a window without three whole numbers (all replicas diverged) is left out.
set print $growth
print "depth\tstep\tlow\tmiddle\thigh"
rows_of = 0; at = 0.0; low = 0.0; middle = 0.0; high = 0.0; current = -1
put(i) = rows_of > 0 \
    ? (grown = with_word(grown, sprintf("%g", current)), \
       sprintf("%g\t%g\t%.9g\t%.9g\t%.9g\n", current, at / rows_of, exp(low / rows_of), exp(middle / rows_of), \
               exp(high / rows_of))) : ""
clear(d) = (rows_of = 0, at = 0.0, low = 0.0, middle = 0.0, high = 0.0, current = d)
add(s, l, m, h) = l == l && m == m && h == h \
    ? (rows_of = rows_of + 1, at = at + s, low = low + l, middle = middle + m, high = high + h) : 0
text = ""; grown = ""
if (rows_T > 0) {
    stats T using ((column("depth") != current || int(column("step")) % WINDOW == 0 \
                    ? (text = text.put(0), clear(column("depth"))) : 0), \
                   add(column("step"), size(cell("least")), size(cell("median")), size(cell("greatest"))), 0) nooutput
}
text = text.put(0)
print text
# A depth without any gets one row that is off the figure: a plot of no points would be a complaint.
do for [d in depths] { if (!has_word(grown, d)) { print d."\t-1000\t1e-9\t1e-9\t1e-9" } }
set print

# Each depth's rate of growth, as the steps that it takes to grow tenfold.
titles = ""
array slope[n]
array level[n]
array from[n]
array to[n]
do for [i=1:n] {
    slope[i] = NaN; level[i] = NaN; from[i] = NaN; to[i] = NaN
    first_above = NaN; last_below = NaN
    watch(s, y) = first_above == first_above ? 0 : y > STOP ? (first_above = s) : y < START ? (last_below = s) : 0
    stats $growth using (column("depth") == depth(i) ? (watch(column("step"), column("middle")), 0) : 0) nooutput
    if (first_above == first_above && last_below == last_below) {
        growing(s) = column("depth") == depth(i) && s >= last_below && s <= first_above ? s : NaN
        eval summary("$growth", 'growing(column("step")) >= 0 ? log10(column("middle")) : NaN')
        if (members > 2) {
            stats $growth using (growing(column("step"))):(log10(column("middle"))) nooutput name "LAW"
            slope[i] = LAW_slope; level[i] = LAW_intercept; from[i] = last_below; to[i] = first_above
        }
    }
    titles = titles." 'depth ".word(depths, i). \
             (slope[i] > 0 ? sprintf(": tenfold in %.0f steps", 1 / slope[i]) : \
              !has_word(grown, word(depths, i)) ? ": no losses" : "")."'"
}

# The final scores, by place: their depths side by side at 1, 2, ...; and each depth's spread.
means = ""; spreads = ""; finals = 0
do for [i=1:n] {
    eval summary("F", 'column("depth") == depth(i) ? cell("train_logp") : NaN')
    means = means.(members > 0 ? sprintf(" %.17g", GROUP_mean) : " NaN")
    spreads = spreads.(members > 1 ? sprintf(" %.17g", GROUP_sd) : " NaN")
    finals = finals + members
}
place(d) = (sum [i=1:n] (depth(i) == d ? i : 0))
beside(d, y) = place(d) > 0 ? 1000 * (finite(y) - number_in(means, place(d))) : NaN
widest = 1e-6       # of all those distances
if (finals > 0) {
    stats F using (y = beside(column("depth"), cell("train_logp")), \
                       widest = abs(y) < 1e300 && abs(y) > widest ? abs(y) : widest, 0) nooutput
}

eval canvas(500, finals > 0 ? 600 : 400)
set multiplot
set lmargin at screen 0.17
set rmargin at screen 0.965
set tmargin at screen (finals > 0 ? 0.945 : 0.92)
set bmargin at screen (finals > 0 ? 0.455 : 0.14)
set title "How a difference of one part in 10¹⁵ grows"
set xlabel "training step" offset 0,0.5
set ylabel "|difference of losses|   [nats]" offset 1.6,0
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
drawn(i) = column("depth") == depth(i) ? column("step") : NaN
plot ULP with lines lc rgb grey lw 1 dt (3,4) notitle, \
     for [i=1:n] $growth using (drawn(i)):"low":"high" with filledcurves lc rgb depth_colour(depth(i)) notitle, \
     for [i=1:n] $growth using (drawn(i)):"middle" with lines lc rgb depth_colour(depth(i)) lw 1.8 \
         title word(titles, i), \
     for [i=1:n] [from[i]:to[i]] (slope[i] > 0 ? 10**(level[i] + slope[i] * x) : NaN) \
         with lines lc rgb black lw 1.2 dt (6,4) notitle

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
                 (beside(column("depth"), cell("train_logp"))):(0.3):(0) \
             with vectors nohead lc rgb depth_colour(depth(i)) lw 1.8 notitle
}
unset multiplot
