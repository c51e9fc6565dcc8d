# actnorm.gp - ActNorm absent, at its default scale, and initialised from data: training, where it ends, where it began.
#
# The batch losses are logarithmic, as the default scale's start would flatten all else; so are the gradient norms.
# Scores more than FOOT nats below the best are drawn at the foot of their panel, a median with its number.
# Tables: actnorm.tsv, actnorm_summary.tsv, actnorm_loss.tsv (its loss is the mean over the seeds).

FOOT = 1.0
T = "actnorm.tsv"; S = "actnorm_summary.tsv"; L = "actnorm_loss.tsv"
eval rows_of("T")
if (members == 0) { eval nothing("no run"); exit }
arms = ""; depths = ""; seeds = ""; least = 1e9; most = 0
stats T using (arms = with_word(arms, strcol("actnorm")), depths = with_word(depths, strcol("depth")), \
               seeds = with_word(seeds, strcol("seed")), \
               least = column("depth") < least ? column("depth") : least, \
               most = column("depth") > most ? column("depth") : most, 0) nooutput
eval sorted("depths")
n = words(depths)
of(a, d) = strcol("actnorm") eq a && column("depth") == d
mark(a)  = a eq "none" ? ACTNORM_NONE : a eq "default" ? ACTNORM_DEFAULT : ACTNORM_DATA
tint(a)  = a eq "none" ? "#AAAAAA" : a eq "default" ? faint(orange) : faint(blue)
named(a) = a eq "none" ? "none" : a eq "default" ? "default scale" : "from data"
shift(a) = a eq "none" ? 1 / 1.05 : a eq "default" ? 1 : 1.05     # beside each other on the logarithmic axis

eval range_of("T", 'trained("heldout_logp")')
score = members > 0 ? "heldout_logp" : "train_logp"
named_score = members > 0 ? "final held-out log p" : "final training log p"

# Medians over the seeds in the order of the depths, and how many failed.
set print $medians
print "actnorm\tdepth\tscore\tnorm"
bad = ""; n_bad = 0
summary_of(a, d, name_) = of(a, d) && strcol("of") eq name_
do for [a in arms] { do for [d in depths] {
    D = real(d)
    eval look_up("S", 'summary_of(a, D, score)', "runs");        runs = found
    eval look_up("S", 'summary_of(a, D, score)', "ok");          lost = runs - found
    if (lost > 0) {
        n_bad = n_bad + 1
        bad = bad.(n_bad < 4 ? sprintf("%s, depth %s: %d/%d lost\n", a, d, lost, runs) : \
                   n_bad == 4 ? "...\n" : "")
    }
    eval look_up("S", 'summary_of(a, D, score)', "median");      median = found
    eval look_up("S", 'summary_of(a, D, "grad_norm")', "median")
    print sprintf("%s\t%s\t%.17g\t%.17g", a, d, median, found)
}}
set print
eval range_of("T", 'trained(score)')
high = members > 0 ? RANGE_max : -1e300

# The training curves of two depths: 8 and 20, or the two deepest.
pair = has_word(depths, "8") && has_word(depths, "20") ? "8 20" : \
       n > 1 ? word(depths, n - 1)." ".word(depths, n) : word(depths, n)

eval range_of("T", 'trained(score) > high - FOOT ? trained(score) : NaN')
floor_ = members == 0 ? 0 : flat(RANGE_min, high) ? RANGE_min - beside_flat(RANGE_min) \
                          : RANGE_min - 0.1 * (high - RANGE_min + 0.01)
shown(y) = abs(y) < 1e300 ? (y > floor_ ? y : floor_) : NaN
mine(a)  = strcol("actnorm") eq a ? column("depth") * shift(a) : NaN

low_at = ""; low_text = ""; low_number = ""
do for [a in arms] { do for [d in depths] {
    D = real(d)
    eval look_up("$medians", 'of(a, D)', "score")
    if (found < floor_) {
        low_at = low_at.sprintf(" %.9g", D * shift(a))
        low_number = low_number.gprintf(" %.3g", found)
        low_text = low_text.(low_text eq "" ? "" : "\n").d.": ".gprintf("%.3g ↓", found)
    }
}}
# What there is to draw: for each depth of the pair the arms with a loss, and the arms with a score and with a norm.
# (Before any axis has a range or a scale: stats would heed them.)
losses = 0; norms = 0; scored_arms = ""; normed_arms = ""
array lossy[2]
eval rows_of("L"); rows_L = members
do for [p=1:words(pair)] {
    lossy[p] = ""
    if (rows_L > 0) { do for [a in arms] {
        eval range_of("L", 'of(a, number_in(pair, p)) ? cell("loss") : NaN')
        if (members > 0) {
            least_loss = losses ? smaller(least_loss, RANGE_min) : RANGE_min
            greatest_loss = losses ? larger(greatest_loss, RANGE_max) : RANGE_max
            losses = 1; lossy[p] = with_word(lossy[p], a)
        }
    }}
}
if (losses) { stats L using "step" nooutput name "STEP" }
positive(y) = y > 1e-290 ? finite(y) : NaN
do for [a in arms] {
    eval range_of("T", 'strcol("actnorm") eq a ? trained(score) : NaN')
    if (members > 0) { scored_arms = with_word(scored_arms, a) }
    eval range_of("T", 'strcol("actnorm") eq a ? positive(cell("grad_norm")) : NaN')
    if (members > 0) {
        least_norm = norms ? smaller(least_norm, RANGE_min) : RANGE_min
        greatest_norm = norms ? larger(greatest_norm, RANGE_max) : RANGE_max
        norms = 1; normed_arms = with_word(normed_arms, a)
    }
}

eval canvas(500, 540)
set multiplot
left = 0.145; gap = 0.125; width = (0.955 - left - gap) / 2
set title offset 0,-0.7
set xlabel offset 0,0.6
set ylabel offset 1.6,0
by(factor) = factor > 1e5 ? 100 : 10       # the factor between the ticks of a logarithmic axis that spans the factor

# ---- training ----------------------------------------------------------------------------------------------------
loss(d) = column("depth") == d ? finite(cell("loss")) : NaN
set tmargin at screen 0.95
set bmargin at screen 0.61
set xlabel "step"
if (losses) {
    if (least_loss > 1e-290 && greatest_loss / least_loss > 10) {     # a narrower range may hold no power of ten
        set logscale y
        set yrange [least_loss / 1.2 : greatest_loss * 1.5]
        decades = by(greatest_loss / least_loss)
        if (greatest_loss / least_loss > 100) { set format y "10^{%T}"; set ytics decades }
        if (greatest_loss / least_loss > 1e14) { eval powers("y", least_loss / 1.2, greatest_loss * 1.5) }
    } else {
        span = flat(least_loss, greatest_loss) ? beside_flat(greatest_loss) : greatest_loss - least_loss
        set yrange [least_loss - 0.1 * span : greatest_loss + 0.2 * span]
        set format y decimals(span)
    }
    set xrange [0 : STEP_max + 1]
    if (STEP_max < 8) { set xtics 1 }
    if (STEP_max > 900 && STEP_max < 1500) { set xtics 400 }
    do for [p=1:words(pair)] {
        set lmargin at screen left + (p - 1) * (width + gap)
        set rmargin at screen (words(pair) == 1 ? 0.955 : left + (p - 1) * (width + gap) + width)
        set title "training, depth ".word(pair, p)
        set ylabel (p == 1 ? "batch loss, mean of seeds  [nats]" : "") font SMALL offset 0.2,0
        set key top right width -2 title (p == words(pair) ? "ActNorm" : "")
        unset label 1
        if (words(lossy[p]) == 0) {
            set label 1 "no loss" at graph 0.5, 0.5 center font SMALL
            set key title ""
            plot NaN notitle
        } else {
            plot for [a in lossy[p]] L \
                 using (strcol("actnorm") eq a ? column("step") : NaN):(loss(number_in(pair, p))) \
                     with lines ls mark(a) lw 1.5 title (p == words(pair) ? named(a) : "")
        }
    }
    unset label 1
} else {
    set xrange [0 : 1]
    set yrange [0 : 1]
    set title "training"
    set label 1 "every run diverged at its first step" at graph 0.5, 0.5 center
    plot NaN notitle
    unset label 1
}

# ---- where it ends, and where it began ---------------------------------------------------------------------------
unset key
set tmargin at screen 0.455
set bmargin at screen 0.115
set lmargin at screen left
set rmargin at screen left + width
set xlabel "number of coupling blocks" font SMALL
set ylabel named_score."  [nats]" offset 1.8,0 font SMALL
set xtics ()
eval thinned("depths", "log(real(w_))", "log(1.69 * most / least)", "171")     # 16 and 20 would touch
set for [d in depths] xtics add ((has_word(ticked, d) ? d : "") real(d))
set xrange [least / 1.3 : most * 1.3]
unset logscale y
set yrange [0 : 1]
set ytics autofreq font SMALL
set mytics default
set format y "%.1f"
set title "after training"
set label 1 bad at graph 0.03, 0.30 font TINY
if (high > -1e300) {
    set format y decimals(high - floor_)
    set yrange [floor_ : high + 0.08 * larger(high - floor_, beside_flat(high))]
    if (words(low_at) > 0) {        # left of the line that falls to the first of them
        if (log(number_in(low_at, 1) / least) > 0.5 * log(1.69 * most / least)) {
            set label 10 low_text at number_in(low_at, 1), floor_ right offset -3,1.7 font SMALL
        } else { if (words(low_at) < 7) {       # or else, each above its mark
            do for [k=1:words(low_at)] {
                set label 9 + k word(low_number, k)." ←" at number_in(low_at, k), floor_ \
                    rotate by 90 offset 0.1,0.6 font TINY
            }
            set label 1 bad at graph 0.03, 0.62 font TINY
        } else {
            set label 10 "at the foot: off the scale" at graph 0.97, 0.08 right font TINY
        }}
    }
    set logscale x 2
    plot for [a in scored_arms] T using (mine(a)):(shown(trained(score))) \
             with points ls mark(a) lc rgb tint(a) ps 0.4 notitle, \
         for [a in scored_arms] $medians using (mine(a)):(shown(column("score"))) \
             with linespoints ls mark(a) ps 0.6 notitle
} else {
    set label 2 "every run failed" at graph 0.5, 0.5 center
    plot NaN notitle
    set logscale x 2
}

unset label
set lmargin at screen left + width + gap
set rmargin at screen 0.955
set title "before training"
set ylabel "gradient norm  [nats]" offset 1.6,0
if (norms) {
    set yrange [least_norm / 2 : greatest_norm * 3]
    set logscale y
    decades = by(greatest_norm / least_norm)
    set ytics decades
    set format y "10^{%T}"
    if (greatest_norm / least_norm > 1e10) { eval powers("y", least_norm / 2, greatest_norm * 3) }
    plot for [a in normed_arms] T using (mine(a)):(positive(cell("grad_norm"))) \
             with points ls mark(a) lc rgb tint(a) ps 0.4 notitle, \
         for [a in normed_arms] $medians using (mine(a)):(positive(cell("norm"))) \
             with linespoints ls mark(a) ps 0.6 notitle
} else {
    set yrange [0 : 1]
    set format y ""
    set label 2 "no gradient norm\nis finite and above 0" at graph 0.5, 0.5 center font SMALL
    plot NaN notitle
}
unset multiplot
