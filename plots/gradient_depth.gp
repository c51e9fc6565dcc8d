# gradient_depth.gp - the gradient's global norm against depth over many untrained seeds: median, quartiles and law.
#
# The law is the line through the geometric means of the seeds (harness/depth_law.h).  Open marks are the first seed, the one that the notebook
# measures.
# Tables: gradient_depth.tsv, gradient_depth_summary.tsv, gradient_depth_law.tsv.

T = "gradient_depth.tsv"; S = "gradient_depth_summary.tsv"; L = "gradient_depth_law.tsv"
eval rows_of("T")
if (members == 0) { eval nothing("no run"); exit }

depths = ""; couplings = " spline affine"; seeds = ""; least = 1e9; most = 0; first_seed = NaN
stats T using (first_seed = first_seed == first_seed ? first_seed : column("seed"), \
               depths = with_word(depths, strcol("depth")), couplings = with_word(couplings, strcol("coupling")), \
               seeds = with_word(seeds, strcol("seed")), \
               least = column("depth") < least ? column("depth") : least, \
               most = column("depth") > most ? column("depth") : most, 0) nooutput
eval sorted("depths")
mark(c) = c eq "spline" ? SPLINE : AFFINE
hue(c)  = c eq "spline" ? green : red
positive(y) = y > 1e-290 ? finite(y) : NaN
of(c)   = strcol("coupling") eq c ? positive(cell("grad_norm")) : NaN

# Quartiles in the order of the depths, a row for each coupling and depth that has them.
set print $medians
print "coupling\tdepth\tlow\tmedian\thigh"
low = 1e300; high = 0; named = ""
here(c, d) = strcol("coupling") eq c && column("depth") == d
do for [c in couplings] {
    do for [d in depths] {
        D = real(d)
        eval look_up("S", 'here(c, D)', "q1");      q1 = found
        eval look_up("S", 'here(c, D)', "q3");      q3 = found
        eval look_up("S", 'here(c, D)', "median")
        if (positive(q1) > 0 && q3 == q3) {
            named = with_word(named, c)
            print sprintf("%s\t%s\t%.17g\t%.17g\t%.17g", c, d, q1, found, q3)
            low = smaller(low, q1); high = larger(high, q3)
        }
    }
}
set print
if (words(named) == 0) { eval nothing("no gradient norm is finite and above 0"); exit }

# Each coupling's law, titled.
array slope[2]
array level[2]
titles = ""
do for [k=1:words(named)] {
    c = word(named, k)
    eval look_up("L", 'strcol("coupling") eq c && strcol("law") eq "power"', "intercept");  level[k] = found
    eval look_up("L", 'strcol("coupling") eq c && strcol("law") eq "power"', "slope");      slope[k] = found
    titles = titles." '".(c eq "spline" ? "RQ spline" : c). \
             (slope[k] == slope[k] ? sprintf(", mean of seeds: depth^{%.2f}", slope[k]) : "")."'"
}
bad = 0; members = 0
stats S using (bad = bad + column("runs") - column("n"), members = members + column("runs"), 0) nooutput

eval canvas(500, 380)

set lmargin at screen 0.14
set rmargin at screen 0.975
set tmargin at screen 0.915
set bmargin at screen 0.155
set title "Gradient norm against depth, untrained, ".words(seeds).(words(seeds) == 1 ? " seed" : " seeds")
set xlabel "number of coupling blocks" offset 0,0.5
set ylabel "‖∇ NLL‖_2   [nats]" offset 1,0
set logscale xy
set xrange [least / 1.2 : most * 1.2]
set yrange [low / 3 : high * 8]
set format y "%g"
set mytics 10
set xtics ()
eval thinned("depths", "log(value_of(w_))", "log(1.44 * most / least)", "415")
set for [d in ticked] xtics add (d real(d))
if (high / low > 1e7) { eval powers("y", low / 3, high * 8) }
set key top left Left reverse
set style fill solid 0.22 noborder
if (bad > 0) {
    set label 1 sprintf("%d of %d norms not finite", bad, members) at graph 0.98, 0.04 right font SMALL
}
left_of_all = 1e-3 * least       # off the figure: a plot of no points would be a complaint
plot for [k=1:words(named)] $medians using (strcol("coupling") eq word(named, k) ? column("depth") : NaN):"low":"high" \
         with filledcurves lc rgb hue(word(named, k)) notitle, \
     for [k=1:words(named)] (slope[k] == slope[k] ? exp(level[k]) * x**slope[k] : NaN) \
         with lines lc rgb black lw 1 dt (2,3) notitle, \
     for [k=1:words(named)] $medians using (strcol("coupling") eq word(named, k) ? column("depth") : NaN):"median" \
         with linespoints ls mark(word(named, k)) ps 0.75 title word(titles, k), \
     NaN with filledcurves lc rgb black title "quartiles over the seeds", \
     for [c in named] T using (column("seed") == first_seed && of(c) > 0 ? column("depth") : left_of_all): \
             (of(c) > 0 ? of(c) : low) \
         with points pt (c eq "spline" ? 4 : 6) lc rgb black lw 1.3 ps 1.1 notitle, \
     NaN with points pt 6 lc rgb black lw 1.3 ps 1.1 \
         title sprintf("seed %.0f%s", first_seed, notebook && first_seed == 0 ? ", the notebook's" : "")
