# residual_grid.gp - The plane's grid as it passes through a residual flow's blocks, coloured by log |det J| of the blocks so far.
# Blue: the blocks shrink areas there; red: they stretch them.
# Table: residual_grid.tsv (the points of one line after the other, after each block).

G = "residual_grid.tsv"
eval rows_of("G")
if (members == 0) { eval nothing("no grid: the residual run failed, or the rows are not of a plane"); exit }
eval range_of("G", 'column("block")')
depth = int(RANGE_max)
eval range_of("G", 'cell("x")'); xlow = members > 0 ? RANGE_min : -1; xhigh = members > 0 ? RANGE_max : 1
eval range_of("G", 'cell("y")'); ylow = members > 0 ? RANGE_min : -1; yhigh = members > 0 ? RANGE_max : 1
reach = larger(larger(abs(xlow), abs(xhigh)), larger(abs(ylow), abs(yhigh)))
reach = reach > 0 ? 1.05 * reach : 1
eval range_of("G", 'cell("log_det")')
most = members > 0 ? larger(abs(RANGE_min), abs(RANGE_max)) : 0
most = most > 1e-12 ? most : 1
# Of a row and the one before it on the same line: the start of the piece between them, NaN if there is none.
seg(b) = (good_ = column("block") == b && column("line") == last_, last_ = column("block") == b ? column("line") : -1, \
          ox_ = x_, oy_ = y_, x_ = cell("x"), y_ = cell("y"), \
          good_ ? ox_ + 0 * (oy_ + x_ + y_ + cell("log_det")) : NaN)
drawn = "" # a word per block: 1 if a piece of it can be drawn
do for [b=0:depth] {
    last_ = -1; x_ = NaN; y_ = NaN
    eval range_of("G", 'seg(b)')
    drawn = drawn.(members > 0 ? " 1" : " 0")
}

columns = depth > 4 ? 4 : 3
rows = (depth + columns) / columns
panel = (500.0 - 12 - 8 * columns) / columns; top = 34; bottom = 70
high = top + rows * (panel + 28) + bottom
eval canvas(500, high)
# Two-sided: PuOr's and RdBu's ends are told apart with any colour vision (ColorBrewer).
set palette defined (-1 "#2166AC", -0.5 "#67A9CF", 0 "#BFBFBF", 0.5 "#EF8A62", 1 "#B2182B") maxcolors 256
set multiplot
unset grid
unset tics
set border 15 lc rgb pale
set xrange [-reach : reach]
set yrange [-reach : reach]
set cbrange [-most : most]
set colorbox horizontal user origin 0.2, 48.0 / high size 0.6, 11.0 / high front
set cbtics auto font SMALL offset 0,0.3 textcolor rgb black
set cblabel "log |det J| of the blocks so far [nats]" offset 0,0.5 font SMALL
set label 5 "The plane's grid through the blocks" center at screen 0.5, 1 - 14.0 / high
do for [b=0:depth] {
    c = b % columns; r = b / columns
    set lmargin at screen (8 + c * (panel + 8)) / 500.0
    set rmargin at screen (8 + c * (panel + 8) + panel) / 500.0
    set tmargin at screen 1 - (top + r * (panel + 28) + 22) / high
    set bmargin at screen 1 - (top + r * (panel + 28) + 22 + panel) / high
    set title (b == 0 ? "{/*0.85 x}" : b == 1 ? "{/*0.85 after 1 block}" : sprintf("{/*0.85 after %d blocks}", b)) offset 0,-0.8
    if (b == 1) { unset colorbox; unset label 5 }
    last_ = -1; x_ = NaN; y_ = NaN
    what = 'plot NaN notitle' # and what there is to draw
    if (word(drawn, b + 1) eq "1") { what = what.', G using (seg(b)):(oy_):(x_ - ox_):(y_ - oy_):(cell("log_det")) with vectors nohead lc'. \
        ' palette lw 1.2 notitle' }
    eval what
}
unset multiplot
