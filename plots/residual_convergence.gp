# residual_convergence.gp - Iterations of Banach's inverse against the contraction number, beside what theory promises.
# Left: the largest error against the iteration for maps x + L sin x, and the bound L^k. Right: the iterations to 1e-12 of
# the first error; from L = 1 on no number of them does.
# Tables: residual_convergence.tsv (errors), residual_contraction.tsv (a row per map).

eval canvas(500, 330)
T = "residual_contraction.tsv"
E = "residual_convergence.tsv"

lips = ""
eval rows_of("T")
if (members > 0) { stats T using (strcol("family") eq "sine" ? (lips = with_word(lips, strcol("lipschitz")), 0) : 0) nooutput }
if (words(lips) == 0) { eval nothing("no map"); exit }
failing = ""; promising = "" # numbers from 1 on; "1" if some map has both a number of iterations and a promise
do for [w in lips] { if (value_of(w) >= 1) { failing = failing." ".w } }
eval range_of("T", 'strcol("family") eq "sine" && cell("promised") > 1 && cell("iterations") > 1 ? 1 : NaN')
if (members > 0) { promising = "1" }
shown(w) = value_of(w) == 0.3 || value_of(w) == 0.5 || value_of(w) == 0.7 || value_of(w) == 0.9 || value_of(w) == 1.1
few = ""
do for [w in lips] { if (shown(w)) { few = few." ".w } }
hue(w) = value_of(w) >= 1 ? red : depth_colour(value_of(w) < 0.4 ? 1 : value_of(w) < 0.6 ? 2 : value_of(w) < 0.8 ? 4 : 8)
mine(w, y) = column("lipschitz") == value_of(w) && y > 0 ? y : NaN
held(y) = y > 1e-15 ? y : NaN # what a bound is drawn of
# Where each curve ends, or comes to what a double can hold: there stands its name.
at_ = ""; height_ = ""
do for [w in few] {
    last = NaN; here = NaN
    stats E using (column("lipschitz") == value_of(w) && cell("max_err") > 1e-15 ? \
        (last = cell("max_err"), here = column("iteration"), 0) : 0) nooutput
    at_ = at_.sprintf(" %g", here); height_ = height_.sprintf(" %g", last)
}

set multiplot
set tmargin at screen 0.88
set bmargin at screen 0.17
set lmargin at screen 0.155
set rmargin at screen 0.58
set title "{/*0.9 the error, and its bound L^k}" offset 0,-0.7
set xlabel "iteration k" offset 0,0.8
set logscale y
set yrange [1e-18 : 1e5]
set ytics 1e4
set mytics 1
set format y "10^{%T}"
set xrange [0 : 80]
set xtics 0, 20, 60
set key off
set label 1 "dashed: the bound" at graph 0.03, 0.96 left font SMALL
set label 2 "largest error of x" rotate center at screen 14.0 / 500, 0.525
floored(i) = number_in(height_, i) < 1e-13 # its name stands under its end, not beside it
do for [i=1:words(few)] {
    if (number_in(height_, i) > 0) {
        name = "L = ".word(few, i)
        if (floored(i)) { set label 10 + i name at number_in(at_, i), 4e-17 center font SMALL tc rgb hue(word(few, i))
        } else { set label 10 + i name at number_in(at_, i), number_in(height_, i) offset 0.7, 0 font SMALL tc rgb hue(word(few, i)) }
    }
}
what = 'plot NaN notitle' # and what there is to draw
if (words(few) > 0) { what = what.', for [w in few] E using (column("iteration")):(mine(w, held(cell("bound")))) with lines ls BOUND lc'. \
    ' rgb hue(w) notitle' }
if (words(few) > 0) { what = what.', for [w in few] E using (column("iteration")):(mine(w, cell("max_err"))) with points pt 7 ps'. \
    ' 0.35 lc rgb hue(w) notitle' }
eval what
unset label
set lmargin at screen 0.685
set rmargin at screen 0.98
set title "{/*0.9 iterations to 10^{−12}}" offset 0,-0.7
set xlabel "contraction number L"
set yrange [1 : 5000]
set ytics 10
set mytics 10
set xrange [0 : 1.7]
set xtics 0.5
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lc rgb grey dt (3,4)
set label 1 "does not\nconverge" at 1.37, 300 center font SMALL tc rgb red
set label 2 "log 10^{−12}\n / log L" at 0.05, 300 left font SMALL
sines(y) = strcol("family") eq "sine" ? y : NaN
what = 'plot NaN notitle' # and what there is to draw
if (words(promising) > 0) { what = what.', for [w in promising] T using (column("lipschitz")):(sines(cell("promised"))) with lines ls'. \
    ' BOUND notitle' }
if (words(promising) > 0) { what = what.', for [w in promising] T using (column("lipschitz")):(sines(cell("iterations"))) with points pt'. \
    ' 7 ps 0.7 lc rgb green notitle' }
if (words(failing) > 0) { what = what.', for [w in failing] "+" using (value_of(w)):(1200) every ::::0 with points ls DIVERGED ps 0.6'. \
    ' lc rgb red notitle' }
eval what
unset multiplot
