# residual_flow.gp - Test log p of residual and coupling flows of four blocks at equal parameters and equal work, per data set.
# Medians over the seeds at each arm's tuned rate, with quartiles. Filled marks: equal parameters; open: equal work.
# Table: residual_flow_rates.tsv (a row per cell; tuned is 1 at the rate that the validation rows choose).

T = "residual_flow_rates.tsv"
eval rows_of("T")
if (members == 0) { eval nothing("no run"); exit }
datas = ""
stats T using (datas = with_word(datas, strcol("data")), 0) nooutput
n = words(datas)
ours(w) = column("depth") == 4 && column("tuned") == 1 && strcol("arm") eq w
eval range_of("T", 'ours("residual") || ours("spline-params") || ours("spline-work") || ours("affine-params") || ours("affine-work") ? cell("test") : NaN')
if (members == 0) { eval nothing("no run is ok"); exit }
low = RANGE_min; high = RANGE_max; span = larger(high - low, beside_flat(high))
arms = "residual spline-params spline-work affine-params affine-work"
shown = "" # the arms that have a score, with a drawn number each
do for [w in arms] {
    eval range_of("T", 'ours(w) ? cell("test") : NaN')
    if (members > 0) { shown = shown." ".w }
}
hue(w) = w eq "residual" ? blue : w[1:6] eq "spline" ? green : red
mark(w) = w eq "residual" ? 13 : w eq "spline-params" ? 5 : w eq "spline-work" ? 4 : w eq "affine-params" ? 7 : 6
say(w) = w eq "residual" ? "residual" : w eq "spline-params" ? "spline, equal parameters" : w eq "spline-work" ? \
         "spline, equal work" : w eq "affine-params" ? "affine, equal parameters" : "affine, equal work"
row_of(w, k) = place_of(strcol("data"), datas) + 0.12 * (3 - k)

top = 84; high_ = top + 58.0 * n + 64
eval canvas(500, high_)
set lmargin at screen 0.24
set rmargin at screen 0.96
set tmargin at screen 1 - top / high_
set bmargin at screen 64.0 / high_
set label 1 "{/*0.95 Four blocks: residual against coupling flows}" at screen 0.5, screen 1 - 16.0 / high_ center
set xlabel "test log p at the tuned rate [nats]" offset 0,0.7
set xrange [low - 0.08 * span : high + 0.08 * span]
set yrange [n + 0.6 : 0.4]
set ytics ()
do for [i=1:n] { set ytics add (word(datas, i) i) }
set xtics tick(span)
set format x decimals(span)
set errorbars 0
set key off
# The key by hand: two columns.
do for [k=1:words(arms)] {
    x_ = k == 1 ? 0.06 : k < 4 ? 0.27 : 0.64; y_ = 1 - (k == 1 || k % 2 == 0 ? 42.0 : 62.0) / high_
    set label 10 + k say(word(arms, k)) at screen x_, y_ left font SMALL point pt mark(word(arms, k)) ps 0.9 \
        lw 1.5 lc rgb hue(word(arms, k)) offset 1,-0.25
}
plot for [w in shown] T using (cell("test")):(ours(w) ? row_of(w, place_of(w, arms)) : NaN): \
         (cell("test_q1")):(cell("test_q3")) with xerrorbars pt mark(w) ps 0.9 lw 1.5 lc rgb hue(w) notitle, NaN notitle
