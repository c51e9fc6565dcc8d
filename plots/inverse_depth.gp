# inverse_depth.gp - inverse error and condition number against depth, before and after training: every flow, and medians.
#
# Tables: inverse_depth.tsv, inverse_depth_summary.tsv.

TOLERANCE = 1e-8

T = "inverse_depth.tsv"; S = "inverse_depth_summary.tsv"
eval rows_of("T")
if (members == 0) { eval nothing("no run"); exit }
depths = ""; couplings = ""; least = 1e9; most = 0
stats T using (depths = with_word(depths, strcol("depth")), couplings = with_word(couplings, strcol("coupling")), \
               least = column("depth") < least ? column("depth") : least, \
               most = column("depth") > most ? column("depth") : most, 0) nooutput
eval sorted("depths")

eval canvas(500, 560)
set multiplot
set lmargin at screen 0.17
set rmargin at screen 0.975
set logscale x
set xrange [least / 1.25 : most * 1.25]
set xtics ()
set for [d in depths] xtics add (d real(d))
set format y "10^{%L}"
positive(y) = y > 0 && y < 1e300 ? y : NaN
beside(k) = k == 1 ? 1.04 : 1 / 1.04
do for [q=1:2] {
    unset logscale y     # what stats looks at lies in no other range
    set yrange [* : *]
    quantity = q == 1 ? "inverse_error" : "condition_number"
    set title (q == 1 ? "Inverse and condition number against depth" : "")
    low = q == 1 ? TOLERANCE : 1; top = low
    do for [k=1:2] {
        eval range_of("T", 'positive(cell((k == 1 ? "" : "untrained_").quantity))')
        if (members > 0) { low = smaller(low, RANGE_min); top = larger(top, RANGE_max) }
    }
    set tmargin at screen (q == 1 ? 0.945 : 0.49)
    set bmargin at screen (q == 1 ? 0.56 : 0.11)
    set xlabel (q == 2 ? "number of coupling blocks" : "") offset 0,0.9
    set key at graph 0.03, 0.84 left top font SMALL
    if (q == 2) { unset key }
    unset label
    # (A label: no wide tick moves it off the page.)
    set label 90 (q == 1 ? "inverse error" : "condition number") at screen 0.024, graph 0.5 center rotate
    if (q == 1) { set label 1 "half the digits of a double" at graph 0.985, first TOLERANCE right offset 0,0.6 font SMALL }
    # What has a number, "affine/inverse_error", in the table of runs and in the summary: gnuplot complains of a line
    # without a point, also of one in a loop of no turns.
    runs = ""; medians = ""
    do for [k=1:2] {
        name_ = (k == 1 ? "" : "untrained_").quantity
        stats T using (runs = positive(cell(name_)) > 0 ? with_word(runs, strcol("coupling")."/".name_) : runs, 0) nooutput
        stats S using (medians = strcol("of") eq name_ && positive(cell("median")) > 0 ? \
                       with_word(medians, strcol("coupling")."/".name_) : medians, 0) nooutput
    }
    coupling_in(w) = w[1 : strstrt(w, "/") - 1]
    name_in(w) = w[strstrt(w, "/") + 1 : *]
    untrained(w) = strstrt(w, "untrained") > 0
    of(w) = strcol("coupling") eq coupling_in(w)
    line(w) = coupling_in(w) eq "spline" ? SPLINE : AFFINE
    paint(w) = coupling_in(w) eq "spline" ? green : red
    at(w) = column("depth") * beside(untrained(w) ? 2 : 1)
    set logscale y
    set yrange [low / 4 : top * 4] noextend
    if (words(runs) == 0 || words(medians) == 0) {
        set label 2 "no flow has a number" at graph 0.5, 0.5 center
        plot NaN notitle
        continue
    }
    plot for [i=1:q == 1] TOLERANCE with lines ls BOUND notitle, \
         for [w in runs] T using (at(w)):(of(w) ? positive(cell(name_in(w))) : NaN) \
             with points pt (untrained(w) ? 6 : 7) ps 0.4 lc rgb faint(paint(w)) notitle, \
         for [w in medians] S using (at(w)):(of(w) && strcol("of") eq name_in(w) ? positive(cell("median")) : NaN) \
             with linespoints ls line(w) lw (untrained(w) ? 1 : 2) dt 1 + untrained(w) \
             pt (untrained(w) ? 6 : 7) ps 0.8 title coupling_in(w).(untrained(w) ? ", untrained" : ", trained")
}
unset multiplot
