#!/bin/sh
# Gets what the benchmarks compare with: trace-cmd and libtracecmd, ns-3 and SimPy from Debian, and compilers.
# Installs what is missing when run as root, else says what to install. Builds into bench/peers/build/.
set -eu
cd "$(dirname "$0")/peers"
missing=
command -v trace-cmd > /dev/null || missing="$missing trace-cmd"
command -v cc > /dev/null || missing="$missing gcc libc6-dev"
command -v c++ > /dev/null || missing="$missing g++"
command -v pkg-config > /dev/null || missing="$missing pkg-config"
pkg-config --exists libtracecmd 2> /dev/null || missing="$missing libtracecmd-dev"
[ -e /usr/include/ns3/scheduler.h ] || missing="$missing libns3-dev"
/usr/bin/python3 -c 'import SimPy' 2> /dev/null || missing="$missing python3-simpy"
if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    # shellcheck disable=SC2086 # a list of packages
    apt-get install -y -qq $missing > /dev/null
  else
    echo "missing for the comparison:$missing — on Debian: apt-get install$missing" >&2
    exit 4
  fi
fi
mkdir -p build
for source in iterate.c scan.c; do
  # shellcheck disable=SC2046 # a list of flags
  cc -O2 -o "build/${source%.c}" "$source" $(pkg-config --cflags --libs libtracecmd)
done
cc -O2 -o build/page-loop page-loop.c
c++ -O2 -o build/ns3-events ns3-events.cc -lns3-core
