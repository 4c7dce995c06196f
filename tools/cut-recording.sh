#!/bin/sh
# Cuts a recording folder so that it begins with one zoneinfo snapshot and ends with another.
# usage: tools/cut-recording.sh SOURCE FROM TO TARGET
#   SOURCE  folder with trace.dat, zoneinfo/zoneinfo-snap-NNN-LABEL.txt and proc-start/
#   FROM    number of the first snapshot that is kept
#   TO      number of the last one, or +SECONDS after the first
#   TARGET  new folder
# needs trace-cmd (Debian: apt-get install trace-cmd)
set -eu
[ $# = 4 ] || { sed -n '2,8p' "$0" >&2; exit 2; }
source=$1 from=$2 to=$3 target=$4
command -v trace-cmd > /dev/null || { echo 'trace-cmd is missing: apt-get install trace-cmd' >&2; exit 4; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

# Stamps of the marks in the recording.
trace-cmd report -t -i "$source/trace.dat" 2> /dev/null |
  awk '/ tracing_mark_write: snapshot [0-9]+ (begin|end) / {
         match($0, / [0-9]+\.[0-9]+: /)
         for (i = 1; i <= NF; i++) if ($i == "snapshot") print $(i + 1), $(i + 2), substr($0, RSTART + 1, RLENGTH - 3) }' > "$work/marks"
begin=$(awk -v n="$from" '$1 == n && $2 == "begin" { print $3 }' "$work/marks")
[ -n "$begin" ] || { echo "no mark 'snapshot $from begin' in $source/trace.dat" >&2; exit 3; }
case $to in
  +*) end=$(awk -v b="$begin" -v s="${to#+}" 'BEGIN { printf "%.9f", b + s }') last=$from ;;
  *) end=$(awk -v n="$to" '$1 == n && $2 == "end" { print $3 }' "$work/marks") last=$to
     [ -n "$end" ] || { echo "no mark 'snapshot $to end' in $source/trace.dat" >&2; exit 3; } ;;
esac
# A microsecond on each side keeps the marks themselves.
window=$(awk -v b="$begin" -v e="$end" 'BEGIN { printf "%.9f %.9f", b - 1e-6, e + 1e-6 }')

mkdir -p "$target/zoneinfo" "$target/proc-start"
# shellcheck disable=SC2086 # two words on purpose
trace-cmd split -i "$source/trace.dat" -o "$work/cut.dat" $window > "$work/split.log" 2>&1 || { cat "$work/split.log" >&2; exit 4; }
cp "$work/cut.dat.1" "$target/trace.dat" 2> /dev/null || cp "$work/cut.dat" "$target/trace.dat"
for n in $(seq "$from" "$last"); do
  cp "$source"/zoneinfo/zoneinfo-snap-"$(printf %03d "$n")"-*.txt "$target/zoneinfo/"
done
for name in zoneinfo cpu_online cpu_isolated cpu_nohz_full cmdline uname; do
  cp "$source/proc-start/$name" "$target/proc-start/"
done
cp "$source/kprobe_events" "$target/"
chmod -R u+w "$target"
echo "$target: snapshots $from-$last, $(wc -c < "$target/trace.dat") bytes"
