#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests fetch-atis against file:// URLs made from the copy of ATIS in $BITTERN_ATIS, else data/atis. The exit status
# is 77 if there is no copy.
set -u

scripts=$(cd "$(dirname "$0")" && pwd)
atis=${BITTERN_ATIS:-$scripts/../data/atis}
if [ ! -f "$atis/train/seq.in" ]; then
  echo "skipped: ATIS is not here; set BITTERN_ATIS or run scripts/fetch-atis"
  exit 77
fi
atis=$(cd "$atis" && pwd)

work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
failures=0

# expect STATUS TEXT ARGUMENT... runs fetch-atis and expects this status, and TEXT in the output.
expect() {
  status=$1 text=$2
  shift 2
  output=$("$scripts/fetch-atis" "$@" 2>&1)
  found=$?
  case $found:$output in
    $status:*"$text"*) ;;
    *)
      echo "fetch-atis $*: expected status $status and '$text'; found status $found and: $output"
      failures=$((failures + 1))
      ;;
  esac
}

# nothing_in DIRECTORY expects that it has no file, hidden or not.
nothing_in() {
  if [ -n "$(ls -A "$1" 2>/dev/null)" ]; then
    echo "left behind in $1: $(ls -A "$1")"
    failures=$((failures + 1))
  fi
}

# A copy with only the nine files, writable.
source=$work/source
for split in train valid test; do
  mkdir -p "$source/$split"
  cp "$atis/$split/seq.in" "$atis/$split/seq.out" "$atis/$split/label" "$source/$split/"
done
chmod -R u+w "$source"

expect 0 "nine files" --from "file://$source" "$work/good/atis"
diff -r "$source" "$work/good/atis" || failures=$((failures + 1))
[ "$(ls -A "$work/good")" = atis ] || failures=$((failures + 1))
expect 0 "already there" --from "file:///nowhere" "$work/good/atis"

# Without curl and wget: files are copied, a download is refused.
mkdir "$work/tools"
for tool in sh cat chmod cp cut dirname mkdir mktemp mv rm sed sha256sum tr; do
  ln -s "$(command -v $tool)" "$work/tools/$tool"
done
path=$PATH
PATH=$work/tools
expect 0 "nine files" --from "file://$source" "$work/copied/atis"
expect 2 "neither curl nor wget" --from "https://localhost/atis" "$work/refused/atis"
rm "$work/tools/sha256sum"
expect 2 "sha256sum is missing" --from "file://$source" "$work/refused/atis"
PATH=$path
nothing_in "$work/refused"

echo >>"$work/good/atis/valid/label"
expect 2 "valid/label" --from "file://$source" "$work/good/atis"

sed 1s/./X/ "$source/test/seq.in" >"$work/altered"
cp "$work/altered" "$source/test/seq.in"
expect 2 "test/seq.in" --from "file://$source/" "$work/bad/atis"
nothing_in "$work/bad"

rm "$source/test/label"
expect 2 "cannot download file://$source/test/label" --from "file://$source" "$work/bad/atis"
nothing_in "$work/bad"

expect 2 "unknown option --form" --form x
expect 2 "needs a URL" --from
expect 2 "more than one directory" a b
expect 2 "cannot make" --from "file://$source" "$work/altered/atis"
expect 0 "--from URL" --help

[ $failures -eq 0 ] && echo "fetch-atis: all as expected"
exit $((failures > 0))
