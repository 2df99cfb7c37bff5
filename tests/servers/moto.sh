#!/usr/bin/env bash
# moto's S3 on loopback, from the Python package moto: in memory, any key is good.
#   moto.sh up      install into a virtual environment if missing, start, print the endpoint
#   moto.sh down    stop (by pid file); what it kept is gone
#   moto.sh wipe    the same
# Environment: MOTO_DIR, MOTO_PORT, SERVERS_VENV
set -euo pipefail
DIR=${MOTO_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/dipper/moto}
PORT=${MOTO_PORT:-5055}
VENV=${SERVERS_VENV:-$DIR/venv}
PID=$DIR/moto.pid

# The environment may be one for several servers, which start side by side: one installs at a time.
install() {
  [ -x "$VENV/bin/moto_server" ] && return
  mkdir -p "$VENV"
  exec 9> "$VENV/lock"
  flock 9
  [ -x "$VENV/bin/pip" ] || python3 -m venv "$VENV"
  "$VENV/bin/pip" -q install 'moto[s3,server]==5.2.5'
  exec 9>&-
}
# A pid file whose process is gone or not ours counts as dead.
alive() { [ -s "$PID" ] && grep -aq moto_server "/proc/$(cat "$PID")/cmdline" 2>/dev/null; }
up() {
  mkdir -p "$DIR"; install
  # One that runs keeps its port.
  if alive; then PORT=$(cat "$DIR/port"); else
    echo "$PORT" > "$DIR/port"
    setsid nohup "$VENV/bin/moto_server" -H 127.0.0.1 -p "$PORT" > "$DIR/moto.log" 2>&1 < /dev/null &
    echo $! > "$PID"
  fi
  for _ in $(seq 300); do
    curl -fs -o /dev/null "http://127.0.0.1:$PORT/" && { echo "http://127.0.0.1:$PORT"; return; }
    alive || break
    sleep 0.1
  done
  echo "moto did not answer; see $DIR/moto.log" >&2; return 1
}
down() {
  alive && kill "$(cat "$PID")"
  for _ in $(seq 50); do alive || break; sleep 0.1; done
  rm -f "$PID"
}

case ${1:-up} in
  up) up ;;
  down | wipe) down || true ;;
  *) echo "usage: $0 up|down|wipe" >&2; exit 2 ;;
esac
