# warm_start_free.gp - what the density integrates to against step, log scale: with frozen rotations, and with rotations that
# are trained as free matrices while their log-det counts as 0.
#
# Black rings: 1 over the product of the matrices' |det|, which the integral should be.
# Tables: warm_start_free.tsv.

T = "warm_start_free.tsv"
eval rows_of("T")
if (members == 0) { eval nothing("no integral"); exit }
eval range_of("T", 'cell("integral") > 0 ? cell("integral") : NaN')
if (members == 0) { eval nothing("no integral is finite"); exit }
low = smaller(0.5, RANGE_min / 1.5); top = larger(2, 1.5 * RANGE_max)
stats T using "step" nooutput name "S"
# The first seed that has an integral; its rotations that have one, and those that have a determinant to ring.
drawable(y) = y > 0 && y < 1e300
positive(y) = drawable(y) ? y : NaN
kinds = ""; ringed = ""; seed_of_first = ""
stats T using (seed_of_first = seed_of_first eq "" && drawable(cell("integral")) ? strcol("seed") : seed_of_first, 0) nooutput
stats T using (kinds = strcol("seed") eq seed_of_first && drawable(cell("integral")) ? \
               with_word(kinds, strcol("rotation")) : kinds, 0) nooutput
stats T using (ringed = strcol("seed") eq seed_of_first && low <= cell("determinant") && cell("determinant") <= top ? \
               with_word(ringed, strcol("rotation")) : ringed, 0) nooutput

eval canvas(500, 400)
set lmargin at screen 0.14
set rmargin at screen 0.965
set tmargin at screen 0.77
set bmargin at screen 0.14
set label 1 "What the density integrates to while it is trained" center at screen 0.5, 1 - 16.0 / 400
set logscale y
set xrange [-0.02 * larger(1, S_max) : 1.02 * larger(1, S_max)] noextend
set yrange [low : top] noextend
set xlabel "step" offset 0,0.7
set ylabel "integral over the plane" offset 0.4,0
set format y "%g"
if (log10(top / low) > 2.5) { eval powers("y", low, top) }
set key at screen 0.14, 1 - 28.0 / 400 top left Left reverse maxrows 3
hue(k) = k eq "frozen" ? green : red
mine(k) = strcol("rotation") eq k && strcol("seed") eq seed_of_first
plot for [k in kinds] T using (mine(k) ? column("step") : NaN):(positive(cell("integral"))) \
         with linespoints lc rgb hue(k) lw 2 pt (k eq "frozen" ? 5 : 7) ps 0.7 \
         title (k eq "frozen" ? "frozen: honest" : "free matrices, log-det counted as 0"), \
     for [i=1:words(ringed)] T using (mine(word(ringed, i)) ? column("step") : NaN):(positive(cell("determinant"))) \
         with points pt 6 ps 1.3 lw 1.2 lc rgb black notitle, \
     keyentry with points pt 6 ps 1.3 lw 1.2 lc rgb black title "ring: 1 / product of |det|, which it should be"
