#!/usr/bin/env bash
# One-node Ceph + RADOS Gateway on loopback, without systemd, containers or mgr.
#   rgw.sh up      install what is missing, start mon + osd + radosgw, make users, print the endpoint
#   rgw.sh down    stop the three daemons (by pid file)
#   rgw.sh wipe    down, and delete all data
#   rgw.sh status
# Environment: RGW_DIR, RGW_PORT, RGW_STORE (memstore|bluestore), RGW_SIZE (bytes)
set -euo pipefail
DIR=${RGW_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/dipper/rgw}
PORT=${RGW_PORT:-7480}
STORE=${RGW_STORE:-memstore}
SIZE=${RGW_SIZE:-$((6 * 1024 * 1024 * 1024))}
MONPORT=${RGW_MON_PORT:-40789}
CONF=$DIR/ceph.conf
# Daemons that run keep their ports.
if [ -s "$DIR/ports" ] && [ -s "$DIR/run/rgw.pid" ] && [ -d "/proc/$(cat "$DIR/run/rgw.pid")" ]; then
  read -r PORT MONPORT < "$DIR/ports"
fi

install() {
  command -v radosgw >/dev/null && command -v ceph-mon >/dev/null && command -v ceph-osd >/dev/null && return
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    radosgw ceph-mon ceph-osd ceph-common >/dev/null
}

write_conf() {
  local fsid; fsid=$(cat /proc/sys/kernel/random/uuid)
  cat > "$CONF" <<C
[global]
fsid = $fsid
mon host = [v2:127.0.0.1:$MONPORT,v1:127.0.0.1:$((MONPORT + 1))]
mon initial members = a
public network = 127.0.0.0/8
ms bind ipv6 = false
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
auth allow insecure global id reclaim = false
cephx sign messages = false
keyring = $DIR/keyring
run dir = $DIR/run
admin socket = $DIR/run/\$name.asok
log file = $DIR/log/\$name.log
log to syslog = false
mon cluster log to file = false
err to stderr = false
debug ms = 0/0
debug auth = 0/0
debug mon = 0/0
debug monc = 0/0
debug paxos = 0/0
debug osd = 0/0
debug objclass = 0/0
debug objecter = 0/0
debug rados = 0/0
debug rgw = 0/0
debug civetweb = 0/0
debug bluestore = 0/0
debug bluefs = 0/0
debug bdev = 0/0
debug bluestore = 0/0
debug rocksdb = 0/0
debug memstore = 0/0
debug filestore = 0/0
debug journal = 0/0
debug asok = 0/0
debug tp = 0/0
debug perfcounter = 0/0
debug throttle = 0/0
debug timer = 0/0
debug crush = 0/0
debug finisher = 0/0
debug context = 0/0
ms crc data = false
mempool debug = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon max pg per osd = 1000
mon allow pool size one = true
mon allow pool delete = true
mon warn on pool no redundancy = false
mon data avail warn = 1
mon data avail crit = 0

[mon.a]
mon data = $DIR/mon.a

[osd.0]
osd data = $DIR/osd.0
osd journal size = 0
osd objectstore = $STORE
osd class load list = *
osd class default list = *
osd memory target = 1073741824
bluestore block size = $SIZE
bluestore fsck on mount = false
bluestore rocksdb cf = true
memstore device bytes = $SIZE
osd scrub load threshold = 2000
osd scrub min interval = 8640000
osd op num shards = 4

[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:$PORT
rgw thread pool size = 128
rgw enable ops log = false
rgw enable usage log = false
rgw max chunk size = 4194304
rgw dns name = s3.localhost
rgw dns s3website name = s3-website.localhost
rgw enable static website = true
rgw enable apis = s3, s3website, sts, admin, iam
rgw resolve cname = false
rgw s3 auth use sts = true
rgw sts key = abcdefghijklmnop
rgw lc debug interval = 10
rgw lifecycle work time = 00:00-23:59
rgw crypt require ssl = false
rgw crypt s3 kms backend = testing
rgw crypt s3 kms encryption keys = testkey-1=YmluCmJvb3N0CmJvb3N0LWJ1aWxkCmNlcGguY29uZgo=
rgw gc obj min wait = 60
rgw gc processor period = 60
rgw override bucket index max shards = 1
rgw dynamic resharding = false
C
}

wait_for() { # seconds, command...
  local end=$((SECONDS + $1)); shift
  while [ $SECONDS -lt $end ]; do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done
  echo "timed out: $*" >&2; return 1
}
# a pid file whose process is gone, a zombie, or not one of ours counts as dead
alive() {
  local p; p=$(cat "$DIR/run/$1.pid" 2>/dev/null) || return 1
  [ -n "$p" ] && grep -aq -e ceph -e radosgw "/proc/$p/cmdline" 2>/dev/null
}
c() { ceph -c "$CONF" --connect-timeout 5 "$@"; }

ra() { radosgw-admin -c "$CONF" -n client.rgw "$@" >/dev/null 2>>"$DIR/log/admin.log"; }
mkuser() { # uid, access key, secret key, display name, e-mail
  radosgw-admin -c "$CONF" -n client.rgw user create --uid "$1" --access-key "$2" --secret-key "$3" \
     --display-name "$4" --email "$5" >/dev/null 2>>"$DIR/log/admin.log"
}

up() {
  install
  # a memory-only store does not survive its daemon: start afresh
  if [ "$STORE" = memstore ] && [ -f "$CONF" ] && ! alive osd.0; then down; rm -rf "$DIR"; fi
  mkdir -p "$DIR"/{run,log}
  local fresh=0
  if [ ! -f "$CONF" ]; then
    fresh=1
    write_conf
    echo "$PORT $MONPORT" > "$DIR/ports"
    mkdir -p "$DIR/mon.a" "$DIR/osd.0"
    ceph-authtool --create-keyring "$DIR/keyring" --gen-key -n mon. --cap mon 'allow *' >/dev/null
    ceph-authtool "$DIR/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' >/dev/null
    ceph-authtool "$DIR/keyring" --gen-key -n client.rgw --cap mon 'allow rw' --cap osd 'allow rwx' >/dev/null
    ceph-authtool "$DIR/keyring" --gen-key -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *' >/dev/null
    local fsid; fsid=$(sed -n 's/^fsid = //p' "$CONF")
    monmaptool --create --clobber --fsid "$fsid" \
      --addv a "[v2:127.0.0.1:$MONPORT,v1:127.0.0.1:$((MONPORT + 1))]" "$DIR/monmap" >/dev/null
    ceph-mon -c "$CONF" --mkfs -i a --monmap "$DIR/monmap" --keyring "$DIR/keyring"
  fi
  alive mon.a || ceph-mon -c "$CONF" -i a --pid-file "$DIR/run/mon.a.pid"
  if [ $fresh = 1 ]; then
    local u; u=$(cat /proc/sys/kernel/random/uuid)
    c osd new "$u" >/dev/null 2>&1
    ceph-osd -c "$CONF" -i 0 --mkfs --osd-uuid "$u" 2>>"$DIR/log/mkfs.log"
  fi
  alive osd.0 || ceph-osd -c "$CONF" -i 0 --pid-file "$DIR/run/osd.0.pid" 2>>"$DIR/log/osd.err"
  wait_for 60 sh -c "ceph -c $CONF --connect-timeout 5 osd stat | grep -q '1 up'"
  if [ $fresh = 1 ]; then
    mkuser main  "${RGW_MAIN_KEY:-MAINACCESSKEY0000001}" "${RGW_MAIN_SECRET:-mainsecretkey00000000000000000000000001}" "Main User"  main@example.com
    mkuser alt   "${RGW_ALT_KEY:-ALTACCESSKEY00000002}"  "${RGW_ALT_SECRET:-altsecretkey000000000000000000000000002}"  "Other User" alt@example.com
  fi
  # A role that alt may take, for everything; and as many buckets as tests leave behind.
  if ! ra role get --role-name=tested; then
    ra user modify --uid=main --max-buckets=0
    ra user modify --uid=alt --max-buckets=0
    ra role create --role-name=tested --assume-role-policy-doc='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam:::user/alt"]},"Action":["sts:AssumeRole"]}]}'
    ra role-policy put --role-name=tested --policy-name=all --policy-doc='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":"arn:aws:s3:::*"}]}'
  fi
  if [ $fresh = 1 ]; then
    local sc; for sc in STANDARD_IA GLACIER; do
      ra zonegroup placement add --rgw-zonegroup default --placement-id default-placement --storage-class $sc
      ra zone placement add --rgw-zone default --placement-id default-placement --storage-class $sc --data-pool default.rgw.buckets.data
    done
  fi
  alive rgw || radosgw -c "$CONF" -n client.rgw --pid-file "$DIR/run/rgw.pid"
  wait_for 60 curl -fsS "http://127.0.0.1:$PORT/"
  echo "http://127.0.0.1:$PORT"
}

stop1() {
  local f=$DIR/run/$1.pid p
  [ -s "$f" ] || return 0
  p=$(cat "$f")
  alive "$1" && kill "$p" 2>/dev/null || true
  for _ in $(seq 100); do alive "$1" || break; sleep 0.1; done
  alive "$1" && kill -9 "$p" 2>/dev/null || true
  rm -f "$f"
}
down() { stop1 rgw; stop1 osd.0; stop1 mon.a; }

case ${1:-up} in
  up) up ;;
  down) down ;;
  wipe) down; rm -rf "$DIR" ;;
  status) c -s; for d in mon.a osd.0 rgw; do alive $d && echo "$d up" || echo "$d down"; done ;;
  *) echo "usage: $0 up|down|wipe|status" >&2; exit 2 ;;
esac
