# gradient_norm.gp - the gradient's global norm against depth, of untrained stacks: a line for each coupling.
# Tables: gradient_norm.tsv (the first seed of each coupling); with `notebook` also the printed numbers.

T = "gradient_norm.tsv"

eval rows_of("T")
if (members == 0) { eval nothing("no run"); exit }
depths = ""; couplings = " spline affine"; seed = NaN
stats T using (seed = seed == seed ? seed : column("seed"), depths = with_word(depths, strcol("depth")), \
               couplings = with_word(couplings, strcol("coupling")), 0) nooutput
eval sorted("depths")
mark(c) = c eq "spline" ? SPLINE : AFFINE
deepest = number_in(depths, words(depths))

# A row a coupling and depth that has a norm, and the couplings that have any.
named = ""; greatest = 0.0
set print $norms
print "coupling\tdepth\tgrad_norm"
do for [c in couplings] { do for [d in depths] {
    D = real(d)
    eval look_up("T", 'column("depth") == D && strcol("coupling") eq c && column("seed") == seed', "grad_norm")
    if (found == found) {
        print sprintf("%s\t%s\t%.17g", c, d, found)
        named = with_word(named, c); greatest = larger(greatest, found)
    }
}}
set print
if (words(named) == 0) { eval nothing("no gradient norm is finite"); exit }

eval canvas(500, 350)
set lmargin at screen (greatest < 1e4 ? 0.13 : 0.205)
set rmargin at screen 0.975
set tmargin at screen 0.91
set bmargin at screen 0.16
set title "Gradient norm grows with depth"
set xlabel "number of coupling blocks" offset 0,0.5
set ylabel "‖∇ NLL‖_2   [nats]" offset 1.5,0
set xtics ()
eval thinned("depths", "real(w_)", "deepest + 1", "415")
set for [d in ticked] xtics add (d real(d))
set xrange [0 : deepest + larger(1, deepest / 20.0)]
if (greatest >= 1e4) { set format y "%.2g"; set ylabel offset 0,0 }
set yrange [0 : *]
if (greatest == 0) { set yrange [0 : 1] }
set offsets 0, 0, graph 0.05, 0
set key top left
ours = 'plot for [c in named] $norms using (strcol("coupling") eq c ? column("depth") : NaN):"grad_norm" '. \
       'with linespoints ls mark(c) title (c eq "spline" ? "RQ spline" : c)'
theirs = ', PRINTED using (strcol("quantity") eq "grad_norm" ? column("depth") : NaN):(column("value")) '. \
         'with points ls PRINTED_MARK title "printed in the notebook"'
eval ours.(notebook ? theirs : "")
