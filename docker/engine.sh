#!/usr/bin/env bash
# Make a Docker engine answer: use the one that does, else (root on Debian) install and start one, else say what to do.
# Exit status 0 when one answers, 3 when there is none to be had.
set -euo pipefail

say() { printf '%s\n' "engine: $*" >&2; }
give_up() { say "$1"; say "$2"; exit 3; }

answer=$(docker version --format '{{.Server.Version}}' 2>&1) && { say "Docker $answer answers"; exit 0; }

case "$answer" in
  *"permission denied"*)
    give_up "this user may not use the Docker engine" \
      "do: sudo usermod -aG docker $(id -un), log in again, and rerun; or rerun as root" ;;
esac
[ -z "${DOCKER_HOST:-}" ] || give_up "no engine answers at DOCKER_HOST=$DOCKER_HOST" "start that engine, or unset DOCKER_HOST"
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  give_up "no Docker engine answers, and installing one takes root on Debian" \
    "do: install Docker (https://docs.docker.com/engine/install/), start it, and rerun"
fi

if ! command -v dockerd >/dev/null; then
  say "installing Docker from Debian's packages"
  { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
      -o DPkg::Lock::Timeout=120 docker.io; } >&2 \
    || give_up "Debian's package docker.io could not be installed" "see apt's messages above"
fi

log=/var/log/qim-stats-dockerd.log
if [ -d /run/systemd/system ]; then
  say "starting the engine"
  systemctl start docker || true
else
  say "starting the engine (log: $log)"
  setsid dockerd >"$log" 2>&1 </dev/null &
fi
for _ in $(seq 120); do
  docker version >/dev/null 2>&1 && { say "Docker $(docker version --format '{{.Server.Version}}') answers"; exit 0; }
  sleep 0.25
done
give_up "the engine did not start within 30 s" "see $log, or \`journalctl -u docker\`"
