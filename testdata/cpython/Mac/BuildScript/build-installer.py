"""Builds the macOS installer; the recipes name every library that it bundles."""


def library_recipes():
    """Name and version, where it comes from, checksum (32 digits: MD5, 64: SHA-256)."""
    return [
        dict(
            name="OpenSSL 3.0.16",
            url="https://github.com/openssl/openssl/releases/download/openssl-3.0.16/openssl-3.0.16.tar.gz",
            checksum='57e03c50feab5d31b152af2b764f10379aecd8ee92f16c985983ce4a99f7ef86',
        ),
        dict(
            name="Tcl 8.6.16",
            url="https://prdownloads.sourceforge.net/tcl/tcl8.6.16-src.tar.gz",
            checksum='91cb8fa61771c63c262efb553059b7c7ad6757afa5857af6265e4b0bdc2a14a5',
        ),
        dict(
            name="Tk 8.6.16",
            url="https://prdownloads.sourceforge.net/tcl/tk8.6.16-src.tar.gz",
            checksum='be9f94d3575d4b3099d84bc3c10de8994df2d7aa405208173c709cc404a7e5fe',
        ),
        dict(
            name="XZ 5.2.3",
            url="http://tukaani.org/xz/xz-5.2.3.tar.gz",
            checksum='ef68674fb47a8b8e741b34e429d86e9d',
        ),
        dict(
            name="NCurses 6.5",
            url="https://ftp.gnu.org/gnu/ncurses/ncurses-6.5.tar.gz",
            checksum="136d91bc269a9a5785e5f9e980bc76ab57428f604ce3e5a5a90cebc767971cc6",
        ),
        dict(
            name="SQLite 3.49.1",
            url="https://sqlite.org/2025/sqlite-autoconf-3490100.tar.gz",
            checksum="106642d8ccb36c5f7323b64e4152e9b719f7c0215acf5bfeac3d5e7f97b59254",
        ),
        dict(
            name="libmpdec 4.0.0",
            url="https://www.bytereef.org/software/mpdecimal/releases/mpdecimal-4.0.0.tar.gz",
            checksum="942445c3245b22730fd41a67a7c5c231d11cb1b9936b9c0f76334fb7d0b4468c",
        ),
    ]
