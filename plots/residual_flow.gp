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
hue(w) = w eq "residual" ? blue : w[1:6] eq "spline" ? green : red
mark(w) = w eq "residual" ? 13 : w eq "spline-params" ? 5 : w eq "spline-work" ? 4 : w eq "affine-params" ? 7 : 6
say(w) = w eq "residual" ? "residual" : w eq "spline-params" ? "spline, equal parameters" : w eq "spline-work" ? \
         "spline, equal work" : w eq "affine-params" ? "affine, equal parameters" : "affine, equal work"
row_of(w, k) = place_of(strcol("data"), datas) + 0.12 * (3 - k)

eval canvas(500, 140 + 58 * n)
set lmargin at screen 0.24
set rmargin at screen 0.97
set tmargin at screen 1 - 100.0 / (140 + 58 * n)
set bmargin at screen 60.0 / (140 + 58 * n)
set title "{/*0.95 Four blocks: residual against coupling flows}" offset 0, 3.6
set xlabel "test log p at the tuned rate [nats]" offset 0,0.4
set xrange [low - 0.08 * span : high + 0.08 * span]
set yrange [n + 0.6 : 0.4]
set ytics ()
do for [i=1:n] { set ytics add (word(datas, i) i) }
set xtics tick(span)
set key at screen 0.6, screen 1 - 30.0 / (140 + 58 * n) center top maxrows 3 Left reverse font SMALL samplen 1
plot for [k=1:words(arms)] T using (cell("test")):(ours(word(arms, k)) ? row_of(word(arms, k), k) : NaN): \
         (cell("test_q1")):(cell("test_q3")) with xerrorbars pt mark(word(arms, k)) ps 0.9 lw 1.5 lc rgb hue(word(arms, k)) \
         title say(word(arms, k)), NaN notitle
