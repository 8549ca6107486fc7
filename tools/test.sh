#!/bin/sh
# Builds and runs all tests. The last line counts them: "N passed, N failed, N skipped".
#   tools/test.sh [FOLDER]   FOLDER: further data sets (RANKFLOW_DATA); tests that need one are skipped without it
set -eu
if [ $# -gt 1 ]; then
  echo "usage: tools/test.sh [FOLDER WITH DATA SETS]" >&2
  exit 2
fi
if [ $# -eq 1 ]; then
  if [ ! -d "$1" ]; then
    echo "error: $1 is not a folder" >&2
    exit 2
  fi
  RANKFLOW_DATA=$(cd "$1" && pwd)
  export RANKFLOW_DATA
fi
cd "$(dirname "$0")/.."

cmake --preset release
cmake --build --preset release --target tests

counts=$PWD/build/release/tests.xml
rm -f "$counts"
status=0
ctest --preset release --output-junit "$counts" || status=$?
if [ ! -s "$counts" ]; then
  echo "error: ctest wrote no results" >&2
  exit 1
fi

# An attribute of the one <testsuite> element; its attributes stand on lines of their own.
count() {
  sed -n '/<testsuite/,/>/s/.*[[:space:]]'"$1"'="\([0-9]*\)".*/\1/p' "$counts" | head -n 1
}
total=$(count tests)
failed=$(count failures)
skipped=$(($(count skipped) + $(count disabled)))
passed=$((total - failed - skipped))
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
  echo "error: ctest ended with status $status although no test counts as failed" >&2
fi
if [ "$passed" -eq 0 ]; then
  echo "error: no test has passed" >&2
  status=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$status" -eq 0 ] && [ "$failed" -eq 0 ]
