"""Fetches a URL into a file: `download.py URL FILE`.

Goes on where an earlier attempt stopped, if the server lets it, and starts over if not. Prints a line
`done total` now and then; `total` is `?` where the server does not say it.
"""

import http.client
import os
import sys
import urllib.error
import urllib.request

BLOCK = 1 << 20
SECONDS = 30


def size_of(path):
    return os.path.getsize(path) if os.path.exists(path) else 0


def answer_from(url, start):
    headers = {"User-Agent": "kontrast", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = "bytes=%d-" % start
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=SECONDS)


def attempt(url, path):
    """Reads to the end of one answer; true when the file is whole."""
    done = size_of(path)
    try:
        answer = answer_from(url, done)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not done:
            raise
        # Nothing lies beyond what is there: the file is whole, or it is another one.
        if error.headers.get("Content-Range", "").endswith("/%d" % done):
            return True
        done = 0
        answer = answer_from(url, 0)
    with answer:
        going_on = answer.headers.get("Content-Range", "").startswith("bytes %d-" % done)
        if not (done and getattr(answer, "status", None) == 206 and going_on):
            done = 0
        length = answer.headers.get("Content-Length")
        total = done + int(length) if length is not None else None
        with open(path, "r+b" if done else "wb") as file:
            file.seek(done)
            while True:
                block = answer.read(BLOCK)
                if not block:
                    break
                file.write(block)
                done += len(block)
                print(done, "?" if total is None else total, flush=True)
    return total is None or done == total


def fetch(url, path):
    while True:
        before = size_of(path)
        try:
            if attempt(url, path):
                return
            failure = "the connection broke off"
        except (OSError, http.client.HTTPException) as error:
            failure = str(getattr(error, "reason", None) or error)
        if size_of(path) <= before:
            sys.exit(failure)


try:
    fetch(sys.argv[1], sys.argv[2])
except KeyboardInterrupt:
    sys.exit(130)
