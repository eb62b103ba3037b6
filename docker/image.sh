#!/usr/bin/env bash
# Make a Caffe image be there: the official one if it is here or can be pulled, else our own build of docker/cpu.
set -euo pipefail
cd "$(dirname "$0")"

official=bvlc/caffe:cpu
own=qim-stats/caffe:cpu
base=debian:bullseye-slim

say() { printf '%s\n' "image: $*" >&2; }
have() { docker image inspect "$1" >/dev/null 2>&1; }

for image in "$official" "$own"; do
  have "$image" && { say "$image is here"; exit 0; }
done

say "pulling $official"
if docker pull "$official" >&2; then exit 0; fi

say "it cannot be had; building $own from docker/cpu instead"
if ! have "$base" && ! docker pull -q "$base" >&2; then
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || {
    say "$base cannot be pulled, and making it takes root on Debian"
    say "do: give this machine access to a Docker registry, or load an image with \`docker load\`"
    exit 3
  }
  command -v debootstrap >/dev/null || {
    say "installing debootstrap"
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends debootstrap; } >&2
  }
  # The base is made from the very package mirror this machine uses.
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
  root=$(mktemp -d)
  trap 'rm -rf "$root"' EXIT
  say "making $base from Debian's packages (about half a minute)"
  debootstrap --variant=minbase bullseye "$root" ${mirror:+"$mirror"} >"$root.log" 2>&1 \
    || { tail -n 5 "$root.log" >&2; rm -f "$root.log"; exit 1; }
  rm -f "$root.log" "$root"/var/cache/apt/archives/*.deb
  tar -C "$root" -c . | docker import - "$base" >/dev/null
fi
say "building $own"
DOCKER_BUILDKIT=0 docker build -q -t "$own" cpu >&2
say "$own is here: $(docker run --rm --network none "$own" caffe --version 2>&1 | tail -n 1)"
