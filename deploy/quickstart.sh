#!/usr/bin/env bash
# envflow's main job on this machine, for real: builds envflow, starts it with a small deployment
# script, sends it a push to main as GitHub would (signed), and waits until DEV-INT holds that commit.
#
#   deploy/quickstart.sh           leaves envflow running until Ctrl-C
#   deploy/quickstart.sh --once    ends by itself; exit 0 only if the deployment really happened
#   deploy/quickstart.sh --folder DIR   where configuration and state go (default: build/quickstart)
#
# ENVFLOW_PORT names the port to listen on; without it, the first free one from 8080 on is taken.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD folder=$root/build/quickstart once=

fail() { printf 'quickstart: %s\n' "$*" >&2; exit 1; }
usage() { printf 'quickstart: %s; try --help\n' "$*" >&2; exit 2; }
step() {
  if [[ -t 1 ]]; then printf '\n\033[1m== %s\033[0m\n' "$*"; else printf '\n== %s\n' "$*"; fi
}

while [[ $# -gt 0 ]]; do
  case $1 in
    --once) once=1 ;;
    --folder) [[ -n ${2:-} ]] || usage "--folder needs a folder"
      folder=$(mkdir -p "$2" && cd "$2" && pwd) && shift ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" && exit 0 ;;
    *) usage "unknown option $1" ;;
  esac
  shift
done

step "1. Install packages and build (a minute the first time)"
deploy/packages.sh build
mkdir -p build
{ cmake --preset release && cmake --build --preset release; } >build/quickstart.log 2>&1 ||
  { tail -n 20 build/quickstart.log >&2; fail "the build failed; all of its output: $root/build/quickstart.log"; }
envflow=$root/build/release/envflow
"$envflow" version

step "2. A folder with a configuration, a webhook secret and a deployment script"
mkdir -p "$folder"
cd "$folder"
if [[ -f envflow.yaml ]] && "$envflow" status >/dev/null 2>&1; then
  fail "an envflow from an earlier run serves $folder: stop that one, or give --folder another"
fi
is_free() { ! (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
port=${ENVFLOW_PORT:-8080}
until is_free "$port"; do
  [[ -z ${ENVFLOW_PORT:-} ]] || fail "port $port is in use; ENVFLOW_PORT names another"
  ((++port < 8180)) || fail "no port from 8080 to 8179 is free; ENVFLOW_PORT names another"
done
[[ -s webhook-secret ]] || (umask 077 && head -c 24 /dev/urandom | base64 >webhook-secret)
cat >deploy.sh <<'SCRIPT'
#!/bin/sh
# A real, if small, deployment: what ENVIRONMENT runs is what the file says. Yours goes here.
set -eu
echo "deploying $ENVFLOW_REPOSITORY at $ENVFLOW_SHA to $ENVFLOW_ENVIRONMENT (was: ${ENVFLOW_PREVIOUS_SHA:-nothing})"
mkdir -p "$DEPLOY_ROOT/$ENVFLOW_ENVIRONMENT"
echo "$ENVFLOW_SHA" >"$DEPLOY_ROOT/$ENVFLOW_ENVIRONMENT/version.new"
mv "$DEPLOY_ROOT/$ENVFLOW_ENVIRONMENT/version.new" "$DEPLOY_ROOT/$ENVFLOW_ENVIRONMENT/version"
echo "done"
SCRIPT
chmod +x deploy.sh
cat >envflow.yaml <<YAML
server:
  webhooks: 127.0.0.1:$port
  admin: unix:$folder/admin.sock
webhook:
  secrets: [ { file: ./webhook-secret } ]
store: sqlite:$folder/state
repositories:
  acme/shop: standard
flows:
  standard:
    environments:
      dev-int:
        deploy: { command: [ ./deploy.sh ], pass_env: [ DEPLOY_ROOT ] }
YAML
"$envflow" config check

step "3. Start envflow"
export DEPLOY_ROOT=$folder/deployed
set -m # a process group of its own: Ctrl-C reaches this script alone, which then stops it in order
"$envflow" serve 2>envflow.log &
server=$!
set +m
stop() {
  trap - EXIT
  kill -TERM "$server" 2>/dev/null && wait "$server" || true
}
trap stop EXIT
trap 'echo; stop; exit 130' INT TERM HUP
not_started() { tail -n 5 envflow.log >&2; fail "$1; its log is $folder/envflow.log"; }
ready() { "$envflow" status --json >/dev/null 2>&1; }
for _ in $(seq 300); do
  ready && break
  kill -0 "$server" 2>/dev/null || not_started "envflow did not start"
  sleep 0.1
done
ready || not_started "envflow was not ready within 30 s"
echo "listening on http://127.0.0.1:$port/webhooks/github, log in $folder/envflow.log"

step "4. GitHub sends a merge to main (signed)"
version=$folder/deployed/dev-int/version
before=$(cat "$version" 2>/dev/null || printf '%040d' 0)
after=$(printf '%s %s' "$before" "$(date +%s%N)" | sha1sum | cut -c1-40)
"$envflow" send push --repository acme/shop --branch main --before "$before" --after "$after" \
  --title "Merge pull request #7 from acme/faster-checkout"

step "5. DEV-INT gets that commit"
# Columns of a piped list: id, state, repository, environment, sha, ...
deployment() { "$envflow" deployments list | awk -F '\t' -v sha="$after" '$5 == sha { print $1, $2; exit }'; }
id='' state=''
for _ in $(seq 300); do
  read -r id state < <(deployment) || true
  [[ $state == queued || $state == running || -z $state ]] || break
  sleep 0.1
done
"$envflow" deliveries list --limit 1 || true
if [[ -z $id ]]; then fail "the push caused no deployment within 30 s"; fi
"$envflow" deployments show "$id"
echo
"$envflow" status
held=$(cat "$version" 2>/dev/null || true)
if [[ $state != succeeded || $held != "$after" ]]; then
  fail "DEV-INT does not hold $after: the deployment is $state, $version says '${held:-nothing}'"
fi
echo
echo "DEV-INT holds ${after:0:7}, and $version says so too."

cat <<TEXT

Look further$([[ -z $once ]] && echo ", in another terminal" || echo " (while envflow runs: without --once)"):
  cd $folder; PATH=$root/build/release:\$PATH
  envflow status
  envflow deliveries list
  envflow deployments show $id
  envflow send push --title "another merge"
  envflow help
TEXT
[[ -z $once ]] || exit 0
echo
echo "envflow goes on running; Ctrl-C stops it."
trap 'echo; stop; exit 0' INT TERM HUP
wait "$server" || fail "envflow ended by itself; its log is $folder/envflow.log"
