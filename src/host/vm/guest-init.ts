/**
 * The first process of the guest: a shell script for busybox. It reads what to do from files beside it (`guestFiles`),
 * so its text is the same for every recording.
 */

import { shellWord } from '../record/plan.ts';

/** First bytes of the disk that takes the recording, and of the disk that the workload may read. */
export const outDiskMark = 'drainlab-takes-this';
export const dataDiskMark = 'drainlab-reads-this';
/** Where on the disk the files begin; the index stands before them. */
export const outDiskFilesAt = 1 << 20;
/** Every line that the guest says to us on its console begins with this. */
export const guestWord = 'drainlab:';

/** Ends recording when the fullest buffer is this full, in percent: what ends the load is recorded too, so there must be room. */
const softLimitPercent = 60;
/** Stops tracing at once: beyond it events would be lost. */
const hardLimitPercent = 92;

export interface GuestPlan {
  /** `SYSTEM/NAME`, each turned on if the kernel has it. */
  readonly events: readonly string[];
  /** Lines for kprobe_events; what the kernel refuses is left out. */
  readonly probes: readonly string[];
  /** Functions of work items: events of workqueue are recorded for these only. */
  readonly workFunctions: readonly string[];
  /** Path in the guest and name in the recording: `/proc/zoneinfo`, `zoneinfo`. */
  readonly procFiles: ReadonlyArray<readonly [path: string, name: string]>;
  readonly bufferKilobytesPerCpu: number;
  readonly snapshotSeconds: number;
  /** Seconds of guest time after which the workload is ended. */
  readonly workloadSeconds: number;
  /** Seconds of guest time after which the guest goes off, whatever it does: nobody may be left to end it. */
  readonly guestSeconds: number;
  /** Where the workload begins. */
  readonly workingFolder: string;
  /** Folders of shared libraries that the loader does not look in by itself. */
  readonly libraryFolders: readonly string[];
}

/** The files that `guestInit` reads, by path in the guest. `workload` is a script for `sh`. */
export function guestFiles(plan: GuestPlan, workload: string): ReadonlyMap<string, string> {
  const settings = [
    `buffer_kilobytes=${plan.bufferKilobytesPerCpu}`,
    `snapshot_seconds=${plan.snapshotSeconds}`,
    `workload_seconds=${plan.workloadSeconds}`,
    `guest_seconds=${plan.guestSeconds}`,
    `working_folder=${shellWord(plan.workingFolder)}`,
    `soft_limit_percent=${softLimitPercent}`,
    `hard_limit_percent=${hardLimitPercent}`,
    `out_mark=${outDiskMark}`,
    `data_mark=${dataDiskMark}`,
    `out_files_at=${outDiskFilesAt}`,
    `export LD_LIBRARY_PATH=${shellWord(plan.libraryFolders.join(':'))}`,
  ];
  return new Map([
    ['drainlab/settings', lines(settings)],
    ['drainlab/events', lines(plan.events)],
    ['drainlab/probes', lines(plan.probes)],
    ['drainlab/work-functions', lines(plan.workFunctions)],
    ['drainlab/proc-files', lines(plan.procFiles.map((pair) => pair.join(' ')))],
    ['drainlab/workload', workload],
  ]);
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

/**
 * In the order of what happens: mount, find the disks, turn the events on, run the workload with snapshots, put everything
 * on the disk, switch off. The script ends the workload before a buffer is full, so that no event is lost.
 */
export const guestInit = `#!/bin/busybox sh
/bin/busybox --install -s /bin 2>/dev/null
export PATH=/bin:/sbin:/usr/bin:/usr/sbin:/usr/local/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
exec < /dev/null > /dev/console 2>&1
. /drainlab/settings
T=/sys/kernel/tracing
OUT=/run/out

say() { echo "${guestWord} $*" > /dev/console; }
leave() { sync; poweroff -f; reboot -f; echo o > /proc/sysrq-trigger; sleep 60; }
fail() { say "failed $*"; leave; }

seconds() { cut -d. -f1 /proc/uptime; }

# disk MARK: the block device that begins with it
disk() {
  for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    for device in /sys/class/block/*; do
      device=/dev/\${device##*/}
      [ -b "$device" ] && [ "$(head -c \${#1} $device 2>/dev/null)" = "$1" ] && echo $device && return
    done
    usleep 200000
  done
}

# take DIRECTORY: what /proc and /sys say now
take() {
  mkdir -p $OUT/$1
  while read -r path name; do
    cat $path > $OUT/$1/$name 2>/dev/null || rm -f $OUT/$1/$name
  done < /drainlab/proc-files
  uname -a > $OUT/$1/uname
}

number=0
# snapshot LABEL: zoneinfo, with marks in the recording around its printing. A node is printed when its first byte is read
# and kept by the kernel until the last is; so with one node the marks need not wait for a program to start and end.
snapshot() {
  exec 4< /proc/zoneinfo
  echo "snapshot $number begin $1" > $T/trace_marker
  read -r first <&4
  [ $nodes = 1 ] || rest=$(cat <&4)
  echo "snapshot $number end $1" > $T/trace_marker
  { echo "$first"; [ $nodes = 1 ] || echo "$rest"; cat <&4; } > $OUT/zoneinfo/zoneinfo-snap-$(printf %03d $number)-$1.txt
  exec 4<&-
  number=$((number + 1))
}

filter_works() {
  filter=
  while read -r function; do
    address=$(awk -v name=$function '$3 == name { print $1; exit }' /proc/kallsyms)
    [ -n "$address" ] && filter="$filter\${filter:+ || }function == 0x$address"
  done < /drainlab/work-functions
  [ -n "$filter" ] || return
  for event in workqueue_queue_work workqueue_execute_start workqueue_execute_end; do
    echo "$filter" > $T/events/workqueue/$event/filter && echo 1 > $T/events/workqueue/$event/enable
  done
}

trace_on() {
  echo 0 > $T/tracing_on
  echo global > $T/trace_clock || fail 'clock: the tracing clock cannot be set to global'
  echo 0 > $T/options/overwrite
  echo 1 > $T/options/record-cmd
  echo 16384 > $T/saved_cmdlines_size
  echo $buffer_kilobytes > $T/buffer_size_kb || fail 'buffer: no memory for the buffers'
  if [ -e $T/kprobe_events ]; then
    while read -r probe; do
      echo "$probe" >> $T/kprobe_events || echo "$probe" >> $OUT/refused_probes
    done < /drainlab/probes 2>/dev/null
    sed 's|^[^:]*:\\([^/]*\\)/\\([^ ]*\\) .*|\\1/\\2|' $T/kprobe_events >> /drainlab/events
  fi
  while read -r event; do
    if [ -e $T/events/$event/enable ]; then echo 1 > $T/events/$event/enable
    else echo $event >> $OUT/absent_events; fi
  done < /drainlab/events
  filter_works
  echo 1 > $T/tracing_on
}

# fullest: how full the fullest buffer is, in percent
fullest() {
  awk -v size=$((buffer_kilobytes * 1024)) '/^bytes:/ && $2 > most { most = $2 }
    END { printf "%d", 100 * most / size }' $T/per_cpu/cpu*/stats
}

run_workload() {
  (
    echo 0 > /proc/self/oom_score_adj
    mkdir -p "$working_folder"; cd "$working_folder"
    setsid sh -c 'echo $$ > /run/workload.pid; exec sh /drainlab/workload' > /run/said/workload.out 2>&1
    echo $? > /run/workload.status
  ) &
  started=$(seconds)
  next=$snapshot_seconds
  end=ended
  while [ ! -e /run/workload.status ]; do
    usleep 200000
    full=$(fullest)
    elapsed=$(($(seconds) - started))
    [ $elapsed -ge $workload_seconds ] && end=time && break
    [ \${full:-0} -ge $soft_limit_percent ] && end=full && break
    [ $elapsed -lt $next ] && continue
    snapshot load
    say "running $elapsed $full"
    next=$((elapsed + snapshot_seconds))
  done
  ran=$(($(seconds) - started))
  say "workload $end $ran"
}

end_workload() {
  read -r leader < /run/workload.pid
  kill -TERM -$leader 2>/dev/null
  usleep 500000
  for try in 1 2 3 4 5 6 7 8 9 10; do
    kill -KILL -$leader 2>/dev/null || break
    if [ $(fullest) -ge $hard_limit_percent ]; then echo 0 > $T/tracing_on; end=overfull; fi
    usleep 200000
  done
  status=
  [ $end = ended ] && read -r status < /run/workload.status
  cp /run/said/workload.out $OUT/workload.out
  { echo "end $end"; echo "seconds $ran"; echo "status $status"; } > $OUT/workload
}

# put NAME COMMAND…: what COMMAND writes, as a file on the disk
put() {
  name=$1; shift
  read -r _ from < /proc/1/fdinfo/3
  "$@" >&3
  read -r _ to < /proc/1/fdinfo/3
  echo "$from $((to - from)) $name" >> /run/index
}

is_empty() { grep -q '^entries: 0$' $T/per_cpu/cpu$1/stats; }

# drained CPU: its buffer as the kernel keeps it. When nothing is left, reading waits on some kernels and ends on others;
# a reader that sleeps has written all that it has read.
drained() {
  for try in 1 2 3 4 5; do
    dd if=$T/per_cpu/cpu$1/trace_pipe_raw bs=4096 2>/dev/null &
    reader=$!
    calm=0
    while [ $calm -lt 2 ] && read -r _ _ state _ < /proc/$reader/stat; do
      if [ "$state" = S ] && is_empty $1; then calm=$((calm + 1)); else calm=0; fi
      usleep 20000
    done 2>/dev/null
    kill $reader 2>/dev/null
    wait $reader 2>/dev/null
    is_empty $1 && return
  done
}

# formats: of tracefs's own events and of those that are on
formats() {
  for format in $T/events/ftrace/*/format; do echo $format; done
  sort -u $T/set_event | sed "s|:|/|; s|^|$T/events/|; s|$|/format|"
}

bring_out() {
  exec 3> $1
  dd if=/dev/zero bs=$out_files_at count=1 2>/dev/null >&3
  for file in $(cd $OUT; find . -type f | sed 's|^\\./||'); do put $file cat $OUT/$file; done
  for file in set_event kprobe_events kprobe_profile trace_clock saved_cmdlines printk_formats; do
    [ -e $T/$file ] && put tracing/$file cat $T/$file
  done
  for file in header_page header_event; do put tracing/events/$file cat $T/events/$file; done
  for format in $(formats); do put tracing/\${format#$T/} cat $format; done
  put kallsyms cat /proc/kallsyms
  put dmesg.txt dmesg
  for cpu in $T/per_cpu/cpu*; do put stats/\${cpu##*/} cat $cpu/stats; done
  for cpu in $T/per_cpu/cpu*; do put pages/\${cpu##*/} drained \${cpu##*/cpu}; done
  exec 3>&-
  { echo "$out_mark $(wc -l < /run/index)"; cat /run/index; echo end; } > /run/index.whole
  dd if=/run/index.whole of=$1 bs=$out_files_at conv=notrunc 2>/dev/null
  sync
}

mkdir -p /run /tmp
mount -t tmpfs -o size=60% run /run
mkdir -p $OUT/zoneinfo /run/said
mount -t tmpfs -o size=16m said /run/said
dmesg -n 1
echo -1000 > /proc/self/oom_score_adj
renice -n -20 -p 1 > /dev/null
echo 0 > /proc/sys/vm/oom_dump_tasks
echo 0 > /proc/sys/kernel/kptr_restrict
(sleep $guest_seconds; poweroff -f) &
say "booted $(uname -r)"
while read -r module; do insmod /drainlab/modules/$module.ko || fail "module: $module cannot be loaded"; done < /drainlab/modules/order
mount -t tracefs tracefs $T || fail 'tracefs: this kernel cannot trace (CONFIG_FTRACE)'
out=$(disk $out_mark)
[ -n "$out" ] || fail 'disk: this kernel sees no disk'
DRAINLAB_DISK=$(disk $data_mark)
export DRAINLAB_DISK

nodes=$(sed -n 's/^Node \\([0-9]*\\),.*/\\1/p' /proc/zoneinfo | sort -u | wc -l)
take proc-start
trace_on
snapshot start
say "recording"
run_workload
end_workload
usleep 1000000
snapshot end
echo 0 > $T/tracing_on
take proc-end
say "bringing-out"
bring_out $out
say "done"
leave
`;
