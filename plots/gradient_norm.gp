# gradient_norm.gp - the gradient's global norm against depth, of untrained stacks: spline and affine.
# Tables: gradient_norm.tsv (the first seed of each coupling); with `notebook` also the printed numbers.

eval canvas(500, 350)
T = "gradient_norm.tsv"

depths = ""; couplings = ""; seed = NaN
stats T using (seed = seed == seed ? seed : column("seed"), depths = with_word(depths, strcol("depth")), \
               couplings = with_word(couplings, strcol("coupling")), 0) nooutput
norm_of(c) = strcol("coupling") eq c && column("seed") == seed ? column("grad_norm") : NaN
mark(c) = c eq "spline" ? SPLINE : AFFINE
named = strstrt(couplings." ", " spline ") ? "spline" : ""
if (strstrt(couplings." ", " affine ")) { named = named." affine" }
deepest = 0
do for [d in depths] { deepest = real(d) > deepest ? real(d) : deepest }

set lmargin at screen 0.13
set rmargin at screen 0.975
set tmargin at screen 0.91
set bmargin at screen 0.16
set title "Gradient norm grows with depth"
set xlabel "number of coupling blocks" offset 0,0.5
set ylabel "‖∇ NLL‖_2   [nats]" offset 1.5,0
set xtics ()
set for [d in depths] xtics add (d real(d))
set xrange [0 : deepest + 1]
set yrange [0 : *]
set offsets 0, 0, graph 0.05, 0
set key top left
plot for [c in named] T using (column("depth")):(norm_of(c)) with linespoints ls mark(c) \
         title (c eq "spline" ? "RQ spline" : c), \
     for [i=1:notebook] PRINTED using (strcol("quantity") eq "grad_norm" ? column("depth") : NaN):(column("value")) \
         with points ls PRINTED_MARK title "printed in the notebook"
