#!/bin/sh
# Records the golden cases with the real Terraform: sh test/cases/terraform/record.sh [case...]
# A case is a folder with main.tf (what is planned), optionally before/ and between/ (what is applied first) and a `recipe` of
# shell variables: prepare (a Terraform command before the plan), plan_args, apply=yes|interrupt|kill. Folders named made-* were
# written by hand (their note.md says why). The work folder becomes /stack and the random key of a deposed object 00c0ffee.
set -eu
cases=$(cd "$(dirname "$0")" && pwd)
terraform=${TERRAFORM:-terraform}
export TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE=/dev/null

tidy() { sed -e "s|$work|/stack|g" -e 's/\("deposed\(_key\)\{0,1\}":"\)[0-9a-f]*"/\100c0ffee"/g' "$1"; }

# Starts the apply as its own process, waits for the first provisioner and sends the signal to Terraform alone.
stop_apply() {
  "$terraform" apply -input=false -json plan.bin >apply.raw 2>/dev/null </dev/null &
  pid=$!
  for _ in $(seq 100); do grep -q '"type":"provision_start"' apply.raw && break; sleep 0.1; done
  sleep 0.3
  kill -s "$1" "$pid"
  wait "$pid"
}

record() {
  work=$(mktemp -d)
  prepare='' plan_args='' apply=''
  if [ -f "$cases/$1/recipe" ]; then . "$cases/$1/recipe"; fi
  cp "$cases/$1"/*.tf "$work"
  if [ -d "$cases/$1/parts" ]; then cp -R "$cases/$1/parts" "$work"; fi
  cd "$work"
  for step in before between; do
    [ -d "$cases/$1/$step" ] || continue
    rm -f ./*.tf
    cp "$cases/$1/$step"/*.tf .
    "$terraform" init -input=false >/dev/null
    "$terraform" apply -input=false -auto-approve >/dev/null 2>&1 </dev/null || echo "  (the apply of $step failed, as it may)"
    rm ./*.tf
    cp "$cases/$1"/*.tf .
  done
  "$terraform" init -input=false >/dev/null
  if [ -n "$prepare" ]; then "$terraform" $prepare >/dev/null; fi
  code=0
  "$terraform" plan -input=false -out=plan.bin -detailed-exitcode -json $plan_args >plan.raw 2>/dev/null </dev/null || code=$?
  tidy plan.raw >"$cases/$1/plan.ndjson"
  echo "$code" >"$cases/$1/plan.exit"
  "$terraform" show -json plan.bin >show.raw
  tidy show.raw >"$cases/$1/plan.json"
  code=0
  case $apply in
    yes) "$terraform" apply -input=false -json plan.bin >apply.raw 2>/dev/null </dev/null || code=$? ;;
    interrupt) stop_apply INT || code=$? ;;
    kill) stop_apply KILL 2>/dev/null || code=$? ;;
  esac
  if [ -n "$apply" ]; then
    tidy apply.raw >"$cases/$1/apply.ndjson"
    echo "$code" >"$cases/$1/apply.exit"
  fi
  cd "$cases"
  rm -rf "$work"
}

if [ $# -eq 0 ]; then set -- $(cd "$cases" && ls -d */ | tr -d / | grep -v '^made-'); fi
for name in "$@"; do
  echo "$name"
  record "$name"
done
