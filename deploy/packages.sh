#!/bin/sh
# Installs Debian packages, as root or with sudo. Usage: packages.sh build|test|mcdc
#   build  what compiling and running envflow takes
#   test   that, and what the tests, the analysers and the oracles take
#   mcdc   what tests/mcdc.sh takes: the Clang that measures MC/DC
set -eu

build='ca-certificates cmake gcc libc6-dev libcurl4-openssl-dev libevent-dev libjansson-dev
  libsqlite3-dev libssl-dev libyaml-dev ninja-build pkg-config tzdata'
tests='clang clang-format clang-tidy git libclang-rt-dev libcmocka-dev libhttp-parser-dev llvm
  node-llhttp nodejs npm procps python3 python3-jsonschema strace'
mcdc='clang-19 libclang-rt-19-dev libcmocka-dev libsqlite3-dev libssl-dev llvm-19'

case ${1:-} in
  build) wanted=$build ;;
  test) wanted="$build $tests" ;;
  mcdc) wanted=$mcdc ;;
  *) echo "usage: packages.sh build|test|mcdc" >&2; exit 2 ;;
esac

missing=
for package in $wanted; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
# A node from elsewhere brings its own npm and stands in the way of Debian's.
command -v node >/dev/null && command -v npm >/dev/null && missing=$(echo " $missing " | sed 's/ nodejs / /; s/ npm / /')
[ -n "$(echo "$missing" | tr -d ' ')" ] || exit 0

as_root=
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "packages.sh: run as root, or install sudo; missing:$missing" >&2; exit 1; }
  as_root='sudo'
fi
echo "installing:$missing" >&2
$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
