# actnorm.gp - ActNorm absent, at its default scale, and initialised from data: training, where it ends, where it began.
#
# The training curves are of spline stacks; below, a column of panels per coupling.  The batch losses are logarithmic, as
# the default scale's start would flatten all else; so are the gradient norms.  Scores far below the best (FOOT)
# of their panel are drawn at its foot, a median with its number.
# Tables: actnorm.tsv, actnorm_summary.tsv, actnorm_loss.tsv (its loss is the mean over the seeds).

FOOT = 1.0
T = "actnorm.tsv"; S = "actnorm_summary.tsv"; L = "actnorm_loss.tsv"
eval rows_of("T")
if (members == 0) { eval nothing("no run"); exit }
arms = ""; couplings = ""; least = 1e9; most = 0
stats T using (arms = with_word(arms, strcol("actnorm")), couplings = with_word(couplings, strcol("coupling")), \
               least = column("depth") < least ? column("depth") : least, \
               most = column("depth") > most ? column("depth") : most, 0) nooutput
n = words(couplings)
depths = ""; curves = ""
stats T using (depths = with_word(depths, strcol("depth")), 0) nooutput
eval rows_of("L"); rows_L = members
if (rows_L > 0) { stats L using (curves = with_word(curves, strcol("depth")), 0) nooutput }
eval sorted("depths")
eval sorted("curves")
in(c, a) = strcol("coupling") eq c && strcol("actnorm") eq a
mark(a)  = a eq "none" ? ACTNORM_NONE : a eq "default" ? ACTNORM_DEFAULT : ACTNORM_DATA
tint(a)  = a eq "none" ? "#AAAAAA" : a eq "default" ? faint(orange) : faint(blue)
named(a) = a eq "none" ? "none" : a eq "default" ? "default scale" : "from data"
shift(a) = a eq "none" ? 1 / 1.05 : a eq "default" ? 1 : 1.05     # beside each other on the logarithmic axis
coupling_name(c) = c eq "spline" ? "RQ spline" : c
positive(y) = y > 1e-290 ? finite(y) : NaN

eval range_of("T", 'trained("heldout_logp")')
score = members > 0 ? "heldout_logp" : "train_logp"
named_score = members > 0 ? "held-out log p" : "training log p"

# Medians over the seeds in the order of the depths, and how many runs are ruined, and how many diverged.
array bad[n]
array bad_lines[n]
set print $medians
print "coupling\tactnorm\tdepth\tscore\tnorm"
summary_of(c, a, d, name_) = in(c, a) && column("depth") == d && strcol("of") eq name_
do for [i=1:n] {
    c = word(couplings, i); bad[i] = ""; bad_lines[i] = 0
    do for [a in arms] {
        line = ""; n_bad = 0
        do for [d in depths] {
            D = real(d); marks = ""
            do for [outcome in "ruined diverged"] {
                eval range_of("T", 'in(c, a) && column("depth") == D && strcol("status") eq outcome ? 1 : NaN')
                if (members > 0) { marks = marks.sprintf("%s%d", outcome eq "ruined" ? "○" : "×", members) }
            }
            if (marks ne "") {
                n_bad = n_bad + 1
                line = line.(n_bad < 5 ? (n_bad > 1 ? ", " : "").d." ".marks : n_bad == 5 ? " ..." : "")
            }
            eval look_up("S", 'summary_of(c, a, D, score)', "median");      median = found
            eval look_up("S", 'summary_of(c, a, D, "grad_norm")', "median")
            print sprintf("%s\t%s\t%s\t%.17g\t%.17g", c, a, d, median, found)
        }
        if (line ne "") { bad[i] = bad[i].sprintf("%s: %s\n", a, line); bad_lines[i] = bad_lines[i] + 1 }
    }
    if (bad[i] ne "") { bad[i] = "depth: ○ ruined, × diverged\n".bad[i] }
}
set print

# What there is to draw, before any axis has a range or a scale: stats would heed them.  Of each coupling the extent of
# its scores, and the arms with a score and with a median that can be drawn.
array high[n]
array floor_[n]
array scored[n]
array medians[n]
array low_at[n]
array low_text[n]
array low_number[n]
do for [i=1:n] {
    c = word(couplings, i)
    eval range_of("T", 'strcol("coupling") eq c ? trained(score) : NaN')
    high[i] = members > 0 ? RANGE_max : -1e300
    eval range_of("T", 'strcol("coupling") eq c && trained(score) > high[i] - FOOT ? trained(score) : NaN')
    floor_[i] = members == 0 ? 0.0 : flat(RANGE_min, high[i]) ? RANGE_min - beside_flat(RANGE_min) \
                                   : RANGE_min - 0.1 * (high[i] - RANGE_min + 0.01)
    scored[i] = ""; medians[i] = ""; low_at[i] = ""; low_text[i] = ""; low_number[i] = ""
    do for [a in arms] {
        eval range_of("T", 'in(c, a) ? trained(score) : NaN')
        if (members > 0) { scored[i] = with_word(scored[i], a) }
        do for [d in depths] {
            D = real(d)
            eval look_up("$medians", 'in(c, a) && column("depth") == D', "score")
            if (found == found) { medians[i] = with_word(medians[i], a) }
            if (found < floor_[i]) {
                low_at[i] = low_at[i].sprintf(" %.9g", D * shift(a))
                low_number[i] = low_number[i].gprintf(" %.3g", found)
                low_text[i] = low_text[i].(low_text[i] eq "" ? "" : "\n").d.": ".gprintf("%.3g ↓", found)
            }
        }
    }
}
shown(y, i) = abs(y) < 1e300 ? (y > floor_[i] ? y : floor_[i]) : NaN
mine(c, a)  = in(c, a) ? column("depth") * shift(a) : NaN

# The gradient norms share an axis.
array normed[n]
array norm_medians[n]
norms = 0
do for [i=1:n] {
    c = word(couplings, i); normed[i] = ""; norm_medians[i] = ""
    do for [a in arms] {
        eval range_of("T", 'in(c, a) ? positive(cell("grad_norm")) : NaN')
        if (members > 0) {
            least_norm = norms ? smaller(least_norm, RANGE_min) : RANGE_min
            greatest_norm = norms ? larger(greatest_norm, RANGE_max) : RANGE_max
            norms = 1; normed[i] = with_word(normed[i], a)
        }
        eval range_of("$medians", 'in(c, a) ? positive(cell("norm")) : NaN')
        if (members > 0) { norm_medians[i] = with_word(norm_medians[i], a) }
    }
}

# The training curves of two depths: 8 and 16, or the two deepest.
n_curves = words(curves)
pair = has_word(curves, "8") && has_word(curves, "16") ? "8 16" : \
       n_curves > 1 ? word(curves, n_curves - 1)." ".word(curves, n_curves) : curves
losses = 0
array lossy[2]
of(a, d) = strcol("actnorm") eq a && column("depth") == d
do for [p=1:words(pair)] {
    lossy[p] = ""
    do for [a in arms] {
        eval range_of("L", 'of(a, number_in(pair, p)) ? cell("loss") : NaN')
        if (members > 0) {
            least_loss = losses ? smaller(least_loss, RANGE_min) : RANGE_min
            greatest_loss = losses ? larger(greatest_loss, RANGE_max) : RANGE_max
            losses = 1; lossy[p] = with_word(lossy[p], a)
        }
    }
}
if (losses) { stats L using "step" nooutput name "STEP" }

HIGH = 745.0
eval canvas(500, HIGH)
set multiplot
left = 0.145; gap = 0.125; width = (0.955 - left - gap) / 2
set title offset 0,-0.7
set xlabel offset 0,1
set ylabel offset 1.6,0
by(factor) = factor > 1e5 ? 100 : 10       # the factor between the ticks of a logarithmic axis that spans the factor
below(y) = 1 - y / HIGH                    # a place in units of the page, from its top

# ---- training ----------------------------------------------------------------------------------------------------
loss(d) = column("depth") == d ? finite(cell("loss")) : NaN
set tmargin at screen below(28)
set bmargin at screen below(200)
set xlabel "step"
if (losses) {
    if (least_loss > 1e-290 && greatest_loss / least_loss > 10) {     # a narrower range may hold no power of ten
        set yrange [least_loss / 1.2 : greatest_loss * 1.5]
        set logscale y
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
        set title "RQ spline, depth ".word(pair, p)
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
    set lmargin at screen left
    set rmargin at screen 0.955
    set xrange [0 : 1]
    set yrange [0 : 1]
    set title "training"
    set label 1 "no training curve of a spline" at graph 0.5, 0.5 center
    plot NaN notitle
    unset label 1
}

# ---- where it ends -----------------------------------------------------------------------------------------------
unset key
set xlabel "number of coupling blocks" font SMALL
set xtics ()
eval thinned("depths", "log(real(w_))", "log(1.69 * most / least)", "175")     # labels must not touch
set for [d in depths] xtics add ((has_word(ticked, d) ? d : "") real(d))
set xrange [least / 1.3 : most * 1.3]
set mytics default
set tmargin at screen below(280)
set bmargin at screen below(450)
do for [i=1:n] {
    c = word(couplings, i)
    unset label
    unset logscale
    set lmargin at screen left + (i - 1) * (width + gap)
    set rmargin at screen left + (i - 1) * (width + gap) + width
    set title "trained, ".coupling_name(c)
    set ylabel (i == 1 ? named_score."  [nats]" : "") offset 1.8,0 font SMALL
    set ytics autofreq font SMALL
    set yrange [0 : 1]
    set format y "%.1f"
    set label 1 bad[i] at graph 0.03, 0.055 + 0.097 * bad_lines[i] font TINY      # the last line above the axis
    if (high[i] > -1e300) {
        set format y decimals(high[i] - floor_[i])
        room = bad[i] eq "" ? 0 : (0.27 + 0.17 * bad_lines[i]) * larger(high[i] - floor_[i], beside_flat(high[i])) # for the words at the foot
        set yrange [floor_[i] - room : high[i] + 0.08 * larger(high[i] - floor_[i], beside_flat(high[i]))]
        if (words(low_at[i]) > 0) {        # left of the line that falls to the first of them
            if (log(number_in(low_at[i], 1) / least) > 0.5 * log(1.69 * most / least)) {
                set label 10 low_text[i] at number_in(low_at[i], 1), floor_[i] right offset -3,1.7 font SMALL
            } else { if (words(low_at[i]) < 7) {       # or else, each above its mark
                do for [k=1:words(low_at[i])] {
                    set label 9 + k word(low_number[i], k)." ←" at number_in(low_at[i], k), floor_[i] \
                        rotate by 90 offset 0.1,0.6 font TINY
                }
            } else {
                set label 10 "at the foot: off the scale" at graph 0.97, 0.95 right font TINY
            }}
        }
        set logscale x 2
        plot for [a in scored[i]] T using (mine(c, a)):(shown(trained(score), i)) \
                 with points ls mark(a) lc rgb tint(a) ps 0.4 notitle, \
             for [a in medians[i]] $medians using (mine(c, a)):(shown(column("score"), i)) \
                 with linespoints ls mark(a) ps 0.6 notitle
    } else {
        set label 2 "every run failed" at graph 0.5, 0.5 center
        set logscale x 2
        plot NaN notitle
    }
}

# ---- where it began ----------------------------------------------------------------------------------------------
set tmargin at screen below(530)
set bmargin at screen below(690)
do for [i=1:n] {
    c = word(couplings, i)
    unset label
    unset logscale
    set lmargin at screen left + (i - 1) * (width + gap)
    set rmargin at screen left + (i - 1) * (width + gap) + width
    set title "untrained, ".coupling_name(c)
    set ylabel (i == 1 ? "gradient norm  [nats]" : "") offset 1.6,0
    if (norms && words(normed[i]) > 0) {
        set yrange [least_norm / 2 : greatest_norm * 3]
        set logscale x 2
        set logscale y
        decades = by(greatest_norm / least_norm)
        set ytics decades
        set format y "10^{%T}"
        if (greatest_norm / least_norm > 1e10) { eval powers("y", least_norm / 2, greatest_norm * 3) }
        plot for [a in normed[i]] T using (mine(c, a)):(positive(cell("grad_norm"))) \
                 with points ls mark(a) lc rgb tint(a) ps 0.4 notitle, \
             for [a in norm_medians[i]] $medians using (mine(c, a)):(positive(cell("norm"))) \
                 with linespoints ls mark(a) ps 0.6 notitle
    } else {
        set yrange [0 : 1]
        set format y ""
        set label 2 "no gradient norm\nis finite and above 0" at graph 0.5, 0.5 center font SMALL
        plot NaN notitle
    }
}
unset multiplot
