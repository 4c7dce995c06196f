#!/bin/sh
# Fetches Debian's cloud kernel for the test that boots one (test/vm) and unpacks it beside the caches of this user;
# it is not installed. Prints the kernel's path.
# usage: tools/get-test-kernel.sh [--install] [PACKAGE]
#   --install  installs QEMU and busybox too, where they are missing (as root)
#   PACKAGE    as linux-image-6.12.117+deb12-cloud-amd64 (default: the newest of this Debian)
# Ends with 4 and one line where this is no Debian or nothing can be fetched.
set -eu
no() { echo "get-test-kernel: $1" >&2; exit 4; }

install=
[ "${1:-}" = --install ] && { install=1; shift; }
command -v apt-get > /dev/null && command -v dpkg-deb > /dev/null || no 'this is no Debian'
[ "$(dpkg --print-architecture)" = amd64 ] || no 'only kernels for amd64 are booted'
if [ -n "$install" ] && ! { command -v qemu-system-x86_64 && command -v busybox; } > /dev/null; then
  [ "$(id -u)" = 0 ] || no 'only root can install QEMU and busybox'
  { apt-get update && apt-get install -y --no-install-recommends qemu-system-x86 busybox-static; } > /dev/null 2>&1 ||
    no 'QEMU and busybox cannot be installed'
fi
package=${1:-$(apt-cache depends --important linux-image-cloud-amd64 2> /dev/null | awk '/Depends: linux-image-/ { print $2; exit }')}
[ -n "$package" ] || no 'no cloud kernel is known here: apt-get update'
folder=${XDG_CACHE_HOME:-$HOME/.cache}/drainlab/kernels/$package
if ! ls "$folder"/boot/vmlinuz-* > /dev/null 2>&1; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT INT TERM
  (cd "$work" && apt-get download "$package" > /dev/null 2>&1) || no "$package cannot be fetched"
  mkdir -p "$folder"
  dpkg-deb -x "$work"/*.deb "$folder" || no "$package cannot be unpacked"
fi
ls "$folder"/boot/vmlinuz-*
