"""Builds Python for Android, with libraries that are compiled elsewhere."""

DEPS_URL = "https://github.com/beeware/cpython-android-source-deps/releases/download"


def unpack_deps(host, download):
    for name_ver in ["bzip2-1.0.8-3", "libffi-3.4.4-3", "openssl-3.0.15-4",
                     "sqlite-3.49.1-0", "xz-5.4.6-1"]:
        download(f"{DEPS_URL}/{name_ver}/{name_ver}-{host}.tar.gz")
