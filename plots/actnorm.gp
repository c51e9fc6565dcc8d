# actnorm.gp - ActNorm absent, at its default scale, and initialised from data: training, where it ends, where it began.
#
# The batch losses are logarithmic, as the default scale's start would flatten all else; so are the gradient norms.
# Scores more than FOOT nats below the best are drawn at the foot of their panel, a median with its number.
# Tables: actnorm.tsv, actnorm_loss.tsv (its loss is the mean over the seeds).

FOOT = 1.0
T = "actnorm.tsv"; L = "actnorm_loss.tsv"
arms = ""; depths = ""; seeds = ""; least = 1e9; most = 0
stats T using (arms = with_word(arms, strcol("actnorm")), depths = with_word(depths, strcol("depth")), \
               seeds = with_word(seeds, strcol("seed")), \
               least = column("depth") < least ? column("depth") : least, \
               most = column("depth") > most ? column("depth") : most, 0) nooutput
n = words(depths)
of(a, d) = strcol("actnorm") eq a && column("depth") == d
mark(a)  = a eq "none" ? ACTNORM_NONE : a eq "default" ? ACTNORM_DEFAULT : ACTNORM_DATA
tint(a)  = a eq "none" ? "#AAAAAA" : a eq "default" ? faint(orange) : faint(blue)
named(a) = a eq "none" ? "none" : a eq "default" ? "default scale" : "from data"
shift(a) = a eq "none" ? 1 / 1.05 : a eq "default" ? 1 : 1.05     # beside each other on the logarithmic axis

eval summary("T", 'cell("heldout_logp")')
score = members > 0 ? "heldout_logp" : "train_logp"
named_score = members > 0 ? "final held-out log p" : "final training log p"

# Medians over the seeds, and how many diverged.
set print $medians
print "actnorm\tdepth\tscore\tnorm"
high = -1e300; bad = ""; n_bad = 0
do for [a in arms] { do for [d in depths] {
    D = real(d)
    eval count("T", 'of(a, D) && strcol("status") ne "ok"');    lost = members
    eval count("T", 'of(a, D)')
    if (lost > 0) {
        n_bad = n_bad + 1
        bad = bad.(n_bad < 4 ? sprintf("%s, depth %s: %d/%d diverged\n", named(a), d, lost, members) : \
                   n_bad == 4 ? "...\n" : "")
    }
    eval summary("T", 'of(a, D) ? cell(score) : NaN')
    median = members > 0 ? GROUP_median : NaN
    if (members > 0) {
        high = GROUP_max > high ? GROUP_max : high
    }
    eval summary("T", 'of(a, D) ? cell("untrained_grad_norm") : NaN')
    print sprintf("%s\t%s\t%.15g\t%.15g", a, d, median, members > 0 ? GROUP_median : NaN)
}}
set print

# The training curves of two depths: 8 and 20, or the two deepest.
pair = has_word(depths, "8") && has_word(depths, "20") ? "8 20" : \
       n > 1 ? word(depths, n - 1)." ".word(depths, n) : word(depths, n)

eval summary("T", 'cell(score) > high - FOOT ? cell(score) : NaN')
floor_ = members > 0 ? GROUP_min - 0.1 * (high - GROUP_min + 0.01) : 0
shown(y) = abs(y) < 1e300 ? (y > floor_ ? y : floor_) : NaN
mine(a)  = strcol("actnorm") eq a ? column("depth") * shift(a) : NaN

low_at = ""; low_text = ""
do for [a in arms] { do for [d in depths] {
    D = real(d)
    eval summary("$medians", 'of(a, D) && column("score") < floor_ ? column("score") : NaN')
    if (members > 0) {
        low_at = low_at.sprintf(" %.9g", D * shift(a))
        low_text = low_text.(low_text eq "" ? "" : "\n").d.": ".gprintf("%.3g ↓", GROUP_mean)
    }
}}
losses = 0; norms = 0       # (before any axis has a range or a scale: stats would heed them)
eval summary("L", 'has_word(" ".pair, strcol("depth")) ? cell("loss") : NaN')
if (members > 0) {
    losses = 1; least_loss = GROUP_min; greatest_loss = GROUP_max
    stats L using "step" nooutput name "STEP"
}
eval summary("T", 'cell("untrained_grad_norm") > 0 ? cell("untrained_grad_norm") : NaN')
if (members > 0) { norms = 1; least_norm = GROUP_min; greatest_norm = GROUP_max }

eval canvas(500, 540)
set multiplot
left = 0.145; gap = 0.125; width = (0.955 - left - gap) / 2
set title offset 0,-0.7
set xlabel offset 0,0.6
set ylabel offset 1.6,0
by(factor) = factor > 1e5 ? 100 : 10       # decades between the ticks of a logarithmic axis that spans the factor

# ---- training ----------------------------------------------------------------------------------------------------
loss(d) = column("depth") == d ? finite(cell("loss")) : NaN
set tmargin at screen 0.95
set bmargin at screen 0.61
set xlabel "step"
if (losses) {
    if (least_loss > 0) {
        set logscale y
        set yrange [least_loss / 1.2 : greatest_loss * 1.5]
        decades = by(greatest_loss / least_loss)
        if (greatest_loss / least_loss > 100) { set format y "10^{%T}"; set ytics decades }
    }
    set xrange [0 : STEP_max + 1]
    if (STEP_max > 900 && STEP_max < 1500) { set xtics 400 }
    do for [p=1:words(pair)] {
        set lmargin at screen left + (p - 1) * (width + gap)
        set rmargin at screen (words(pair) == 1 ? 0.955 : left + (p - 1) * (width + gap) + width)
        set title "training, depth ".word(pair, p)
        set ylabel (p == 1 ? "batch loss, mean of seeds  [nats]" : "") font SMALL
        set key top right width -2 title (p == words(pair) ? "ActNorm" : "")
        plot for [a in arms] L using (strcol("actnorm") eq a ? column("step") : NaN):(loss(number_in(pair, p))) \
                 with lines ls mark(a) lw 1.5 title (p == words(pair) ? named(a) : "")
    }
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
set for [d in depths] xtics add ((real(d) == 16 && has_word(depths, "20") ? "" : d) real(d))  # 16 and 20 would touch
set xrange [least / 1.3 : most * 1.3]
unset logscale y
set yrange [0 : 1]
set ytics autofreq font SMALL
set format y "%.1f"
set title "after training"
set label 1 bad at graph 0.03, 0.30 font TINY
if (high > -1e300) {
    set format y decimals(high - floor_)
    set yrange [floor_ : high + 0.08 * (high - floor_)]
    if (words(low_at) > 0) {        # left of the line that falls to the first of them
        set label 10 low_text at number_in(low_at, 1), floor_ right offset -3,1.7 font SMALL
    }
    set logscale x 2
    plot for [a in arms] T using (mine(a)):(shown(cell(score))) with points ls mark(a) lc rgb tint(a) ps 0.4 notitle, \
         for [a in arms] $medians using (mine(a)):(shown(column("score"))) with linespoints ls mark(a) ps 0.6 notitle
} else {
    set label 2 "every run diverged" at graph 0.5, 0.5 center
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
    plot for [a in arms] T using (mine(a)):(finite(cell("untrained_grad_norm"))) \
             with points ls mark(a) lc rgb tint(a) ps 0.4 notitle, \
         for [a in arms] $medians using (mine(a)):(finite(column("norm"))) with linespoints ls mark(a) ps 0.6 notitle
}
unset multiplot
