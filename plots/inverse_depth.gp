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
set lmargin at screen 0.15
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
    low = q == 1 ? TOLERANCE : 1; top = low
    do for [k=1:2] {
        eval range_of("T", 'positive(cell((k == 1 ? "" : "untrained_").quantity))')
        if (members > 0) { low = smaller(low, RANGE_min); top = larger(top, RANGE_max) }
    }
    set tmargin at screen (q == 1 ? 0.945 : 0.49)
    set bmargin at screen (q == 1 ? 0.56 : 0.11)
    set ylabel (q == 1 ? "inverse error" : "condition number") offset 0.8,0
    set xlabel (q == 2 ? "number of coupling blocks" : "")
    set key at graph 0.03, 0.84 left top font SMALL
    if (q == 2) { unset key }
    unset label
    if (q == 1) { set label 1 "half the digits of a double" at graph 0.985, first TOLERANCE right offset 0,0.6 font SMALL }
    # Couplings with a number, before and after training: gnuplot complains of a line without a point.
    column_of(k) = (k == 1 ? "" : "untrained_").quantity
    do for [k=1:2] {
        drawn = ""
        stats T using (drawn = positive(cell(column_of(k))) > 0 ? with_word(drawn, strcol("coupling")) : drawn, 0) nooutput
        if (k == 1) { trained_ = drawn } else { untrained_ = drawn }
    }
    in(k) = k == 1 ? trained_ : untrained_
    of(w) = strcol("coupling") eq w
    line(w) = w eq "spline" ? SPLINE : AFFINE
    paint(w) = w eq "spline" ? green : red
    set logscale y
    set yrange [low / 4 : top * 4] noextend
    plot for [i=1:q == 1] TOLERANCE with lines ls BOUND notitle, \
         for [k=1:2] for [w in in(k)] T using (column("depth") * beside(k)):(of(w) ? positive(cell(column_of(k))) : NaN) \
             with points pt (k == 1 ? 7 : 6) ps 0.4 lc rgb faint(paint(w)) notitle, \
         for [k=1:2] for [w in in(k)] S using (column("depth") * beside(k)): \
             (of(w) && strcol("of") eq column_of(k) ? positive(cell("median")) : NaN) \
             with linespoints ls line(w) lw (k == 1 ? 2 : 1) dt k pt (k == 1 ? 7 : 6) ps 0.8 \
             title w.(k == 1 ? ", trained" : ", untrained"), \
         NaN notitle
}
unset multiplot
