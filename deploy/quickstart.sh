#!/usr/bin/env bash
# envflow's main job on this machine, for real: builds envflow, starts it with a small deployment
# script, sends it a push to main as GitHub would (signed), and waits until DEV-INT holds that commit.
#
#   deploy/quickstart.sh           leaves envflow running until Ctrl-C
#   deploy/quickstart.sh --once    ends by itself; exit 0 only if the deployment really happened
#   deploy/quickstart.sh --folder DIR   where configuration and state go (default: build/quickstart)
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD folder=$root/build/quickstart once=

while [[ $# -gt 0 ]]; do
  case $1 in
    --once) once=1 ;;
    --folder) folder=$(mkdir -p "$2" && cd "$2" && pwd) && shift ;;
    -h | --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" && exit 0 ;;
    *) echo "quickstart: unknown option $1; try --help" >&2 && exit 2 ;;
  esac
  shift
done

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

step "1. Install packages and build"
deploy/packages.sh build
cmake --preset release >/dev/null
cmake --build --preset release | tail -n 1
envflow=$root/build/release/envflow

step "2. A folder with a configuration, a webhook secret and a deployment script"
mkdir -p "$folder"
cd "$folder"
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
  webhooks: 127.0.0.1:${ENVFLOW_PORT:-8080}
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
"$envflow" serve 2>envflow.log &
server=$!
stop() {
  kill -TERM "$server" 2>/dev/null && wait "$server" || true
}
trap stop EXIT
ready() { "$envflow" status --json >/dev/null 2>&1; }
for _ in $(seq 300); do
  ready && break
  kill -0 "$server" 2>/dev/null || { echo "envflow did not start:" >&2 && tail -n 5 envflow.log >&2 && exit 1; }
  sleep 0.1
done
ready || { echo "envflow was not ready within 30 s" >&2 && tail -n 5 envflow.log >&2 && exit 1; }
echo "listening on http://127.0.0.1:${ENVFLOW_PORT:-8080}/webhooks/github, log in $folder/envflow.log"

step "4. GitHub sends a merge to main (signed)"
version=$folder/deployed/dev-int/version
before=$(cat "$version" 2>/dev/null || printf '%040d' 0)
after=$(printf '%s %s' "$before" "$(date +%s%N)" | sha1sum | cut -c1-40)
"$envflow" send push --repository acme/shop --branch main --before "$before" --after "$after" \
  --title "Merge pull request #7 from acme/faster-checkout"

step "5. DEV-INT gets that commit"
deployed() { [[ $(cat "$version" 2>/dev/null) == "$after" ]] && "$envflow" status --json | grep -q "\"sha\":\"$after\",\"deployment\""; }
for _ in $(seq 300); do
  deployed && break
  sleep 0.1
done
"$envflow" status
deployed || { echo "DEV-INT does not hold $after after 30 s" >&2 && "$envflow" deliveries list >&2 && exit 1; }
echo
echo "DEV-INT holds ${after:0:7}: $version says so too."

cat <<TEXT

Look further (in $folder):
  $envflow deliveries list
  $envflow deployments list
  $envflow deployments show $("$envflow" deployments list --json | sed 's/.*"items":\[{"id":"\([^"]*\)".*/\1/')
  $envflow send push --repository acme/shop --branch main --title "another merge"
TEXT
[[ -n $once ]] && exit 0
echo
echo "envflow goes on running; Ctrl-C stops it."
trap 'echo; stop; trap - EXIT; exit 0' INT TERM
wait "$server"
