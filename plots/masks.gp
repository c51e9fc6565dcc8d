# masks.gp - blocks with flips and rotations, with one of them, and with neither: each run's score, medians, quartiles.
#
# Scores far below the best (SPAN) are drawn at the foot, as triangles that point down.  Ruined runs and
# diverged ones are counted, each for itself.
# Tables: masks.tsv, masks_summary.tsv.

SPAN = 2.0

T = "masks.tsv"; S = "masks_summary.tsv"
eval rows_of("T")
if (members == 0) { eval nothing("no run"); exit }
depths = ""; kinds = ""; seeds = ""
stats T using (depths = with_word(depths, strcol("depth")), kinds = with_word(kinds, strcol("mixing")), \
               seeds = with_word(seeds, strcol("seed")), 0) nooutput
eval sorted("depths")
n = words(kinds); n_seeds = words(seeds); n_depths = words(depths)
narrow = n_depths > 2
kind_name(k) = k eq "full" ? "full" : k eq "none" ? "neither" : \
               k eq "no-flips" ? (narrow ? "no flips" : "no\nflips") : (narrow ? "no rot." : "no\nrotations")
eval range_of("T", 'trained("heldout_logp")')
heldout = members > 0
score = heldout ? "heldout_logp" : "train_logp"
if (!heldout) { eval range_of("T", 'trained("train_logp")') }
top = members > 0 ? RANGE_max : 0.0
foot = top
eval range_of("T", 'trained(score) > top - SPAN ? trained(score) : NaN')
if (members > 0) { foot = RANGE_min }
if (flat(foot, top)) { foot = top - 0.1 * larger(1, abs(top)) }
pad = 0.16 * (top - foot)
foot = foot - pad
inside(y) = y > foot ? y : -1e306
under(y)  = y > foot ? -1e306 : foot
place(d, k) = (place_of(d, depths) - 1) * (n + 1) + place_of(k, kinds)

# A row for each depth and kind: its place, quartiles, and runs that are not ok.
array lost[n_depths * n]
set print $medians
print "place\tlow\tmedian\thigh"
do for [i=1:n_depths] { do for [j=1:n] {
    D = number_in(depths, i); K = word(kinds, j)
    here = 'column("depth") == D && strcol("mixing") eq K && strcol("of") eq score'
    eval look_up("S", here, "runs");        runs = found
    lost[(i - 1) * n + j] = ""
    do for [outcome in "ruined diverged"] {
        eval range_of("T", 'column("depth") == D && strcol("mixing") eq K && strcol("status") eq outcome ? 1 : NaN')
        if (members > 0) {
            lost[(i - 1) * n + j] = lost[(i - 1) * n + j]. \
                sprintf("%s %d/%d\n", outcome eq "ruined" ? "○" : "×", members, runs)
        }
    }
    eval look_up("S", here, "q1");          q1 = found
    eval look_up("S", here, "q3");          q3 = found
    eval look_up("S", here, "median")
    if (found == found && q1 == q1 && q3 == q3) {
        print sprintf("%d\t%.17g\t%.17g\t%.17g", place(word(depths, i), K), \
                      larger(q1, foot), found, larger(q3, foot))
    }
}}
print sprintf("%d\t%.17g\t%.17g\t%.17g", -99, foot, foot, foot)      # never empty
set print

eval canvas(500, 380)
set lmargin at screen 0.175
set rmargin at screen 0.98
set tmargin at screen 0.92
set title "Blocks with and without flips and rotations"
set bmargin at screen (narrow ? 0.33 : 0.27)
set xrange [0.3 : n_depths * (n + 1) - 0.3]
set yrange [foot - 0.25 * pad : top + 0.35 * pad]
set format y decimals(top - foot)
set label 92 (heldout ? "held-out" : "training")." mean log p(x)   [nats]" at screen 0.024, graph 0.5 center rotate
set xtics () font SMALL
unset key
wide = n_depths * (n + 1) - 0.6
do for [i=1:n_depths] {
    do for [j=1:n] {
        at = place(word(depths, i), word(kinds, j))
        if (narrow) { set xtics rotate by 90 right }
        set xtics add (kind_name(word(kinds, j)) at)
        if (lost[(i - 1) * n + j] ne "") {
            set label 100 + (i - 1) * n + j lost[(i - 1) * n + j] at at, graph 0.11 center font SMALL
        }
    }
    set label i "".(narrow ? "" : "depth ").word(depths, i) \
        at screen 0.175 + 0.805 * ((i - 1) * (n + 1) + 0.5 * (n + 1) - 0.3) / wide, screen 0.125 center
    if (i < n_depths) { set arrow i from i * (n + 1), graph 0 to i * (n + 1), graph 1 nohead lc rgb pale lw 1.5 }
}
if (narrow) { set label 90 "depth" at screen 0.02, 0.125 font SMALL }
set label 91 "bars: median and quartiles;  ▽ off the scale;  ○ k/n: k of n ruined;  × k/n: diverged" \
    at screen 0.5, 0.035 center font TINY
spread_ = n_seeds > 1 ? 0.44 / (n_seeds - 1) : 0
spot(i) = place(strcol("depth"), strcol("mixing")) + spread_ * (place_of(strcol("seed"), seeds) - 0.5 * (n_seeds + 1))
ok(name_) = strcol("status") eq "ok" && !no_number(strcol(name_))
look = heldout ? HELDOUT : TRAIN
hue = heldout ? purple : green
plot T using (ok(score) ? spot(0) : -9):(inside(ok(score) ? cell(score) : foot)) \
         with points ls look lc rgb faint(hue) ps 0.6 notitle, \
     T using (ok(score) ? spot(0) : -9):(under(ok(score) ? cell(score) : foot)) \
         with points pt 10 lc rgb hue lw 1.3 ps 0.8 notitle, \
     $medians using (column("place") - 0.32):(inside(column("median"))):(0.64):(0) \
         with vectors nohead lc rgb hue lw 2.8 notitle, \
     $medians using "place":"low":(0):(column("high") - column("low")) with vectors nohead lc rgb hue lw 1.4 notitle
