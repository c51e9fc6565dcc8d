# log_det_bias.gp - Bias and variance of the truncated series for the log-determinant, against the number of its terms.
# Left: the bias with exact traces of J = -L I, which is the analytic bound, and of a random J of norm L, which is far below.
# Right: the variance of Hutchinson's estimate at the random J.
# Table: log_det_bias.tsv (a row per matrix, L and number of terms).

B = "log_det_bias.tsv"
eval rows_of("B")
if (members == 0) { eval nothing("no estimate"); exit }
lips = ""
stats B using (lips = with_word(lips, strcol("lipschitz")), 0) nooutput
hue(w) = value_of(w) < 0.7 ? depth_colour(2) : value_of(w) < 0.95 ? depth_colour(4) : depth_colour(16)
mark(w) = value_of(w) < 0.7 ? 7 : value_of(w) < 0.95 ? 5 : 9
inside(y) = smaller(larger(y, 1.2e-17), 8e2) # what a panel of the left can show
mine(w, m, y) = column("lipschitz") == value_of(w) && strcol("matrix") eq m && y > 0 ? y : NaN
# The numbers L that have something to show, per curve.
bounds = ""; worst = ""; random = ""; variances = ""
do for [w in lips] {
    eval range_of("B", 'mine(w, "-LI", cell("bound"))'); if (members > 0) { bounds = bounds." ".w }
    eval range_of("B", 'mine(w, "-LI", cell("bias"))'); if (members > 0) { worst = worst." ".w }
    eval range_of("B", 'mine(w, "LQ", cell("bias"))'); if (members > 0) { random = random." ".w }
    eval range_of("B", 'mine(w, "LQ", cell("variance"))'); if (members > 0) { variances = variances." ".w }
}
eval range_of("B", 'strcol("matrix") eq "LQ" && cell("variance") > 0 ? cell("variance") : NaN')
varies = members; vlow = members > 0 ? RANGE_min : 1; vhigh = members > 0 ? RANGE_max : 1

eval canvas(500, 360)
set multiplot
set tmargin at screen 0.8
set bmargin at screen 0.16
set lmargin at screen 0.155
set rmargin at screen 0.565
set title "{/*0.9 bias: |series − exact|}" offset 0,-0.7
set logscale xy
set xrange [0.8 : 120]
set yrange [1e-17 : 1e3]
set xtics (1, 2, 5, 10, 20, 50, 100)
set ytics 1e4
set mytics 1
set format y "10^{%T}"
set xlabel "terms n" offset 0,0.7
set label 4 "bias   [nats]" rotate center at screen 14.0 / 500, 0.48
set key off
set label 1 "J = −L I, on the bound" at screen 0.08, 0.95 left font SMALL point pt 6 ps 0.9 offset 1,-0.25
set label 2 "random J of norm L" at screen 0.45, 0.95 left font SMALL point pt 7 ps 0.7 offset 1,-0.25
set label 3 "dashed: the bound" at screen 0.74, 0.95 left font SMALL
what = 'plot NaN notitle' # and what there is to draw
if (words(bounds) > 0) { what = what.', for [w in bounds] B using (column("terms")):(inside(mine(w, "-LI", cell("bound")))) with lines'. \
    ' ls BOUND lc rgb hue(w) notitle' }
if (words(worst) > 0) { what = what.', for [w in worst] B using (column("terms")):(inside(mine(w, "-LI", cell("bias")))) with points'. \
    ' pt 6 ps 0.9 lc rgb hue(w) notitle' }
if (words(random) > 0) { what = what.', for [w in random] B using (column("terms")):(inside(mine(w, "LQ", cell("bias")))) with'. \
    ' linespoints pt mark(w) ps 0.6 lw 1 dt 1 lc rgb hue(w) notitle' }
eval what
unset label
set lmargin at screen 0.705
set rmargin at screen 0.96
set title "{/*0.9 variance, Hutchinson}" offset 0,-0.7
unset logscale y
set yrange [0 : varies > 0 && vhigh > 0 ? 1.7 * vhigh : 1]
set ytics auto
set format y "%g"
set label 1 "nats^2" rotate center at screen 0.615, 0.48
set xtics (1, 10, 100)
set key top left Left reverse samplen 1
what = 'plot NaN notitle' # and what there is to draw
if (words(variances) > 0) { what = what.', for [w in variances] B using (column("terms")):(mine(w, "LQ", cell("variance"))) with'. \
    ' linespoints pt mark(w) ps 0.7 lw 1.2 dt 1 lc rgb hue(w) title "L = ".w' }
eval what
unset multiplot
