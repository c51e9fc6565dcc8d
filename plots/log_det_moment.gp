# log_det_moment.gp - Partial sums of the exact second moment of roulettes at J = −ρ I: finite only if ρ² < 1 − p, never for Poisson.
# Table: log_det_moment.tsv (a row per distribution, its parameter and number of terms).

M = "log_det_moment.tsv"
eval rows_of("M")
if (members == 0) { eval nothing("no moment"); exit }
cases = ""
stats M using (cases = with_word(cases, strcol("distribution").":".strcol("rho").":".strcol("stop")), 0) nooutput
split_(w) = sub_(sub_(w))
sub_(w) = strstrt(w, ":") ? w[1 : strstrt(w, ":") - 1]." ".w[strstrt(w, ":") + 1 : *] : w
of(w, k) = word(split_(w), k)
# A sum beyond the axis is not drawn.
mine(w, y) = strcol("distribution") eq of(w, 1) && strcol("rho") eq of(w, 2) && strcol("stop") eq of(w, 3) && y > 0 && y < HIGH ? larger(y, LOW) : NaN
say(w) = of(w, 1) eq "poisson" ? sprintf("Poisson, mean %.3g, ρ = %s", value_of(of(w, 3)), of(w, 2)) : \
         sprintf("geometric, p = %.3g, ρ = %s", value_of(of(w, 3)), of(w, 2))
holds(w) = of(w, 1) eq "geometric" && value_of(of(w, 2))**2 < 1 - value_of(of(w, 3))
hue(w) = holds(w) ? green : of(w, 1) eq "geometric" ? red : purple
eval range_of("M", 'cell("sum") > 0 ? cell("sum") : NaN')
if (members == 0) { eval nothing("no moment is finite"); exit }
low = RANGE_min; high = smaller(RANGE_max, 1e30)
high = larger(high, 1e-200)
low = larger(smaller(low, 0.1 * high), 1e-201)

LOW = low / 9; HIGH = high * 9
shown = ""
do for [c in cases] {
    eval range_of("M", 'mine(c, cell("sum"))')
    if (members > 0) { shown = shown." ".c }
}
if (words(shown) == 0) { eval nothing("no moment is finite"); exit }
eval range_of("M", 'cell("terms")')
most = members > 0 ? larger(1, RANGE_max) : 1
eval canvas(500, 420)
set lmargin at screen 0.155
set rmargin at screen 0.965
set tmargin at screen 0.78
set bmargin at screen 0.135
set label 1 "Second moment of a roulette: the sum up to n terms" center at screen 0.5, 1 - 16.0 / 420
set logscale y
set yrange [low / 10 : high * 10]
eval powers("y", low / 10, high * 10)
set xlabel "terms n" offset 0,0.7
set label 2 "sum of E estimate^2   [nats^2]" rotate center at screen 14.0 / 500, 0.46
set xrange [0 : most] noextend
set key at screen 0.03, 1 - 28.0 / 420 top left Left reverse maxrows 3 width -7
plot for [i=1:words(shown)] M using (column("terms")):(mine(word(shown, i), cell("sum"))) with lines lw (holds(word(shown, i)) ? 3 : 2) \
         dt i lc rgb hue(word(shown, i)) title say(word(shown, i)), NaN notitle
