# effective_step.gp - what the gradient norm does to the steps of a training: effective step, and the norm at its start.
#
# Medians and quartiles over the seeds, behind them every run.  Ruined runs are open marks; they were trained to the end.
# Runs that diverged are crosses: their effective step is that of the large steps at the start of a training, and no
# median holds it.  Both panels span the same factor per unit of height, so their slopes can be compared.
# Tables: effective_step.tsv, effective_step_summary.tsv.

T = "effective_step.tsv"; S = "effective_step_summary.tsv"
eval rows_of("T")
if (members == 0) { eval nothing("no run"); exit }

depths = ""; couplings = ""; least = 1e9; most = 0
stats T using (depths = with_word(depths, strcol("depth")), couplings = with_word(couplings, strcol("coupling")), \
               least = column("depth") < least ? column("depth") : least, \
               most = column("depth") > most ? column("depth") : most, 0) nooutput
eval sorted("depths")
mark(c)  = c eq "spline" ? SPLINE : AFFINE
hue(c)   = c eq "spline" ? green : red
shift(c) = c eq "spline" ? 1.04 : 1 / 1.04        # beside each other on the logarithmic axis
positive(y) = y > 1e-290 ? finite(y) : NaN
column_of(p) = p == 1 ? "update_rms" : "grad_norm"
here(c, d) = strcol("coupling") eq c && column("depth") == d

# Quartiles in the order of the depths: a row for each panel, coupling and depth that has them.
array low[2]
array high[2]
low[1] = 1e300; low[2] = 1e300; high[1] = 0.0; high[2] = 0.0
array named[2]
named[1] = ""; named[2] = ""
set print $medians
print "panel\tcoupling\tdepth\tlow\tmedian\thigh"
do for [p=1:2] { do for [c in couplings] { do for [d in depths] {
    D = real(d)
    meets_ = 'here(c, D) && strcol("of") eq column_of(p)'
    eval look_up("S", meets_, "q1");      q1 = found
    eval look_up("S", meets_, "q3");      q3 = found
    eval look_up("S", meets_, "median")
    if (positive(q1) > 0 && q3 == q3) {
        named[p] = with_word(named[p], c)
        print sprintf("%d\t%s\t%s\t%.17g\t%.17g\t%.17g", p, c, d, q1, found, q3)
        low[p] = smaller(low[p], q1); high[p] = larger(high[p], q3)
    }
}}}
set print
if (words(named[1].named[2]) == 0) { eval nothing("no run has an effective step or a gradient norm"); exit }

# What every run adds to the extent.
do for [p=1:2] {
    name_ = column_of(p)
    eval range_of("T", 'positive(cell(name_))')
    if (members > 0 && high[p] > 0) { low[p] = smaller(low[p], RANGE_min); high[p] = larger(high[p], RANGE_max) }
}
ruined = 0; diverged = 0
stats T using (outcome = strcol("status"), has = positive(cell("update_rms")) > 0, \
               ruined = ruined + (has && outcome eq "ruined"), \
               diverged = diverged + (has && outcome eq "diverged"), 0) nooutput

# One number of decades in both.
decades = 0.5
do for [p=1:2] { if (high[p] > 0) { decades = larger(decades, log10(high[p]) - log10(low[p])) } }
middle(p) = 0.5 * (log10(low[p]) + log10(high[p]))
edge(y) = y < -300 ? 1e-300 : y > 300 ? 1e300 : 10**y

eval canvas(500, 340)
set multiplot
left = 0.125; gap = 0.125; width = (0.965 - left - gap) / 2
set tmargin at screen 0.87
set bmargin at screen 0.165
set xlabel "number of coupling blocks" offset 0,0.5
set logscale xy
set xrange [least / 1.4 : most * 1.4]
set xtics () font SMALL
set ytics font SMALL
eval thinned("depths", "log(value_of(w_))", "log(1.96 * most / least)", "175")
set for [d in ticked] xtics add (d real(d))
unset key
far = 1e-3 * least       # off the figure: a plot of no points would be a complaint
run(p, c, outcome) = strcol("coupling") eq c && (outcome eq (p == 1 ? strcol("status") : "ok")) && \
                     positive(cell(column_of(p))) > 0
do for [p=1:2] {
    set lmargin at screen left + (p - 1) * (width + gap)
    set rmargin at screen left + (p - 1) * (width + gap) + width
    set title (p == 1 ? "effective step" : "gradient norm, untrained")
    set label 90 (p == 1 ? "rms(change of θ) / rate" : "‖∇ NLL‖_2   [nats]") \
        at screen left - 0.09 + (p - 1) * (width + gap), graph 0.5 center rotate
    if (high[p] == 0) {
        set yrange [1 : 10]
        set label 1 "no number is finite\nand above 0" at graph 0.5, 0.5 center font SMALL
        plot NaN notitle
        unset label 1
    } else {
        set yrange [edge(middle(p) - 0.55 * decades) : edge(middle(p) + 0.55 * decades)]
        set format y "%g"
        set ytics autofreq
        set mytics 10
        if (decades > 5) { eval powers("y", edge(middle(p) - 0.55 * decades), edge(middle(p) + 0.55 * decades)) }
        if (p == 2 || high[1] > 0 && high[2] == 0) {
            set key top left Left reverse
        }
        base = low[p]
        plot for [c in named[p]] T using (run(p, c, "ok") ? column("depth") * shift(c) : far): \
                 (run(p, c, "ok") ? cell(column_of(p)) : base) \
                 with points ls mark(c) lc rgb faint(hue(c)) ps 0.5 notitle, \
             for [c in named[p]] T using (run(p, c, "ruined") ? column("depth") * shift(c) : far): \
                 (run(p, c, "ruined") ? cell(column_of(p)) : base) \
                 with points pt (c eq "spline" ? 4 : 6) lc rgb hue(c) lw 1 ps 0.6 notitle, \
             for [c in named[p]] T using (run(p, c, "diverged") ? column("depth") * shift(c) : far): \
                 (run(p, c, "diverged") ? cell(column_of(p)) : base) \
                 with points pt 2 lc rgb hue(c) lw 1 ps 0.6 notitle, \
             for [c in named[p]] $medians using \
                 (column("panel") == p && strcol("coupling") eq c ? column("depth") * shift(c) : NaN): \
                 "median":"low":"high" with yerrorbars ls mark(c) pt -1 dt 1 lw 1.3 notitle, \
             for [c in named[p]] $medians using \
                 (column("panel") == p && strcol("coupling") eq c ? column("depth") * shift(c) : NaN):"median" \
                 with linespoints ls mark(c) ps 0.75 title (c eq "spline" ? "RQ spline" : c), \
             for [i=1:ruined > 0] NaN with points pt 6 lc rgb black lw 1 ps 0.7 title "ruined", \
             for [i=1:diverged > 0] NaN with points pt 2 lc rgb black lw 1 ps 0.7 title "diverged"
        unset key
    }
}
unset multiplot
