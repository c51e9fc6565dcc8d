# residual_folds.gp - How x + L sin x folds over once L passes 1: three points x then share the image pi.
# Table: residual_folds.tsv (a curve per L, and the pre-images of pi).

eval canvas(500, 330)
T = "residual_folds.tsv"

eval rows_of("T")
if (members == 0) { eval nothing("no map"); exit }
lips = ""
stats T using (lips = with_word(lips, strcol("lipschitz")), 0) nooutput
kept(w) = value_of(w) == 0.9 || value_of(w) == 1 || value_of(w) == 1.3
few = ""
do for [w in lips] { if (kept(w)) { few = few." ".w } }
if (words(few) == 0) { few = lips }
mine(w, kind) = column("lipschitz") == value_of(w) && strcol("kind") eq kind
hue(w) = value_of(w) < 1 ? green : value_of(w) == 1 ? black : red
line_of(w) = value_of(w) < 1 ? MONOTONE : value_of(w) == 1 ? BOUND : FOLDED

set lmargin at screen 0.145
set rmargin at screen 0.965
set tmargin at screen 0.89
set bmargin at screen 0.16
set title "{/*0.95 Beyond L = 1, x + L sin x folds: three pre-images of π}"
set xlabel "x" offset 0,0.8
set label 1 "x + L sin x" rotate center at screen 14.0 / 500, 0.525
set xrange [0 : 2 * pi]
set yrange [0.5 : 2 * pi - 0.5]
set xtics ("0" 0, "π/2" pi/2, "π" pi, "3π/2" 3*pi/2, "2π" 2*pi)
set ytics ("π/2" pi/2, "π" pi, "3π/2" 3*pi/2)
set key top left Left reverse
plot pi with lines lc rgb grey lw 1 dt (3,4) notitle, \
     for [w in few] T using (cell("x")):(mine(w, "map") ? cell("y") : NaN) with lines ls line_of(w) title "L = ".w, \
     for [w in few] T using (cell("x")):(mine(w, "preimage") ? cell("y") : NaN) with points \
         pt (value_of(w) < 1 ? 7 : value_of(w) == 1 ? 6 : 5) ps 1.2 lc rgb hue(w) notitle
