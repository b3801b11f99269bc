# SPDX-License-Identifier: Apache-2.0
#
# Whether standard input is Prometheus's text format, as strict as "promtool check metrics": every metric
# has HELP and TYPE, once, and its samples behind them; no sample is there twice; labels are quoted and
# escaped; values are numbers; counters, and they alone, end in _total. Ends with 1, and says what is wrong.

function wrong(what) {
	print "line " NR ": " what ": " $0
	status = 1
}
BEGIN {
	name_of = "[a-zA-Z_:][a-zA-Z0-9_:]*"
	label = "[a-zA-Z_][a-zA-Z0-9_]*=\"([^\"\\\\]|\\\\[\\\\\"n])*\""
}
/^# HELP / {
	if ($0 !~ "^# HELP " name_of " [^ ].*$")
		wrong("no name and text")
	if ($3 in helped)
		wrong("a second HELP")
	helped[$3] = 1
	name = $3
	next
}
/^# TYPE / {
	if ($0 !~ "^# TYPE " name_of " (counter|gauge|summary)$")
		wrong("no name and type")
	if ($3 != name || $3 in typed)
		wrong("not behind its HELP")
	typed[$3] = $4
	if (($4 == "counter") != ($3 ~ /_total$/))
		wrong("counters, and they alone, end in _total")
	next
}
{
	if (!match($0, "^" name_of "([{]" label "(," label ")*[}])? "))
		wrong("no sample")
	key = substr($0, 1, RLENGTH - 1)
	value = substr($0, RLENGTH + 1)
	sample = key
	sub(/[{].*/, "", sample)
	if (typed[name] == "summary")
		sub(/_(sum|count)$/, "", sample)
	if (sample != name || !(name in typed))
		wrong("not behind its HELP and TYPE")
	if (value !~ /^[0-9]+([.][0-9]+)?$/)
		wrong("no number")
	if (key in seen)
		wrong("there twice")
	seen[key] = 1
	n++
}
END {
	if (!n) {
		print "no sample"
		status = 1
	}
	exit status
}
