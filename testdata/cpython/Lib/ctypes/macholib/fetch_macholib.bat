rem CPython's own.
echo would export macholib
