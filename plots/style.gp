# style.gp - what every figure shares: page, fonts, and one colour and mark for one meaning.
#
# Loaded before each figure, in the folder of the tables, with these variables set by the program that draws:
#   format    "svg", "png" or "pdf"
#   home      the folder that holds plots/, reference/ and tests/reference/
#   notebook  1 if the tables are of the notebook's own configuration (then its numbers are drawn beside ours)
# By hand, from results/:  gnuplot ../plots/style.gp ../plots/depth_sweep.gp > depth_sweep.svg
#
# A script draws the columns of tables.  It computes no median, quartile, mean, standard deviation or fit: those stand in
# summary tables, which the programs write (harness/summary_table.h), and in the report they are the same numbers.
#
# A new figure is a file NAME.gp beside this one: eval canvas(width, height), then plots of tables by their names, every
# curve with a title or notitle (gnuplot's own title would be a file name).  Whatever a program may write must be drawn
# without a complaint of gnuplot's, be it that a curve has no valid point or an axis no extent.  So what may be missing
# is asked for first, and a figure without anything to draw says so in words (eval nothing("every run failed")).
# tests/test_figures.c draws every figure from random tables.
#
# Colours are Okabe & Ito's (2008, "Color universal design"), told apart with any colour vision; in grey the marks
# and dashes tell.  Sizes are for print at column width (85 mm): 500 units wide, text of 14 is then 6.7 points.

if (!exists("format"))   format = "svg"
if (!exists("home"))     home = ".."
if (!exists("notebook")) notebook = 1

set encoding utf8
set minussign
set datafile separator "\t"
set datafile columnheaders        # (of an array it would drop the first element: plot datablocks instead)
set datafile missing NaN          # a row that a filter leaves out does not break a line

PRINTED  = home."/reference/printed.tsv"         # columns quantity, coupling, depth, value
ENSEMBLE = home."/tests/reference/ensemble.tsv"  # no header line: depth, member, mean log p

# First line of a figure: eval canvas(width, height)
canvas(w, h) = \
    format eq "svg" ? sprintf('set terminal svg size %d,%d enhanced font "sans-serif,14" ', w, h).\
                      'background "#ffffff"' : \
    format eq "png" ? sprintf('set terminal pngcairo size %d,%d enhanced font "Sans,10.5" ', 2*w, 2*h).\
                      'fontscale 2 linewidth 2 pointscale 3 background "#ffffff"' : \
                      sprintf('set terminal pdfcairo size %g in,%g in enhanced font "Sans,10.5" ', w/96., h/96.).\
                      'linewidth 0.7 pointscale 0.8'
SMALL = format eq "svg" ? ",12" : ",9"    # font of what is written inside a panel
TINY  = format eq "svg" ? ",11" : ",8.2"

# ---- lines and marks by meaning: with linespoints ls SPLINE ----------------------------------------------------
SPLINE = 1; AFFINE = 2; TRUTH = 3; TRAIN = 4; HELDOUT = 5; PRINTED_MARK = 6; REFERENCE = 7
MONOTONE = 8; FOLDED = 9; IDENTITY = 10; BOUND = 11; DIVERGED = 12; OURS = 13; ZERO = 14
OVER_FIT = 15; ACTNORM_NONE = 16; ACTNORM_DEFAULT = 17; ACTNORM_DATA = 18

green  = "#009E73"; red   = "#D55E00"; purple = "#CC79A7"; blue = "#0072B2"
orange = "#E69F00"; black = "#000000"; grey   = "#767676"; pale = "#D9D9D9"

set style line SPLINE       lc rgb green  lw 2   dt 1       pt 5 ps 0.9      # filled squares
set style line AFFINE       lc rgb red    lw 2   dt (12,5)  pt 7 ps 0.9      # filled circles, long dashes
set style line OURS         lc rgb green  lw 2   dt 1       pt 7 ps 0.9      # the notebook's line: filled circles
set style line TRUTH        lc rgb black  lw 1.5 dt (8,5)
set style line TRAIN        lc rgb green  lw 2   dt 1       pt 7 ps 0.9
set style line HELDOUT      lc rgb purple lw 2   dt (12,5)  pt 9 ps 1.0      # filled triangles
set style line PRINTED_MARK lc rgb black  lw 1.5 dt 1       pt 2 ps 1.1      # x
set style line REFERENCE    lc rgb grey   lw 1.2 dt 1       pt 6 ps 0.5      # open circles
set style line MONOTONE     lc rgb green  lw 2.5 dt 1       pt 7 ps 0.6
set style line FOLDED       lc rgb red    lw 2.5 dt 1       pt 5 ps 0.6
set style line IDENTITY     lc rgb black  lw 1.2 dt (6,5)
set style line BOUND        lc rgb black  lw 1.5 dt (6,5)
set style line DIVERGED     lc rgb black  lw 2   dt 1       pt 2 ps 1.1
set style line ZERO         lc rgb black  lw 1   dt 1
set style line OVER_FIT     lc rgb orange lw 2   dt (3,3)   pt 13 ps 1.0     # filled diamonds
set style line ACTNORM_NONE    lc rgb black  lw 1.5 dt 1      pt 6 ps 0.8   # open circles
set style line ACTNORM_DEFAULT lc rgb orange lw 2   dt (3,3)  pt 9 ps 0.8   # filled triangles
set style line ACTNORM_DATA    lc rgb blue   lw 2   dt (12,5) pt 5 ps 0.7   # filled squares

# Depths are an order, so their colours are one (after ColorBrewer's YlGnBu): deeper is darker, also in grey.  In a figure
# without a line per depth, another order has these colours: peak rates, contraction numbers.
depth_colour(d) = d <= 1 ? "#7FCDBB" : d <= 2 ? "#35A7C4" : d <= 4 ? "#2376B4" : d <= 8 ? "#263C94" : \
                  d <= 16 ? "#3A0F63" : d <= 20 ? "#26083F" : "#000000"

# The same colour two thirds of the way to white, for raw data behind its mean.
channel(c, k) = int("0x".substr(c, k, k + 1))
paler(c, k) = 255 - (255 - channel(c, k)) / 3
faint(c) = sprintf("#%02X%02X%02X", paler(c, 2), paler(c, 4), paler(c, 6))

# A density or another size that starts at nothing: viridis (van der Walt & Smith 2015), perceptually even.
set palette defined (0 "#440154", 1 "#482878", 2 "#3E4A89", 3 "#31688E", 4 "#26828E", 5 "#1F9E89", \
                     6 "#35B779", 7 "#6DCD59", 8 "#B4DE2C", 9 "#FDE725") maxcolors 256

# ---- axes --------------------------------------------------------------------------------------------------------
set border 3 lc rgb "#404040" lw 1
set tics nomirror out scale 0.6
set xtics offset 0,0.3
set ytics offset 0.3,0
set grid lt 1 lc rgb pale lw 0.7
set key font SMALL noopaque nobox samplen 2.2 spacing 1.1
set title offset 0,-0.4

# ---- tables ------------------------------------------------------------------------------------------------------
# The distinct words of a column, in their order:
#   depths = ""; stats T using (depths = with_word(depths, strcol("depth")), 0) nooutput
with_word(list, w) = strstrt(list." ", " ".w." ") ? list : list." ".w
# Their ticks: set for [d in depths] xtics add (d real(d))

# How many rows a table has, in `members`, also none, at which stats would complain: eval rows_of("T")
rows_of(table) = \
    'unset datafile columnheaders; stats '.table.' using (0) nooutput; members = STATS_records - 1; '. \
    'set datafile columnheaders'

# A word as a number.  (Of "1e+17" real() reads the 1 only, and of numbers below 1e-300, which are 0 here, none.)
no_number(text) = text eq "nan" || text eq "inf" || text eq "-inf" || text eq "NaN" || text eq ""
mantissa(w) = w[1 : strstrt(w, "e") - 1]
exponent(w) = w[strstrt(w, "e") : *]
value_of(w) = no_number(w) ? NaN : !strstrt(w, "e") ? real(w) : \
              strlen(exponent(w)) == 5 && strstrt(w, "e-3") ? 0.0 : \
              strstrt(w, ".") ? real(w) : real(mantissa(w).".0".exponent(w))
has_word(list, w) = strstrt(list." ", " ".w." ") > 0
number_in(list, i) = value_of(word(list, int(i)))

# The words of a list of distinct numbers, the least first, whatever the order of the table: eval sorted("depths")
sorted(list) = \
    'order_ = ""; last_ = -1e300; do for [k_=1:words('.list.')] { next_ = ""; do for [w_ in '.list.'] { '. \
    'if (value_of(w_) > last_ && (next_ eq "" || value_of(w_) < value_of(next_))) { next_ = w_ } }; '. \
    'if (next_ ne "") { order_ = order_." ".next_; last_ = value_of(next_) } }; '.list.' = order_'

# Those of a sorted list whose labels do not touch on an axis, in `ticked`, the greatest kept: its ticks.  span: of the
# axis, in units of `place`, an expression of w_ such as "log(value_of(w_))"; wide: the axis in units of the page.
thinned(list, place, span, wide) = \
    'ticked = ""; last_ = 1e300; do for [k_=words('.list.'):1:-1] { w_ = word('.list.', k_); here_ = '.place.'; '. \
    'if (last_ - here_ > (4 + 9 * strlen(w_)) * (real('.span.') / ('.wide.'))) { '. \
    'ticked = ticked." ".w_; last_ = here_ } }'

# cell() is column(), but not for a number that is none: column() would leave out its row, whatever was asked of it, and
# complain if no row is left.
cell(name_) = no_number(strcol(name_)) ? NaN : column(name_)
# The same of a trained flow's score in a table with a row per run: a ruined run has none.
trained(name_) = strcol("status") eq "ruined" ? NaN : cell(name_)
finite(y) = abs(y) < 1e300 ? y : NaN

# Where the values of an expression lie, over a table's rows, which may be few, not numbers, or none:
#   eval range_of("T", 'column("depth") == 8 ? cell("grad_norm") : NaN')
# leaves in `members` how many finite values that expression has and, if there are any, RANGE_min and RANGE_max.
range_of(table, y) = \
    rows_of(table).'; '. \
    'if (members > 0) { members = 0; stats '.table.' using (members = members + (abs('.y.') < 1e300), 0) nooutput }; '. \
    'if (members > 0) { stats '.table.' using (finite('.y.')) nooutput name "RANGE" }'

# The cell of the row that meets a condition, in `found`; NaN if there is no such row, or no number in it:
#   eval look_up("S", 'column("depth") == 8 && strcol("of") eq "train_logp"', "median")
# A figure takes every median, quartile, mean, fit and number of runs from a summary table this way.
look_up(table, condition, name_) = \
    'found = NaN; stats '.table.' using (('.condition.') ? (found = finite(cell("'.name_.'")), 0) : 0) nooutput'

# The place of a word in a list, from 1; 0 if it is not there.
place_of(w, list) = (sum [i=1:words(list)] (word(list, i) eq w ? i : 0))

# ---- ranges and ticks --------------------------------------------------------------------------------------------
smaller(a, b) = b < a ? b : a
larger(a, b)  = b > a ? b : a

# Decimals for the ticks of an axis that spans so much: set format y decimals(high - low)
decimals(span) = span > 100 ? "%g" : span > 0.6 ? "%.1f" : span > 0.06 ? "%.2f" : span > 0.006 ? "%.3f" : \
                 span > 0.0006 ? "%.4f" : "%.5f"

# About four ticks on a span: the next of 1, 2 and 5 times a power of ten.
power(span) = 10.0**floor(log10(span / 4.0))
tick(span) = span > 0 ? power(span) * (span / 4.0 / power(span) < 1.5 ? 1 : span / 4.0 / power(span) < 3.5 ? 2 : 5) : 1

# Ticks at whole powers of ten for a logarithmic axis of many decades, at most about seven:  eval powers("y", low, high)
apart(low, high) = larger(1, ceil((log10(high) - log10(low)) / 7.0))
powers(axis, low, high) = 'set m'.axis.'tics 1; set '.axis.'tics (); '.sprintf( \
    'do for [k_=%d:%d:%d] { set '.axis.'tics add (sprintf("10^{%%d}", k_) 10.0**k_) }', \
    ceil(log10(low)), floor(log10(high)), apart(low, high))

# Values that are all but equal get an axis all the same: by this much to either side.
flat(low, high) = !(high - low > 1e-4 * larger(1, abs(low)))
beside_flat(y) = 0.03 * larger(1, abs(y))

# ---- a figure without a picture ----------------------------------------------------------------------------------
# Instead of its canvas:  eval nothing("every run failed"); exit
nothing(words_) = 'eval canvas(500, 200); unset border; unset tics; unset key; '. \
    'set label 1 "'.words_.'" at screen 0.5, 0.5 center; plot [0:1] [0:1] NaN notitle'
