#!/bin/sh
# The browser tests need Chromium: install Debian's package where that is allowed, otherwise say what is skipped.
command -v chromium >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "test: installing Debian's chromium for the browser tests" >&2
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium) >/dev/null 2>&1
fi
command -v chromium >/dev/null 2>&1 && exit 0
echo "test: no chromium here and no right to install it: the browser tests are skipped" >&2
